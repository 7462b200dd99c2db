/** The registries of a cluster, as the list on the LLMOS page has them. */

import type { ClusterReference } from "../description/arguments";
import { type Finding, failure, failureOf, LlmosError } from "../finding";
import { Cluster, type ClusterReader } from "../kubernetes/cluster";
import { crdsMissing } from "../kubernetes/refusals";
import type { Settings } from "../lifecycle/settings";
import { known } from "../reading";
import {
    accessible,
    DESCRIPTION_ANNOTATION,
    isDefault,
    REGISTRIES,
    type RegistryResource,
    registryPath,
    stateOf,
} from "./objects";

/** One registry: the columns State, Name, Endpoint, Bucket and Default of the LLMOS page, and what lies behind. */
export interface RegistryRow {
    /** Active: the LLMOS operator says that it is accessible. */
    state: "Active" | "Inactive";
    name: string;
    /** `host[:port]`. */
    endpoint: string;
    bucket: string;
    /** Whether new models and datasets use it. */
    default: boolean;
    /** Shown on the LLMOS page; empty when there is none. */
    description: string;
    /** Secret with the S3 keys. */
    secretName: string;
    /** For display; empty while Inactive. */
    storageAddress: string;
    /** What the operator says; empty as long as it has said nothing. */
    message: string;
}

export async function listRegistries(
    settings: Settings,
    reference?: ClusterReference,
): Promise<RegistryRow[]> {
    const registries = await readRegistries(await Cluster.connect(reference, settings));
    return registries.map(rowOf);
}

/** The Registry objects of a cluster, by name. A cluster that does not know the kind is an error. */
export async function readRegistries(cluster: ClusterReader): Promise<RegistryResource[]> {
    const registries = await cluster.list<RegistryResource>(REGISTRIES);
    if (!registries) {
        throw crdsMissing(cluster.server, REGISTRIES);
    }
    return registries.toSorted((left, right) => left.metadata.name.localeCompare(right.metadata.name));
}

/**
 * The Registry of this name, from the list that all registries of a program share. Whoever has rights on registries of certain
 * names alone may list none, and asks for the very object.
 */
export async function registryNamed(
    cluster: ClusterReader,
    name: string,
): Promise<RegistryResource | undefined> {
    try {
        const registries = (await cluster.list<RegistryResource>(REGISTRIES)) ?? [];
        return registries.find(({ metadata }) => metadata.name === name);
    } catch (error) {
        if (error instanceof LlmosError && error.finding.code === "cluster-forbidden") {
            return known(await cluster.read<RegistryResource>(registryPath(name)));
        }
        throw error;
    }
}

export async function findRegistry(
    settings: Settings,
    reference: ClusterReference | undefined,
    name: string,
): Promise<RegistryRow> {
    const cluster = await Cluster.connect(reference, settings);
    const registry = known(await cluster.read<RegistryResource>(registryPath(name)));
    if (!registry) {
        throw failure("registry-missing", {
            found: `There is no Registry "${name}"`,
            where: cluster.server,
            why: "The program looks it up.",
            next: "Correct the name; getRegistries lists those that exist.",
            property: "name",
        });
    }
    return rowOf(registry);
}

export async function findDefaultRegistry(
    settings: Settings,
    reference?: ClusterReference,
): Promise<RegistryRow | undefined> {
    const rows = await listRegistries(settings, reference);
    const [several] = defaultsFinding(rows.filter((row) => row.default).map(({ name }) => name));
    if (several) {
        throw failureOf(several);
    }
    return rows.find((row) => row.default);
}

/** Why several defaults are wrong; none for one or no default. */
export function defaultsFinding(defaults: readonly string[]): Finding[] {
    if (defaults.length <= 1) {
        return [];
    }
    return [
        failure("two-defaults", {
            found: `The cluster has ${defaults.length} default registries: ${defaults.join(", ")}`,
            where: REGISTRIES,
            why: "New models and datasets go to the default registry; with several, it is chance which.",
            next: "Set one as the default, on the LLMOS page or with default: true.",
        }).finding,
    ];
}

export function rowOf(registry: RegistryResource): RegistryRow {
    const s3 = registry.spec?.s3Config;
    return {
        state: stateOf(registry),
        name: registry.metadata.name,
        endpoint: s3?.endpoint ?? "",
        bucket: s3?.bucket ?? "",
        default: isDefault(registry),
        description: registry.metadata.annotations?.[DESCRIPTION_ANNOTATION] ?? "",
        secretName: s3?.accessCredentialSecretName ?? "",
        storageAddress: registry.status?.storageAddress ?? "",
        message: accessible(registry)?.message ?? "",
    };
}

/** From the name of a registry to its bucket: the way that models and datasets take to their content. */
import type { S3Server } from "../description/arguments";
import { parseEndpoint } from "../description/endpoint";
import { type Finding, failure, failureOf, type LlmosError } from "../finding";
import type { ClusterReader } from "../kubernetes/cluster";
import type { Context } from "../lifecycle";
import { isDefault, type RegistryResource, registryPath } from "../llmos/objects";
import { readRegistries } from "../llmos/registries";
import { known } from "../reading";
import type { ContentStore } from "../s3/contentStore";
import { connectionWith } from "./bucket";
import { namespaceOf, readKeys } from "./keys";

/** How the registry's server is spoken to; what the Registry itself does not say. */
export type ServerOptions = Partial<Pick<S3Server, "region" | "addressing" | "caBundle">>;

/** The bucket of a registry, with the keys that LLMOS itself uses. */
export async function registryStore(
    context: Context,
    cluster: ClusterReader,
    registry: string,
    options: ServerOptions,
): Promise<ContentStore> {
    const found = known(await cluster.read<RegistryResource>(registryPath(registry)));
    if (!found) {
        throw noRegistry(cluster, registry);
    }
    const [unusable] = storageFindings(found);
    if (unusable) {
        throw failureOf(unusable);
    }
    const { endpoint = "", bucket = "", accessCredentialSecretName = "" } = found.spec?.s3Config ?? {};
    const keys = await readKeys(cluster, namespaceOf(context), accessCredentialSecretName);
    const { region, addressing, caBundle } = options;
    const server = {
        endpoint,
        ...(region !== undefined && { region }),
        ...(addressing !== undefined && { addressing }),
        ...(caBundle !== undefined && { caBundle }),
    };
    return await context.contentStore(connectionWith(context, server, keys), bucket);
}

/** An endpoint or a bucket that was written past the rules of the LLMOS page: no client could ask there. */
export function storageFindings({ metadata, spec }: RegistryResource): Finding[] {
    const { endpoint = "", bucket = "", useSSL } = spec?.s3Config ?? {};
    const place = { where: `Registry ${metadata.name}, spec.s3Config` };
    const parsed = parseEndpoint(useSSL === false ? `http://${endpoint}` : endpoint);
    const reason = "refused" in parsed ? parsed.refused : "has a scheme, which the LLMOS operator refuses.";
    if ("refused" in parsed || parsed.value !== endpoint.toLowerCase().replace(/\/$/, "")) {
        return [
            failure(useSSL === false ? "http-given" : "argument-invalid", {
                found: `The registry's endpoint "${endpoint}" ${reason.replace(/\.$/, "")}`,
                why: "LLMOS supports only HTTPS endpoints, as host[:port].",
                next: "Edit the registry: endpoint as host[:port], useSSL: true.",
                property: "endpoint",
                ...place,
            }).finding,
        ];
    }
    // Older buckets have names that are not allowed any more, and are asked for as they are.
    if (bucket === "" || /\/|^arn:/.test(bucket)) {
        return [
            failure("argument-invalid", {
                found: `The registry's bucket "${bucket}" is not the name of a bucket`,
                why: "LLMOS stores models and datasets in it.",
                next: "Edit the registry: bucket as the bare name of a bucket.",
                property: "bucket",
                ...place,
            }).finding,
        ];
    }
    return [];
}

/** The name of the cluster's default registry; undefined when there is none, or more than one. */
export async function defaultRegistryName(cluster: ClusterReader): Promise<string | undefined> {
    const [one, ...others] = (await readRegistries(cluster)).filter(isDefault);
    return others.length === 0 ? one?.metadata.name : undefined;
}

export function noRegistry(cluster: ClusterReader, registry: string): LlmosError {
    return failure("registry-missing", {
        found: `The Registry "${registry}" does not exist`,
        where: cluster.server,
        why: "LLMOS keeps models and datasets in the bucket of a registry.",
        next: "Correct the name, or declare the registry and pass its output: registry: models.name.",
        property: "registry",
    });
}

export function noDefaultRegistry(cluster: ClusterReader): LlmosError {
    return failure("registry-missing", {
        found: "No registry is given, and the cluster has no default registry (or more than one)",
        where: cluster.server,
        why: "LLMOS keeps models and datasets in the bucket of a registry.",
        next: "Pass registry: models.name, or make one registry the default (default: true).",
        property: "registry",
    });
}

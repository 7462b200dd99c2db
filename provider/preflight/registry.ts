/** Is the name of a registry free, may its storage move, and is its Secret there? */

import { readKeys } from "../access/keys";
import type { Guarded, InCluster, Owned, S3Server } from "../description/arguments";
import { explained, type Finding } from "../finding";
import type { Cluster } from "../kubernetes/cluster";
import { lookAt, takenFinding } from "../kubernetes/ownedObject";
import type { Context, KnownPart } from "../lifecycle";
import { ownersOf } from "../lifecycle/ownership";
import { QUESTION_DEADLINE_MS } from "../lifecycle/questions";
import { dependantsFinding, dependantsOf } from "../llmos/dependants";
import { type RegistryResource, registryPath, registryRef } from "../llmos/objects";
import { movesAway } from "../llmos/registryWriter";
import { known } from "../reading";
import { askForPermission } from "./permissions";

/** What is asked about. */
type Asked = KnownPart<
    S3Server &
        InCluster &
        Guarded &
        Owned & { name: string; bucket: string; secretName: string; namespace?: string; relocate?: boolean }
>;

const REGISTRY = { group: "ml.llmos.ai", resource: "registries" } as const;

/** Asked at preview, for what is new or changed. */
export async function askForRegistry(
    context: Context,
    inputs: Asked,
    prior: Asked | undefined,
): Promise<Finding[]> {
    const { name } = inputs;
    if (name === undefined) {
        return [];
    }
    const forbidden = await askForPermission(context, inputs.cluster, REGISTRY);
    if (forbidden.length > 0) {
        return forbidden;
    }
    const cluster = await context.cluster(inputs.cluster);
    const signal = AbortSignal.timeout(QUESTION_DEADLINE_MS);
    if (prior?.name === name) {
        return [
            ...(await movingFindings(cluster, inputs, prior)),
            ...(prior.secretName === inputs.secretName ? [] : await secretFindings(cluster, inputs, signal)),
        ];
    }
    const ref = registryRef(name);
    const claim = { owners: ownersOf(inputs) };
    const { standing, found } = await lookAt<RegistryResource>(cluster, ref, claim, signal);
    const taken = found && standing === "theirs" && !inputs.adopt;
    return [
        ...(taken ? [takenFinding(cluster, ref, found)] : []),
        ...(await movingFindings(cluster, inputs, {})),
        ...(await leavingFindings(cluster, inputs, prior, signal)),
        ...(await secretFindings(cluster, inputs, signal)),
    ];
}

/** Where a registry of that name stores, or is to store. */
type StoragePlace = Pick<Asked, "name" | "endpoint" | "bucket" | "relocate">;

/** May the registry's storage move, if that is what the change does? */
export async function movingFindings(
    cluster: Cluster,
    inputs: StoragePlace,
    prior: StoragePlace,
): Promise<Finding[]> {
    const signal = AbortSignal.timeout(QUESTION_DEADLINE_MS);
    const { name = "", endpoint, bucket, relocate } = inputs;
    const same = prior.endpoint === endpoint && prior.bucket === bucket;
    if (same || relocate || endpoint === undefined || bucket === undefined) {
        return [];
    }
    const found = known(await cluster.read<RegistryResource>(registryPath(name), signal));
    const users =
        found && movesAway(found, { endpoint, bucket }) ? await dependantsOf(cluster, name, signal) : [];
    return users.length > 0 ? [dependantsFinding(cluster, name, users, "relocate")] : [];
}

/** May the registry of the former name go, at the end of the replacement? */
async function leavingFindings(
    cluster: Cluster,
    inputs: Asked,
    prior: Asked | undefined,
    signal: AbortSignal,
): Promise<Finding[]> {
    if (prior?.name === undefined || prior.clusterId !== inputs.clusterId) {
        return [];
    }
    const users = await dependantsOf(cluster, prior.name, signal);
    return users.length > 0 ? [dependantsFinding(cluster, prior.name, users, "delete")] : [];
}

/** Is an existing Secret there, with its keys? One that the program makes itself is not asked for. */
async function secretFindings(cluster: Cluster, inputs: Asked, signal: AbortSignal): Promise<Finding[]> {
    const { namespace, secretName, awaits } = inputs;
    if (secretName === undefined || namespace === undefined || awaits?.includes("secretName")) {
        return [];
    }
    return await explained(async () => {
        await readKeys(cluster, namespace, secretName, signal);
        return [];
    });
}

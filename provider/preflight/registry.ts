/** Is the name of a registry free, may its storage move, and is its Secret there? */

import { readKeys } from "../access/keys";
import type { Guarded, InCluster, Owned, S3Server } from "../description/arguments";
import { explained, type Finding, firstFindings } from "../finding";
import type { ClusterReader } from "../kubernetes/cluster";
import { sightingOf } from "../kubernetes/marks";
import { takenFinding } from "../kubernetes/objectFindings";
import type { Context, KnownPart } from "../lifecycle";
import { ownersOf, standingOf } from "../lifecycle/ownership";
import { dependantsFinding, dependantsOf } from "../llmos/dependants";
import { registryRef } from "../llmos/objects";
import { registryNamed } from "../llmos/registries";
import { movesAway } from "../llmos/registryWriter";
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
    const cluster = await context.clusterReader(inputs.cluster);
    const isNamed = prior?.name === name;
    const asksForSecret = !isNamed || prior.secretName !== inputs.secretName;
    const questions = [
        isNamed ? [] : nameFindings(cluster, inputs, name),
        movingFindings(cluster, inputs, isNamed ? prior : {}),
        isNamed ? [] : leavingFindings(cluster, inputs, prior),
        asksForSecret ? secretFindings(cluster, inputs) : [],
    ];
    return await firstFindings(
        askForPermission(context, inputs.cluster, { ...REGISTRY, name }),
        Promise.all(questions).then((findings) => findings.flat()),
    );
}

/** Is the name free, or ours? */
async function nameFindings(cluster: ClusterReader, inputs: Asked, name: string): Promise<Finding[]> {
    const found = await registryNamed(cluster, name);
    const claim = { owners: ownersOf(inputs) };
    const standing = standingOf(found && sightingOf(found), claim);
    return found && standing === "theirs" && !inputs.adopt
        ? [takenFinding(cluster, registryRef(name), found, claim)]
        : [];
}

/** Where a registry of that name stores, or is to store. */
type StoragePlace = Pick<Asked, "name" | "endpoint" | "bucket" | "relocate">;

/** May the registry's storage move, if that is what the change does? */
export async function movingFindings(
    cluster: ClusterReader,
    inputs: StoragePlace,
    prior: StoragePlace,
): Promise<Finding[]> {
    const { name = "", endpoint, bucket, relocate } = inputs;
    const same = prior.endpoint === endpoint && prior.bucket === bucket;
    if (same || relocate || endpoint === undefined || bucket === undefined) {
        return [];
    }
    const found = await registryNamed(cluster, name);
    const users = found && movesAway(found, { endpoint, bucket }) ? await dependantsOf(cluster, name) : [];
    return users.length > 0 ? [dependantsFinding(cluster, name, users, "relocate")] : [];
}

/** May the registry of the former name go, at the end of the replacement? */
async function leavingFindings(
    cluster: ClusterReader,
    inputs: Asked,
    prior: Asked | undefined,
): Promise<Finding[]> {
    if (prior?.name === undefined || prior.clusterId !== inputs.clusterId) {
        return [];
    }
    const users = await dependantsOf(cluster, prior.name);
    return users.length > 0 ? [dependantsFinding(cluster, prior.name, users, "delete")] : [];
}

/** Is an existing Secret there, with its keys? One that the program makes itself is not asked for. */
async function secretFindings(cluster: ClusterReader, inputs: Asked): Promise<Finding[]> {
    const { namespace, secretName, awaits } = inputs;
    if (secretName === undefined || namespace === undefined || awaits?.includes("secretName")) {
        return [];
    }
    return await explained(async () => {
        await readKeys(cluster, namespace, secretName);
        return [];
    });
}

/** What Model, Dataset and DatasetVersion have in common: their arguments, questions, and their end. */

import { isDeepStrictEqual } from "node:util";
import { ownCluster } from "../../access/cluster";
import { registryStore, type ServerOptions } from "../../access/registryStore";
import { type Finding, failure, firstFindings, LlmosError } from "../../finding";
import type { Cluster, ClusterReader } from "../../kubernetes/cluster";
import { takenFinding } from "../../kubernetes/objectFindings";
import { lookAt as lookAtObject, type Over, ownFor, placeFor } from "../../kubernetes/ownedObject";
import { type Context, type KnownPart, PartialFailure } from "../../lifecycle";
import { claimOf, ownersOf } from "../../lifecycle/ownership";
import { registryPath } from "../../llmos/objects";
import {
    contentPathOf,
    newInstance,
    readStored,
    type StoredKind,
    type StoredResource,
    storedRef,
} from "../../llmos/storedObjects";
import { askForNamespace, askForRegistries, FOR_OBJECTS } from "../../preflight/cluster";
import { askForPermission } from "../../preflight/permissions";
import { absent, known, present, type Reading } from "../../reading";
import type { ContentStore } from "../../s3/contentStore";
import type { InRegistry, StoredInputs, StoredState } from "./description";

export function storageUri(store: ContentStore, path: string): string {
    return `s3://${store.bucket}/${path}`;
}

/** What the state tells of the object itself. */
export function observedStored(object: StoredResource): Pick<StoredState, "uid" | "path" | "conditions"> {
    return {
        uid: object.metadata.uid ?? "",
        path: contentPathOf(object),
        conditions: object.status?.conditions ?? [],
    };
}

/** Whether the old object must go first: the new one has its name, and LLMOS does not let it change in place. */
export function deletesStoredFirst(replaced: readonly string[]): boolean {
    return !["name", "namespace", "clusterId"].some((name) => replaced.includes(name));
}

/**
 * Whether what a resource stands for changes: it is then replaced. What is not known yet is taken to be the same, and so
 * is a cluster that was not asked who it is (reachability "off").
 */
export function isAnother<I extends KnownPart<StoredInputs>>(
    subject: (inputs: I) => readonly unknown[],
    prior: I,
    inputs: I,
): boolean {
    const before = subject({ ...prior, clusterId: prior.clusterId ?? inputs.clusterId });
    const after = subject(inputs);
    return before.some((one, index) => after[index] !== undefined && !isDeepStrictEqual(one, after[index]));
}

/** The first steps of a create: the right cluster, and a name that is free or ours. */
export async function startCreate<I extends StoredInputs>(context: Context, kind: StoredKind, inputs: I) {
    const cluster = await ownCluster(context, inputs);
    const named = { namespace: "default", ...inputs, instance: newInstance() };
    const over: Over = {
        claim: { owners: ownersOf(inputs), creation: named.instance },
        adopt: inputs.adopt === true,
    };
    const found = await placeFor<StoredResource>(
        context,
        cluster,
        storedRef(kind, named),
        over.claim,
        over.adopt,
    );
    return { cluster, named, over, found };
}

/** The first steps of an update: the right cluster, and the object that the state speaks of. */
export async function startUpdate(
    context: Context,
    kind: StoredKind,
    state: StoredState,
    inputs: StoredInputs,
): Promise<{ cluster: Cluster; over: Over }> {
    const cluster = await ownCluster(context, inputs);
    const over: Over = { claim: claimOf(state, inputs), adopt: false };
    await ownFor(context, cluster, storedRef(kind, state), over.claim);
    return { cluster, over };
}

/** A look at the object; what is `observed` of a present one is for its kind to say. */
export async function lookAt<S extends StoredState>(
    context: Context,
    kind: StoredKind,
    state: S,
    observed: (found: StoredResource, cluster: Cluster) => Promise<Partial<S>>,
): Promise<Reading<S>> {
    const cluster = await ownCluster(context, state);
    const found = await readStored(context, cluster, kind, state);
    return found ? present({ ...state, ...(await observed(found, cluster)) }) : absent;
}

/** A write that has made something and then failed keeps its state. */
export async function keepingWritten<S extends StoredState>(
    act: (onWritten: (state: S) => void) => Promise<S>,
): Promise<S> {
    let written: S | undefined;
    try {
        return await act((state) => {
            written = state;
        });
    } catch (error) {
        throw written ? new PartialFailure(idOf(written), written, explainedOf(error)) : error;
    }
}

/** What nobody has foreseen must not cost the state of what has been made. */
function explainedOf(error: unknown): LlmosError {
    if (error instanceof LlmosError) {
        return error;
    }
    return failure("unexpected", {
        found: `Something unforeseen went wrong: ${error instanceof Error ? error.message : String(error)}`,
        where: "pulumi-llmos",
        why: "The object is in the cluster, and its content may not be whole.",
        next: "Run `pulumi up` again; if it lasts, report it with this message.",
    });
}

export function idOf({ namespace, name }: Pick<StoredState, "namespace" | "name">): string {
    return `${namespace}/${name}`;
}

/** Is LLMOS there, may the object be written, and is its name free? */
export async function askForStored(
    context: Context,
    kind: StoredKind,
    inputs: KnownPart<StoredInputs & InRegistry>,
    prior: KnownPart<StoredInputs> | undefined,
): Promise<Finding[]> {
    const { name, namespace = "default" } = inputs;
    if (name === undefined) {
        return await askForRegistries(context, inputs.cluster);
    }
    const permission = { group: "ml.llmos.ai", resource: kind.plural, namespace, name } as const;
    const isNew = prior?.name !== name || prior.namespace !== namespace;
    const refused = Promise.all([
        askForNamespace(context, inputs.cluster, namespace, FOR_OBJECTS),
        askForPermission(context, inputs.cluster, permission),
    ]).then((findings) => findings.flat());
    return await firstFindings(
        askForRegistries(context, inputs.cluster, inputs.registryName),
        refused,
        ...(isNew ? [nameFindings(context, kind, inputs, { namespace, name })] : []),
    );
}

async function nameFindings(
    context: Context,
    kind: StoredKind,
    inputs: KnownPart<StoredInputs>,
    name: { namespace: string; name: string },
): Promise<Finding[]> {
    const cluster = await context.clusterReader(inputs.cluster);
    const claim = { owners: ownersOf(inputs) };
    const { standing, found } = await lookAtObject<StoredResource>(cluster, storedRef(kind, name), claim);
    const isTaken = found && standing === "theirs" && !inputs.adopt;
    return isTaken ? [takenFinding(cluster, storedRef(kind, name), found, claim)] : [];
}

/** The bucket behind an object; undefined where it is still to be made: its registry, or the Secret with the keys. */
export async function storeIfThere(
    context: Context,
    cluster: ClusterReader,
    registry: string,
    options: ServerOptions,
): Promise<ContentStore | undefined> {
    try {
        return await registryStore(context, cluster, registry, options);
    } catch (error) {
        if (error instanceof LlmosError && NOT_YET.has(error.finding.code)) {
            return undefined;
        }
        throw error;
    }
}

const NOT_YET = new Set(["registry-missing", "secret-missing"]);

/**
 * The bucket behind an object, for a question on which content depends: undefined only where its registry is gone, so that
 * the operator cannot delete there.
 */
export async function storeOrNoRegistry(
    context: Context,
    cluster: ClusterReader,
    registry: string,
    options: ServerOptions,
): Promise<ContentStore | undefined> {
    return known(await cluster.read(registryPath(registry)))
        ? await registryStore(context, cluster, registry, options)
        : undefined;
}

/** Models, datasets and their versions: namespaced objects of LLMOS with content in a registry's bucket. */

import { randomUUID } from "node:crypto";
import { failure, type LlmosError } from "../finding";
import type { Cluster } from "../kubernetes/cluster";
import { marksOf } from "../kubernetes/marks";
import type { ObjectRef } from "../kubernetes/objectRef";
import {
    deleteObject,
    deletingAsSeen,
    exactly,
    type Over,
    ownAt,
    seenFor,
    writeObject,
} from "../kubernetes/ownedObject";
import type { Context } from "../lifecycle";
import { claimOf } from "../lifecycle/ownership";
import { type Ended, lengthOf } from "../lifecycle/waiting";
import { pastLateCaches } from "./lateCaches";
import { type Condition, type Conditioned, conditionOf } from "./objects";
import { type Patience, RUN_AGAIN_OR, type Subject, VerdictWatch } from "./verdict";

/** A kind of them. */
export interface StoredKind {
    readonly kind: "Model" | "Dataset" | "DatasetVersion";
    readonly plural: "models" | "datasets" | "datasetversions";
}

/** One of them, as far as it is read. */
export interface StoredResource extends Conditioned {
    spec?: {
        registry?: string;
        dataset?: string;
        version?: string;
        publish?: boolean;
        copyFrom?: { namespace: string; dataset: string; version: string };
        modelCard?: Card | null;
        datasetCard?: Card | null;
    };
    status?: {
        conditions?: Condition[];
        /** Of a Model or a Dataset: where its content lies in the bucket. */
        path?: string;
        /** The same of a DatasetVersion. */
        rootPath?: string;
        /** Of a Dataset. */
        versions?: { objectName: string; version: string }[];
        /** Of a DatasetVersion: the registry of its dataset. */
        registry?: string;
        publishStatus?: PublishStatus;
    };
}

/** How far LLMOS has come with the publication of a DatasetVersion. */
export interface PublishStatus {
    phase?: string;
    message?: string;
    pvcName?: string;
    jobName?: string;
    snapshotName?: string;
}

/** What the LLMOS page shows of a model or a dataset. */
export interface Card {
    description?: string;
    metadata?: object;
}

/** Which of them. */
export interface StoredName {
    readonly namespace: string;
    readonly name: string;
}

export function collectionOf({ plural }: StoredKind, namespace: string): string {
    return `/apis/ml.llmos.ai/v1/namespaces/${namespace}/${plural}`;
}

export function storedPath(kind: StoredKind, { namespace, name }: StoredName): string {
    return `${collectionOf(kind, namespace)}/${name}`;
}

export function storedRef(kind: StoredKind, { namespace, name }: StoredName): ObjectRef {
    const collection = collectionOf(kind, namespace);
    return { apiVersion: "ml.llmos.ai/v1", kind: kind.kind, collection, namespace, name };
}

/** Where the operator keeps the content; empty as long as it has not said so. */
export function contentPathOf({ status }: StoredResource): string {
    return status?.path ?? status?.rootPath ?? "";
}

/** What is written of an object. */
export interface StoredWrite extends StoredName {
    readonly spec: NonNullable<StoredResource["spec"]>;
    readonly owner: string | undefined;
    /** The creation that the object comes from. */
    readonly instance: string;
}

/** Writes the object over what was seen. A card is ours as a whole; other fields of the spec are left as they are. */
function writeStored(
    cluster: Cluster,
    kind: StoredKind,
    { namespace, name, spec, owner, instance }: StoredWrite,
    over: Over & { readonly seen: StoredResource | undefined },
): Promise<StoredResource> {
    return writeObject<StoredResource>(cluster, storedRef(kind, { namespace, name }), over, (seen) => ({
        annotations: marksOf(owner, instance),
        content: { spec: { ...spec, ...cardsExactly(seen, spec) } },
    }));
}

function cardsExactly(seen: StoredResource | undefined, spec: StoredWrite["spec"]): object {
    const cards = (["modelCard", "datasetCard"] as const).filter((card) => spec[card] !== undefined);
    return Object.fromEntries(cards.map((card) => [card, exactly(seen?.spec?.[card], spec[card])]));
}

export function newInstance(): string {
    return randomUUID();
}

/** The object that this state speaks of; absent when it is gone, whatever has its name now. */
export async function readStored(
    context: Context,
    cluster: Cluster,
    kind: StoredKind,
    state: StoredName & StoredMade,
): Promise<StoredResource | undefined> {
    return await ownAt<StoredResource>(context, cluster, storedRef(kind, state), claimOf(state));
}

/** What a state holds of the object that was made. */
export interface StoredMade {
    readonly uid: string;
    readonly owner?: string;
    readonly instance: string;
}

/** How long to wait for the operator, in seconds. */
interface ReadyTimeouts {
    readonly readySeconds?: number;
    readonly graceSeconds?: number;
}

/** Writes, and waits until the operator says that the object is ready. The watch is open before the write. */
export async function writeUntilReady(
    context: Context,
    cluster: Cluster,
    kind: StoredKind,
    object: StoredWrite,
    timeouts: ReadyTimeouts | undefined,
    over: Over,
    onWritten: (object: StoredResource) => void = () => {},
): Promise<StoredResource> {
    const seen = await seenFor<StoredResource>(cluster, storedRef(kind, object), over);
    const watch = await VerdictWatch.open(cluster, readySubject(cluster, kind, object), context);
    try {
        const what = `${kind.kind} "${object.name}"`;
        const write = () => writeStored(cluster, kind, object, { ...over, seen });
        const written = await pastLateCaches(context, cluster, what, write);
        onWritten(written);
        const ready = seen && conditionOf(seen, "ready");
        return (await watch.verdict(written, ready, patienceOf(timeouts))).object;
    } finally {
        watch.stop();
    }
}

/** Time for an approval from before a write to be taken back, in milliseconds (seen: 0.1 s). */
const SETTLE_MS = 1_000;

function patienceOf({ readySeconds = 120, graceSeconds = 5 }: ReadyTimeouts = {}): Patience {
    return { verdictMs: readySeconds * 1_000, graceMs: graceSeconds * 1_000, settleMs: SETTLE_MS };
}

function readySubject(cluster: Cluster, kind: StoredKind, name: StoredName): Subject<StoredResource> {
    const where = `${cluster.server}, ${kind.kind} ${name.namespace}/${name.name}`;
    const why = "As long as that lasts, LLMOS does not offer it.";
    return {
        collection: collectionOf(kind, name.namespace),
        name: name.name,
        condition: "ready",
        awaited: `${kind.kind} "${name.name}": waiting until the LLMOS operator finds it ready`,
        refused: (object, ended) => notReady(object, where, why, ended),
        vanished: () =>
            failure("object-not-ready", {
                found: `The ${kind.kind} "${name.name}" was deleted by someone else while it was awaited`,
                where,
                why,
                next: "Find out who deletes it, then run `pulumi up` again.",
            }),
    };
}

function notReady(object: StoredResource, where: string, why: string, ended: Ended): LlmosError {
    const condition = conditionOf(object, "ready");
    if (condition?.status !== "False") {
        return failure("verdict-missing", {
            found: `The LLMOS operator did not say within ${lengthOf(ended)} whether it is ready`,
            where,
            why,
            next: RUN_AGAIN_OR[ended.outcome]("timeouts.readySeconds"),
        });
    }
    return failure("object-not-ready", {
        found: `The LLMOS operator cannot make it ready. It says: ${condition.message ?? "(nothing)"}`,
        where: `${where}, condition ready=${condition.status}`,
        why,
        next: "Correct what it names and run `pulumi up` again; the object is kept.",
    });
}

/**
 * Deletes the object, and waits until the operator has deleted its content and let it go. Gives false when it is not
 * ours to delete.
 */
export async function deleteStored(
    context: Context,
    cluster: Cluster,
    kind: StoredKind,
    state: StoredName & StoredMade & { timeouts?: { deleteSeconds?: number } },
): Promise<boolean> {
    const ref = storedRef(kind, state);
    const seconds = state.timeouts?.deleteSeconds ?? 600;
    const until = "LLMOS has deleted it with its content";
    let isOurs = false;
    await deletingAsSeen(cluster, ref, async () => {
        const found = await readStored(context, cluster, kind, state);
        isOurs = found !== undefined;
        return !found || (await deleteObject(context, cluster, ref, found, { seconds, until }));
    });
    return isOurs;
}

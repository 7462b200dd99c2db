/** Models, datasets and their versions: namespaced objects of LLMOS with content in a registry's bucket. */
import { randomUUID } from "node:crypto";
import { failure, failureOf, type LlmosError } from "../errors";
import { type Context, known, present, type Reading } from "../lifecycle";
import { type Ended, lengthOf, waitFor } from "../waiting";
import type { Cluster } from "./cluster";
import { isOurs, isReplacedByAnother, isTakenOver, takenFinding } from "./identity";
import { pastLateCaches } from "./lateCaches";
import {
    type Condition,
    type Conditioned,
    conditionOf,
    INSTANCE_ANNOTATION,
    OWNER_ANNOTATION,
} from "./objects";
import { type Patience, RUN_AGAIN_OR, type Subject, VerdictWatch } from "./verdict";

/** A kind of them. */
export interface StoredKind {
    readonly kind: "Model" | "Dataset" | "DatasetVersion";
    readonly plural: "models" | "datasets" | "datasetversions";
}

/** One of them, as far as it is read (`llmos/observed.md`, "Dependents"). */
export interface StoredResource extends Conditioned {
    spec?: {
        registry?: string;
        dataset?: string;
        version?: string;
        publish?: boolean;
        copyFrom?: { namespace: string; dataset: string; version: string };
        modelCard?: Card;
        datasetCard?: Card;
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

/** Where the operator keeps the content (`llmos/behaviour.md`); empty as long as it has not said so. */
export function contentPathOf({ status }: StoredResource): string {
    return status?.path ?? status?.rootPath ?? "";
}

/** What is written of an object. */
export interface StoredWrite extends StoredName {
    readonly spec: object;
    readonly owner: string | undefined;
    /** The creation that the object comes from. */
    readonly instance: string;
}

/** Applies the object. Another manager's field is taken only with `force`. */
export function applyStored(
    cluster: Cluster,
    kind: StoredKind,
    { namespace, name, spec, owner, instance }: StoredWrite,
    force: boolean,
): Promise<StoredResource> {
    const annotations = { ...(owner && { [OWNER_ANNOTATION]: owner }), [INSTANCE_ANNOTATION]: instance };
    const head = { apiVersion: "ml.llmos.ai/v1", kind: kind.kind };
    return cluster.apply<StoredResource>(
        storedPath(kind, { namespace, name }),
        { ...head, metadata: { name, namespace, annotations }, spec },
        force,
    );
}

/** Refuses to take over what somebody else made, unless that is allowed. */
export async function refuseTaken(
    cluster: Cluster,
    kind: StoredKind,
    inputs: StoredName & { adopt?: boolean | undefined; owner?: string | undefined },
): Promise<StoredResource | undefined> {
    const found = known(await cluster.read<StoredResource>(storedPath(kind, inputs)));
    if (found && !inputs.adopt && !isOurs(found, inputs.owner)) {
        throw failureOf(takenFinding(cluster, kind.kind, found));
    }
    return found;
}

/** An update finds the object that the state speaks of, or none; what somebody else has made instead is not ours to change. */
export async function refuseAnothers(
    cluster: Cluster,
    kind: StoredKind,
    state: StoredName & { uid: string; owner?: string; instance: string },
    adopt: boolean | undefined,
): Promise<void> {
    const found = known(await cluster.read<StoredResource>(storedPath(kind, state)));
    if (found && !adopt && (isReplacedByAnother(found, state) || isTakenOver(found, state))) {
        throw failureOf(takenFinding(cluster, kind.kind, found));
    }
}

export function newInstance(): string {
    return randomUUID();
}

/** The object that this state speaks of; absent when it is gone, whatever has its name now. */
export async function readStored(
    cluster: Cluster,
    kind: StoredKind,
    state: StoredName & { uid: string; owner?: string },
): Promise<Reading<StoredResource>> {
    const reading = await cluster.read<StoredResource>(storedPath(kind, state));
    if (reading.outcome !== "present") {
        return reading;
    }
    return isReplacedByAnother(reading.value, state) ? { outcome: "absent" } : present(reading.value);
}

/** How long to wait for the operator, in seconds. */
export interface StoredTimeouts {
    /** For the object to be ready. Default 120. */
    readySeconds?: number;
    /** For a refusal to turn, because the operator tries again. Default 5. */
    graceSeconds?: number;
    /** For a DatasetVersion to be published. Default 900. */
    publishSeconds?: number;
    /** For the object and its content to be deleted. Default 600. */
    deleteSeconds?: number;
}

/** Writes, and waits until the operator says that the object is ready. The watch is open before the write. */
export async function writeUntilReady(
    context: Context,
    cluster: Cluster,
    kind: StoredKind,
    name: StoredName,
    timeouts: StoredTimeouts | undefined,
    write: () => Promise<StoredResource>,
    onWritten: (object: StoredResource) => void = () => {},
): Promise<StoredResource> {
    const before = known(await cluster.read<StoredResource>(storedPath(kind, name)));
    const watch = await VerdictWatch.open(cluster, readySubject(cluster, kind, name), context);
    try {
        const what = `${kind.kind} "${name.name}"`;
        const written = await pastLateCaches(context, cluster, what, write);
        onWritten(written);
        const ready = before && conditionOf(before, "ready");
        return (await watch.verdict(written, ready, patienceOf(timeouts))).object;
    } finally {
        watch.stop();
    }
}

/** Time for an approval from before a write to be taken back, in milliseconds (seen: 0.1 s). */
const SETTLE_MS = 1_000;

function patienceOf({ readySeconds = 120, graceSeconds = 5 }: StoredTimeouts = {}): Patience {
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
    state: StoredName & { uid: string; owner?: string; instance: string; timeouts?: StoredTimeouts },
): Promise<boolean> {
    let left = known(await readStored(cluster, kind, state));
    if (!left || isTakenOver(left, state)) {
        return false;
    }
    const { uid } = left.metadata;
    const path = storedPath(kind, state);
    await cluster.delete(path, uid);
    const waited = await waitFor(context, {
        what: `${kind.kind} "${state.name}": waiting until LLMOS has deleted it with its content`,
        mostMs: (state.timeouts?.deleteSeconds ?? 600) * 1_000,
        look: async () => {
            left = known(await cluster.read<StoredResource>(path));
            return left?.metadata.uid === uid ? undefined : true;
        },
        state: () => `it waits for ${finalizersOf(left)}`,
    });
    if (waited.outcome !== "found") {
        throw notDeleted(cluster, kind, state, finalizersOf(left), waited);
    }
    return true;
}

function finalizersOf(object: StoredResource | undefined): string {
    return (object?.metadata.finalizers ?? []).join(", ") || "nothing";
}

function notDeleted(
    cluster: Cluster,
    kind: StoredKind,
    { namespace, name }: StoredName,
    finalizers: string,
    ended: Ended,
): LlmosError {
    return failure("object-not-deleted", {
        found: `The ${kind.kind} "${name}" is not gone after ${lengthOf(ended)}: it waits for ${finalizers}`,
        where: `${cluster.server}, ${namespace}/${name}`,
        why: "The LLMOS operator deletes the content first, and lets the object go then.",
        next: "Check that the operator runs and that its registry is Active (`npx pulumi-llmos doctor`), then run again; raise timeouts.deleteSeconds for a large content.",
    });
}

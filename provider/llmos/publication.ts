/**
 * The publication of a DatasetVersion, as the LLMOS operator does it: a PersistentVolumeClaim, a Job that copies the
 * content to it, and a VolumeSnapshot of that, all three with the name of the version and in its namespace. Source:
 * llmos-ai/llmos-operator @ f29d5b9, pkg/controller/master/common/snapshotting.
 */
import { type FindingCode, failure, LlmosError } from "../finding";
import type { Cluster, KubernetesObject } from "../kubernetes/cluster";
import type { Context } from "../lifecycle";
import { lengthOf, waitFor } from "../lifecycle/waiting";
import type { PublishStatus, StoredName, StoredResource } from "./storedObjects";

/** The phase of a version that can be mounted. */
export const PUBLISHED = "SnapshotReady";

/** How far a publication is. */
export interface Publication {
    /** `none`: LLMOS has not begun, or has taken it back. `failed`: it does not go on by itself. */
    readonly state: "none" | "under-way" | "failed" | "ready";
    /** Phase and message, in the operator's words. */
    readonly said: string;
}

/** The name that the operator notes with each phase, and takes away again where the phase has failed. */
const NOTED: Record<string, keyof PublishStatus> = {
    PVCReady: "pvcName",
    Downloading: "jobName",
    Downloaded: "jobName",
    Snapshotting: "snapshotName",
};

/** Starts of the messages that the operator writes of a failure; it sets no phase of its own for one. */
const FAILED = /^(Failed to |Job failed|VolumeSnapshot failed)/;

/** What the status tells. */
export function publicationOf({ status }: StoredResource): Publication {
    const { phase = "", message = "", ...names } = status?.publishStatus ?? {};
    if (phase === "") {
        return { state: "none", said: "LLMOS has not begun" };
    }
    const said = message === "" ? phase : `${phase}: ${message}`;
    if (phase === PUBLISHED) {
        return { state: "ready", said };
    }
    const noted = NOTED[phase];
    const hasLost = noted !== undefined && !(names as PublishStatus)[noted];
    const failed = phase === "Failed" || FAILED.test(message) || hasLost;
    return { state: failed ? "failed" : "under-way", said };
}

/** The version whose publication it is. */
export interface PublishedName extends StoredName {
    /** UID of the DatasetVersion: what it has made is owned by it. */
    readonly uid: string;
}

/** A Job, as far as it is read. */
interface Job extends KubernetesObject {
    status?: { conditions?: { type: string; status: string; message?: string }[] };
}

/** A VolumeSnapshot, as far as it is read. */
interface VolumeSnapshot extends KubernetesObject {
    status?: { error?: { message?: string } };
}

type Kind = "Job" | "PersistentVolumeClaim" | "VolumeSnapshot";

/** What a publication makes, the user of the claim first. */
const PATHS: Record<Kind, (name: StoredName) => string> = {
    Job: ({ namespace, name }) => `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
    VolumeSnapshot: ({ namespace, name }) =>
        `/apis/snapshot.storage.k8s.io/v1/namespaces/${namespace}/volumesnapshots/${name}`,
    PersistentVolumeClaim: ({ namespace, name }) =>
        `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`,
};

const KINDS = Object.keys(PATHS) as Kind[];

/** The command that shows what a publication has made. */
export function inspection({ namespace, name }: StoredName): string {
    return `kubectl describe job,pvc,volumesnapshot ${name} --namespace ${namespace}`;
}

/** Conditions of a Job that has come to its end (Kubernetes documentation, "Job termination and cleanup"). */
const ENDED = new Set(["Complete", "Failed", "FailureTarget"]);

function endOf({ status }: Job) {
    return status?.conditions?.find(({ type, status }) => ENDED.has(type) && status === "True");
}

/**
 * Whether a publication that the operator calls failed may come to its end yet: it says so of the first Pod that fails
 * and of a Job that takes more than an hour, while the Job goes on, or tries once more.
 */
export async function isTriedAgain(
    cluster: Cluster,
    version: StoredName,
    { status }: StoredResource,
): Promise<boolean> {
    if (status?.publishStatus?.phase !== "Downloading") {
        return false;
    }
    const reading = await cluster.read<Job>(PATHS.Job(version));
    return reading.outcome === "present" && !endOf(reading.value);
}

/** What LLMOS waits for in a phase, and how that has failed. */
const AWAITED: Record<string, { kind: Kind; failure: (object: KubernetesObject) => string | undefined }> = {
    Downloading: {
        kind: "Job",
        failure: (job: Job) => {
            const end = endOf(job);
            return end && end.type !== "Complete"
                ? `has failed: ${end.message ?? "(no message)"}`
                : undefined;
        },
    },
    Snapshotting: {
        kind: "VolumeSnapshot",
        failure: ({ status }: VolumeSnapshot) =>
            status?.error && `has failed: ${status.error.message ?? "(no message)"}`,
    },
};

/**
 * Why a publication that the status calls under way does not go on: LLMOS waits for a Job or a VolumeSnapshot that is not
 * there, or whose failure it has missed. Undefined where nothing speaks for that, or it may not be seen.
 */
export async function stallOf(
    cluster: Cluster,
    version: StoredName,
    { status }: StoredResource,
): Promise<string | undefined> {
    const awaited = AWAITED[status?.publishStatus?.phase ?? ""];
    if (!awaited) {
        return undefined;
    }
    const { kind, failure: failureOf } = awaited;
    const reading = await cluster.read(PATHS[kind](version));
    const why =
        reading.outcome === "present"
            ? failureOf(reading.value)
            : reading.outcome === "absent"
              ? "does not exist"
              : undefined;
    return why && `the ${kind} ${version.namespace}/${version.name} ${why}`;
}

/** Something that stands in the way of a publication, and why it is not removed. */
interface Obstacle {
    readonly kind: Kind;
    readonly why: string;
}

/**
 * Removes what an earlier publication of this very version has left: LLMOS would take it for what it is to make, and wait
 * for it for ever. Where that is somebody else's, or may not be removed, it fails and names it. `mustSee`: that it may not
 * be looked at is a failure too.
 */
export async function clearWay(
    context: Context,
    cluster: Cluster,
    version: PublishedName,
    seconds: number,
    mustSee: boolean,
): Promise<void> {
    const found = await Promise.all(KINDS.map((kind) => remove(cluster, version, kind, mustSee)));
    const obstacles = found.filter((each) => typeof each === "object");
    if (obstacles.length > 0) {
        throw blocked(cluster, version, obstacles);
    }
    if (!found.includes("leaving")) {
        return;
    }
    let left: string[] = [];
    const waited = await waitFor(context, {
        what: `DatasetVersion "${version.name}": waiting until what its former publication has left is deleted`,
        mostMs: seconds * 1_000,
        look: async () => {
            left = (await Promise.all(KINDS.map((kind) => remaining(cluster, version, kind)))).flat();
            return left.length === 0 ? true : undefined;
        },
        state: () => left.join(", "),
    });
    if (waited.outcome !== "found") {
        throw failure("publication-blocked", {
            found: `What the former publication of the version has left is not gone after ${lengthOf(waited)}: ${left.join(", ")}`,
            where: `${cluster.server}, DatasetVersion ${version.namespace}/${version.name}`,
            why: "LLMOS would take it for what it is to make, and wait for it for ever.",
            next: `See what holds it (${inspection(version)}), then run \`pulumi up\` again.`,
        });
    }
    // The operator asks its caches.
    await context.clock.sleep(CACHES_MS);
}

/** Time for the operator to see that something is gone, in milliseconds. */
const CACHES_MS = 1_000;

/** Deletes one of them if it is there and this version's. `leaving`: it is on its way out. */
async function remove(
    cluster: Cluster,
    version: PublishedName,
    kind: Kind,
    mustSee: boolean,
): Promise<Obstacle | "absent" | "leaving"> {
    const path = PATHS[kind](version);
    const reading = await cluster.read(path);
    if (reading.outcome === "unknown") {
        const { code, found } = reading.error.finding;
        if (code === "cluster-forbidden" && mustSee) {
            return { kind, why: `if it exists; it may not be looked at: ${found}` };
        }
        return isOutOfSight(reading.error) ? "absent" : unknown(reading.error);
    }
    if (reading.outcome === "absent") {
        return "absent";
    }
    const { uid, deletionTimestamp, ownerReferences = [] } = reading.value.metadata;
    // What a deleted version of that name has left is collected by Kubernetes.
    const isFormers = ownerReferences.some(
        (owner) =>
            owner.kind === "DatasetVersion" && owner.name === version.name && owner.uid !== version.uid,
    );
    if (deletionTimestamp !== undefined || isFormers) {
        return "leaving";
    }
    if (!ownerReferences.some((owner) => owner.uid === version.uid)) {
        const owners = ownerReferences.map((owner) => `${owner.kind} ${owner.name}`);
        return { kind, why: `it is not this version's; its owner: ${owners.join(", ") || "none"}` };
    }
    try {
        await cluster.delete(path, uid);
        return "leaving";
    } catch (error) {
        if (error instanceof LlmosError && DENIED.has(error.finding.code)) {
            return { kind, why: error.finding.found };
        }
        throw error;
    }
}

const DENIED = new Set<FindingCode>(["cluster-forbidden", "write-denied"]);

/** A kind that is not installed, or that this user may not look at. */
function isOutOfSight({ finding }: LlmosError): boolean {
    return finding.code === "crds-missing" || finding.code === "cluster-forbidden";
}

function unknown(error: LlmosError): never {
    throw error;
}

/** The object if it is still there, and what holds it. */
async function remaining(cluster: Cluster, version: StoredName, kind: Kind): Promise<string[]> {
    const reading = await cluster.read(PATHS[kind](version));
    if (reading.outcome === "unknown") {
        return isOutOfSight(reading.error) ? [] : unknown(reading.error);
    }
    if (reading.outcome === "absent") {
        return [];
    }
    const { finalizers = [] } = reading.value.metadata;
    const held = finalizers.length > 0 ? ` (it waits for ${finalizers.join(", ")})` : "";
    return [`${kind} ${version.namespace}/${version.name}${held}`];
}

function blocked(cluster: Cluster, version: PublishedName, obstacles: readonly Obstacle[]): LlmosError {
    const place = `${version.namespace}/${version.name}`;
    const named = obstacles.map(({ kind, why }) => `${kind} ${place} (${why})`);
    return failure("publication-blocked", {
        found: `The version cannot be published while these stand in the way: ${named.join("; ")}`,
        where: `${cluster.server}, DatasetVersion ${place}`,
        why: "LLMOS would take them for what it is to make, and wait for them for ever.",
        next: "Delete them, or have them deleted; then run `pulumi up` again. The README lists the rights with which it does so itself (Requirements).",
    });
}

import type { ObjectClient } from "../kubernetes/cluster";
import { goTime, type KubernetesObject } from "../kubernetes/objects";
import type { Job, VolumeSnapshot } from "../operator/publicationObjects";
import { claimsOf, isFinished } from "./jobs";
import type { Waiting } from "./waiting";
import type { Wishes } from "./wishes";

/** A PersistentVolumeClaim. */
export interface Claim extends KubernetesObject {
    spec: { volumeName?: string; resources?: { requests?: { storage?: string } } };
    status?: { phase?: string; [other: string]: unknown };
}

const IN_USE = "kubernetes.io/pvc-protection";
const SNAPSHOT_SOURCE = "snapshot.storage.kubernetes.io/pvc-as-source-protection";
const BOUND = "snapshot.storage.kubernetes.io/volumesnapshot-bound-protection";

/**
 * A STAND-IN for a CSI driver with its provisioner and its snapshot controller, and for the protection of claims in
 * use: no volume is made and no snapshot taken. A claim is bound at once, a snapshot of it is ready after a moment, or
 * fails, as is wished. As with the real controllers a claim that is deleted stays while a Job runs with it or a snapshot
 * of it is not ready, failed ones among them, and a snapshot that is deleted is gone a moment later.
 */
export class StandInStorage {
    constructor(
        private readonly clients: { claims: ObjectClient<Claim>; snapshots: ObjectClient<VolumeSnapshot> },
        private readonly seen: { jobs(): Job[]; snapshots(): VolumeSnapshot[]; claims(): Claim[] },
        private readonly wishes: Wishes,
        private readonly waiting: Waiting,
    ) {}

    async lookAtClaim(claim: Claim): Promise<void> {
        const { metadata, spec } = claim;
        const kept = this.finalizersOf(claim);
        if (kept.join() !== (metadata.finalizers ?? []).join()) {
            await this.clients.claims.write({ ...claim, metadata: { ...metadata, finalizers: kept } });
        } else if (metadata.deletionTimestamp || claim.status?.phase === "Bound") {
            // All is done.
        } else if (spec.volumeName === undefined) {
            const bound = { ...spec, volumeName: `pvc-${metadata.uid}` };
            await this.clients.claims.write({ ...claim, spec: bound });
        } else {
            const capacity = spec.resources?.requests;
            await this.clients.claims.writeStatus({
                ...claim,
                status: { phase: "Bound", accessModes: ["ReadWriteOnce"], capacity },
            });
        }
    }

    async lookAtSnapshot(snapshot: VolumeSnapshot): Promise<void> {
        const { metadata, spec, status } = snapshot;
        const { finalizers = [] } = metadata;
        const write = (finalizers: string[]) =>
            this.clients.snapshots.write({ ...snapshot, metadata: { ...metadata, finalizers } });
        if (metadata.deletionTimestamp) {
            if (!finalizers.includes(BOUND) || !this.waiting.isOver(snapshot, "deleted")) return;
            await write(finalizers.filter((one) => one !== BOUND));
        } else if (!finalizers.includes(BOUND)) {
            await write([...finalizers, BOUND]);
        } else if (!status?.readyToUse && this.isProtectedSource(snapshot)) {
            const state = status?.error ? "failed" : "new";
            if (!this.waiting.isOver(snapshot, state)) return;
            const taken = await this.outcome(snapshot);
            if (taken) await this.clients.snapshots.writeStatus({ ...snapshot, spec, status: taken });
        }
    }

    private async outcome(snapshot: VolumeSnapshot): Promise<VolumeSnapshot["status"]> {
        const { outcome, text } = await this.wishes.of("snapshot", snapshot);
        const hasFailed = snapshot.status?.error !== undefined;
        const time = goTime(new Date());
        if (outcome === "hang" || (hasFailed && outcome !== "failOnce")) return undefined;
        if (outcome !== "succeed" && !hasFailed) {
            return { readyToUse: false, error: { message: text, time } };
        }
        return {
            readyToUse: true,
            creationTime: time,
            restoreSize: this.sourceOf(snapshot)?.spec.resources?.requests?.storage,
            boundVolumeSnapshotContentName: `snapcontent-${snapshot.metadata.uid}`,
        };
    }

    private isProtectedSource(snapshot: VolumeSnapshot): boolean {
        const { metadata, status } = this.sourceOf(snapshot) ?? {};
        return status?.phase === "Bound" && metadata?.finalizers?.includes(SNAPSHOT_SOURCE) === true;
    }

    private sourceOf({ metadata: { namespace }, spec }: VolumeSnapshot): Claim | undefined {
        const { persistentVolumeClaimName: name } = spec.source;
        return this.seen
            .claims()
            .find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    }

    /** What a claim is to have: what protects it as long as it is used, and what is not ours. */
    private finalizersOf(claim: Claim): string[] {
        const { namespace, name, deletionTimestamp, finalizers = [] } = claim.metadata;
        const runs = (job: Job) =>
            job.metadata.namespace === namespace && !isFinished(job) && claimsOf(job).includes(name);
        const isTakenFrom = ({ metadata, spec, status }: VolumeSnapshot) =>
            metadata.namespace === namespace &&
            spec.source.persistentVolumeClaimName === name &&
            !status?.readyToUse;
        const isSource = this.seen.snapshots().some(isTakenFrom);
        const isInUse = !deletionTimestamp || this.seen.jobs().some(runs);
        const others = finalizers.filter((one) => one !== IN_USE && one !== SNAPSHOT_SOURCE);
        // Nothing can be added to what is being deleted.
        const canAdd = (one: string) => !deletionTimestamp || finalizers.includes(one);
        return [
            ...(isInUse && canAdd(IN_USE) ? [IN_USE] : []),
            ...(isSource && canAdd(SNAPSHOT_SOURCE) ? [SNAPSHOT_SOURCE] : []),
            ...others,
        ];
    }
}

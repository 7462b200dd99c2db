import { goTime } from "./condition";
import type { PublishStatus } from "./objects";

/**
 * A STAND-IN for how a DatasetVersion is published. The real operator has a Job copy the content to a
 * PersistentVolumeClaim and takes a VolumeSnapshot of that; there is no kubelet and no storage here, so none of the
 * three is made. What is true is what it writes of them, phase by phase, as if each step had gone well at once. Source:
 * llmos-ai/llmos-operator @ f29d5b9, pkg/controller/master/common/snapshotting, manager.go and controller.go.
 */
const phases = [
    { phase: "PVCReady", message: "PVC created successfully" },
    { phase: "Downloading", message: "Job created successfully, downloading in progress" },
    { phase: "Downloaded", message: "Job completed successfully" },
    { phase: "Snapshotting", message: "VolumeSnapshot created successfully, snapshotting in progress" },
    { phase: "SnapshotReady", message: "VolumeSnapshot is ready" },
];

/** The phase that follows; the last one stays. All three objects bear the name of the DatasetVersion. */
export function nextPhase(current: PublishStatus, name: string, now = new Date()): PublishStatus {
    const index = phases.findIndex(({ phase }) => phase === current.phase) + 1;
    const next = phases[index];
    if (!next) return current;
    return {
        ...next,
        lastTransitionTime: goTime(now),
        pvcName: name,
        ...(index >= 1 && { jobName: name }),
        ...(index >= 3 && { snapshotName: name }),
    };
}

import { describe, expect, it } from "vitest";
import { publicationOf } from "../../../provider/llmos/publication";
import type { PublishStatus } from "../../../provider/llmos/storedObjects";

const names = { pvcName: "v1", jobName: "v1", snapshotName: "v1" };
const { pvcName, jobName, snapshotName } = names;

function stateOf(publishStatus: PublishStatus | undefined) {
    const status = publishStatus && { publishStatus };
    return publicationOf({ metadata: { name: "v1" }, ...(status && { status }) }).state;
}

// What the operator writes: llmos-ai/llmos-operator @ f29d5b9, pkg/controller/master/common/snapshotting, manager.go and
// controller.go.
describe("a publication", () => {
    it.each<[PublishStatus | undefined]>([[undefined], [{}], [{ phase: "" }]])(
        "of which nothing is written has not begun: %j",
        (status) => {
            expect(stateOf(status)).toBe("none");
        },
    );

    it.each<[PublishStatus]>([
        [{ phase: "PVCReady", message: "PVC created successfully", pvcName }],
        [
            {
                phase: "Downloading",
                message: "Job created successfully, downloading in progress",
                pvcName,
                jobName,
            },
        ],
        [{ phase: "Downloaded", message: "Job completed successfully", pvcName, jobName }],
        [
            {
                phase: "Snapshotting",
                message: "VolumeSnapshot created successfully, snapshotting in progress",
                ...names,
            },
        ],
        [{ phase: "PreparePVC", message: "" }],
        [{ phase: "A phase of a later release", message: "all is well" }],
    ])("is under way: %j", (status) => {
        expect(stateOf(status)).toBe("under-way");
    });

    it.each<[PublishStatus]>([
        [{ phase: "PreparePVC", message: "Failed to create PVC: quota" }],
        [{ phase: "PVCReady", message: "Failed to create Job: quota" }],
        [{ phase: "PVCReady", message: "Failed to ensure ServiceAccount and ClusterRoleBinding: quota" }],
        [{ phase: "Downloading", message: "Job failed or timed out" }],
        [{ phase: "Downloaded", message: "Failed to create VolumeSnapshot: quota" }],
        [{ phase: "Snapshotting", message: "VolumeSnapshot failed: " }],
        // By the message alone, and by the lost names alone.
        [{ phase: "Downloading", message: "Job failed or timed out", pvcName, jobName }],
        [{ phase: "Snapshotting", message: "VolumeSnapshot failed: no space", ...names }],
        [{ phase: "PVCReady", message: "in other words" }],
        [{ phase: "Downloading", message: "in other words", pvcName }],
        [{ phase: "Downloaded", pvcName }],
        [{ phase: "Snapshotting", pvcName, jobName }],
        [{ phase: "Failed" }],
    ])("has failed: %j", (status) => {
        expect(stateOf(status)).toBe("failed");
    });

    it("is ready with its snapshot, whatever is said", () => {
        expect(stateOf({ phase: "SnapshotReady", message: "VolumeSnapshot is ready", snapshotName })).toBe(
            "ready",
        );
        expect(stateOf({ phase: "SnapshotReady" })).toBe("ready");
    });

    it("says phase and message as they stand there", () => {
        const status = { publishStatus: { phase: "Downloading", message: "Job failed or timed out" } };
        const said = (status: object) => publicationOf({ metadata: { name: "v1" }, status }).said;
        expect(said(status)).toBe("Downloading: Job failed or timed out");
        expect(said({ publishStatus: { phase: "Failed" } })).toBe("Failed");
        expect(said({})).toBe("LLMOS has not begun");
    });
});

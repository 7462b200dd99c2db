import { age, column, definition, flag, moment, object, ruled, type Schema, text } from "./definition";

const unchanged = "self == oldSelf";
const claim = "persistentVolumeClaimName";
const content = "volumeSnapshotContentName";
const staysSet = (name: string) => `!has(oldSelf.${name}) || has(self.${name})`;
const only = (name: string, other: string) => `(has(self.${name}) && !has(self.${other}))`;

/** A quantity: a number, or a text such as `1Gi`. */
const quantity: Schema = {
    type: "string",
    pattern:
        "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
    "x-kubernetes-int-or-string": true,
};

/**
 * VolumeSnapshot of snapshot.storage.k8s.io/v1, without the parts that are not served any more. Source:
 * kubernetes-csi/external-snapshotter, client/config/crd/snapshot.storage.k8s.io_volumesnapshots.yaml.
 */
export const volumeSnapshot = definition({
    kind: "VolumeSnapshot",
    plural: "volumesnapshots",
    shortNames: ["vs"],
    group: "snapshot.storage.k8s.io",
    approval: "https://github.com/kubernetes-csi/external-snapshotter/pull/814",
    columns: [
        column("ReadyToUse", ".status.readyToUse", "boolean"),
        column("SourcePVC", `.spec.source.${claim}`),
        column("SourceSnapshotContent", `.spec.source.${content}`),
        column("RestoreSize", ".status.restoreSize"),
        column("SnapshotClass", ".spec.volumeSnapshotClassName"),
        column("SnapshotContent", ".status.boundVolumeSnapshotContentName"),
        column("CreationTime", ".status.creationTime", "date"),
        age,
    ],
    required: ["spec"],
    spec: object(
        {
            source: ruled(
                object({
                    [claim]: ruled(text, [unchanged, `${claim} is immutable`]),
                    [content]: ruled(text, [unchanged, `${content} is immutable`]),
                }),
                [staysSet(claim), `${claim} is required once set`],
                [staysSet(content), `${content} is required once set`],
                [
                    `${only(content, claim)} || (!has(self.${content}) && has(self.${claim}))`,
                    `exactly one of ${content} and ${claim} must be set`,
                ],
            ),
            volumeSnapshotClassName: ruled(text, [
                "size(self) > 0",
                "volumeSnapshotClassName must not be the empty string when set",
            ]),
        },
        "source",
    ),
    status: object({
        boundVolumeSnapshotContentName: text,
        creationTime: moment,
        error: object({ message: text, time: moment }),
        readyToUse: flag,
        restoreSize: quantity,
        volumeGroupSnapshotName: text,
    }),
});

import type { KubernetesObject } from "../kubernetes/objects";
import type { DatasetVersion } from "./objects";

// The objects that a publication is made with, as the operator makes them. Source: llmos-ai/llmos-operator @ f29d5b9,
// pkg/controller/master/common/snapshotting/manager.go and pkg/controller/master/dataset/datasetversion_controller.go.

export interface Job extends KubernetesObject {
    spec: { ttlSecondsAfterFinished?: number; backoffLimit?: number; [other: string]: unknown };
    status?: JobStatus;
}

export interface JobStatus {
    startTime?: string;
    completionTime?: string;
    active?: number;
    succeeded?: number;
    failed?: number;
    conditions?: { type: string; status: string }[];
    [other: string]: unknown;
}

export interface VolumeSnapshot extends KubernetesObject {
    spec: { volumeSnapshotClassName?: string; source: { persistentVolumeClaimName?: string } };
    status?: {
        readyToUse?: boolean;
        error?: { message?: string; time?: string };
        [other: string]: unknown;
    };
}

const MANAGED = { "llmos.ai/snapshotting-manager": "true" };
const OF_A_VERSION = { ...MANAGED, "llmos.ai/resource-type": "datasetversions" };
const DOWNLOADER = "llmos-operator-downloader";
const GIB = 1024 ** 3;

/** Whether a Job or a snapshot is one of a DatasetVersion's publication. */
export function isPublicationOf({ metadata: { labels = {} } }: KubernetesObject): boolean {
    return Object.entries(OF_A_VERSION).every(([name, value]) => labels[name] === value);
}

/** The claim for a volume that holds so many bytes and a tenth more, in whole GiB. */
export function claimOf(version: DatasetVersion, size: number): KubernetesObject & { spec: object } {
    if (size <= 0) throw new Error(`invalid size: ${size}`);
    const storage = `${Math.max(1, Math.ceil((size * 11) / 10 / GIB))}Gi`;
    return {
        metadata: metadataOf(version),
        spec: {
            storageClassName: "llmos-ceph-block",
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage } },
        },
    };
}

/** The Job that downloads the content to the volume. It goes as soon as it has succeeded. */
export function jobOf(version: DatasetVersion): Job {
    const { namespace, name } = version.metadata;
    return {
        metadata: metadataOf(version, OF_A_VERSION),
        spec: {
            backoffLimit: 1,
            ttlSecondsAfterFinished: 0,
            template: {
                spec: {
                    serviceAccountName: DOWNLOADER,
                    restartPolicy: "Never",
                    containers: [
                        {
                            name: "downloader",
                            image: "ghcr.io/llmos-ai/llmos-operator-downloader:main-head",
                            args: [
                                `--name=${namespace}/${name}`,
                                "--output-dir=/data/",
                                "--type=datasetversions",
                                "--debug=true",
                            ],
                            volumeMounts: [{ name: "data-volume", mountPath: "/data" }],
                        },
                    ],
                    volumes: [{ name: "data-volume", persistentVolumeClaim: { claimName: name } }],
                },
            },
        },
    };
}

/** The snapshot that notebooks and training mount. */
export function snapshotOf(version: DatasetVersion): VolumeSnapshot & { apiVersion: string; kind: string } {
    return {
        apiVersion: "snapshot.storage.k8s.io/v1",
        kind: "VolumeSnapshot",
        metadata: metadataOf(version, OF_A_VERSION),
        spec: {
            volumeSnapshotClassName: "llmos-ceph-block-snapshot-class",
            source: { persistentVolumeClaimName: version.metadata.name },
        },
    };
}

/** Who the Job runs as; one in each namespace. */
export function downloaderAccount(namespace: string): KubernetesObject {
    return { metadata: { namespace, name: DOWNLOADER, labels: MANAGED } };
}

/** What the downloader may; one in the cluster, for the account of whichever namespace was first. */
export function downloaderBinding(
    namespace: string,
): KubernetesObject & { subjects: object[]; roleRef: object } {
    return {
        metadata: { name: "llmos-operator", labels: MANAGED },
        subjects: [{ kind: "ServiceAccount", name: DOWNLOADER, namespace }],
        roleRef: {
            apiGroup: "rbac.authorization.k8s.io",
            kind: "ClusterRole",
            name: "llmos-operator-registry-reader",
        },
    };
}

function metadataOf(
    { metadata: { namespace, name, uid = "" }, spec }: DatasetVersion,
    more: Record<string, string> = {},
): KubernetesObject["metadata"] {
    const owner = { apiVersion: "ml.llmos.ai/v1", kind: "DatasetVersion", name, uid, controller: true };
    return {
        name,
        ...(namespace !== undefined && { namespace }),
        labels: {
            "ml.llmos.ai/dataset-name": spec.dataset,
            "ml.llmos.ai/dataset-version": spec.version,
            "ml.llmos.ai/resource-type": "dataset-version",
            ...more,
        },
        ownerReferences: [owner],
    };
}

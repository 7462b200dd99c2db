/**
 * The LLMOS custom resource definitions that a model registry and its dependants need, in our own words but equal in
 * meaning to those of llmos-ai/llmos-operator @ f29d5b9: what one accepts, the other accepts
 * (test/integration/customResourceDefinitions.test.ts compares both on a real API server).
 */
import {
    age,
    column,
    conditions,
    definition,
    flag,
    integer,
    list,
    moment,
    object,
    registryColumn,
    text,
    texts,
} from "./crds/definition";
import { volumeSnapshot } from "./crds/volumeSnapshot";

/** How far a snapshot has come. */
const snapshotting = object({
    ...texts("phase", "message", "jobName", "pvcName", "snapshotName"),
    lastTransitionTime: moment,
});

const registry = definition({
    kind: "Registry",
    plural: "registries",
    shortNames: ["reg", "regs"],
    scope: "Cluster",
    columns: [column("Backend", ".spec.backendType"), age],
    spec: object(
        {
            backendType: { type: "string", enum: ["S3"] },
            s3Config: object(
                { useSSL: flag, ...texts("endpoint", "bucket", "accessCredentialSecretName") },
                "accessCredentialSecretName",
                "bucket",
                "endpoint",
                "useSSL",
            ),
        },
        "backendType",
    ),
    status: object({ storageAddress: text, conditions }),
});

const model = definition({
    kind: "Model",
    plural: "models",
    columns: [registryColumn, age],
    spec: object(
        {
            registry: text,
            modelCard: object(
                {
                    description: text,
                    metadata: object({
                        ...texts("baseModel", "evaluationResults", "framework", "language", "libraryName"),
                        ...texts("libraryVersion", "license", "trainingData"),
                        cpu: flag,
                        gpu: flag,
                        datasets: list(text),
                        metrics: list(text),
                        tags: list(text),
                    }),
                },
                "description",
                "metadata",
            ),
        },
        "registry",
    ),
    status: object({ path: text, conditions }),
});

const dataset = definition({
    kind: "Dataset",
    plural: "datasets",
    columns: [registryColumn, age],
    spec: object(
        {
            registry: text,
            datasetCard: object(
                {
                    description: text,
                    metadata: object({
                        ...texts("citation", "contact", "downloadUrl", "homepage", "language", "license"),
                        numSamples: integer,
                        authors: list(text),
                        features: list(text),
                        splitTypes: list(text),
                        tags: list(text),
                    }),
                },
                "metadata",
            ),
        },
        "registry",
    ),
    status: object({
        path: text,
        versions: list(object(texts("objectName", "version"), "objectName", "version")),
        conditions,
    }),
});

const datasetVersion = definition({
    kind: "DatasetVersion",
    plural: "datasetversions",
    shortNames: ["dv", "dvs"],
    columns: [
        column("Dataset", ".spec.dataset"),
        column("Version", ".spec.version"),
        column("VolumeSnapshot", ".status.publishStatus.snapshotName"),
        age,
    ],
    spec: object(
        {
            ...texts("dataset", "version"),
            publish: flag,
            copyFrom: object(texts("namespace", "dataset", "version"), "dataset", "namespace", "version"),
        },
        "dataset",
        "version",
    ),
    status: object(
        {
            ...texts("registry", "rootPath"),
            publishStatus: snapshotting,
            conditions,
        },
        "registry",
        "rootPath",
    ),
});

const localModel = definition({
    kind: "LocalModel",
    plural: "localmodels",
    columns: [
        registryColumn,
        column("ModelName", ".spec.modelName"),
        column("DefaultVersion", ".status.defaultVersion", "integer"),
        column("DefaultVersionName", ".status.defaultVersionName"),
        age,
    ],
    spec: object(texts("registry", "modelName", "defaultVersion"), "modelName", "registry"),
    status: object({ defaultVersion: integer, defaultVersionName: text, conditions }),
});

const localModelVersion = definition({
    kind: "LocalModelVersion",
    plural: "localmodelversions",
    columns: [
        column("LocalModel", ".spec.localModel"),
        { ...column("Version", ".status.version", "integer"), priority: 8 },
        column("VolumeSnapshot", ".status.volumeSnapshot"),
        age,
    ],
    spec: object({ localModel: text }, "localModel"),
    status: object(
        { version: integer, volumeSnapshot: text, snapshottingStatus: snapshotting, conditions },
        "version",
    ),
});

const dataCollection = definition({
    kind: "DataCollection",
    plural: "datacollections",
    shortNames: ["dc", "dcs"],
    group: "agent.llmos.ai",
    columns: [registryColumn, age],
    spec: object({ registry: text }, "registry"),
    status: object(
        {
            rootPath: text,
            files: list(
                object(
                    {
                        ...texts("uid", "name", "path", "etag", "contentType"),
                        size: { type: "integer", format: "int64" },
                        lastModified: moment,
                    },
                    "contentType",
                    "etag",
                    "lastModified",
                    "name",
                    "path",
                    "size",
                    "uid",
                ),
            ),
            conditions,
        },
        "rootPath",
    ),
});

/** What a cluster with storage has beside LLMOS, and its operator uses. */
export const storageDefinitions: object[] = [volumeSnapshot];

/**
 * The definitions to apply to an empty API server: Registry, Model, Dataset, DatasetVersion, LocalModel and
 * LocalModelVersion of ml.llmos.ai/v1 and DataCollection of agent.llmos.ai/v1.
 */
export const customResourceDefinitions: object[] = [
    registry,
    model,
    dataset,
    datasetVersion,
    localModel,
    localModelVersion,
    dataCollection,
];

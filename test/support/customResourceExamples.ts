/**
 * One object of each LLMOS kind with every field that its schema knows. Tests take fields away from it and put wrong
 * ones in.
 */
export interface Example {
    plural: string;
    kind: string;
    group: string;
    namespaced: boolean;
    spec: Record<string, unknown>;
    status: Record<string, unknown>;
}

const conditions = [
    {
        type: "ready",
        status: "True",
        reason: "Checked",
        message: "all is well",
        lastUpdateTime: "2026-01-02T03:04:05Z",
        lastTransitionTime: "2026-01-02T03:04:05Z",
    },
];

const ml = { group: "ml.llmos.ai", namespaced: true };

export const examples: Example[] = [
    {
        ...ml,
        namespaced: false,
        kind: "Registry",
        plural: "registries",
        spec: {
            backendType: "S3",
            s3Config: {
                useSSL: true,
                endpoint: "s3.example.com:5000",
                bucket: "models",
                accessCredentialSecretName: "keys",
            },
        },
        status: { storageAddress: "https://models.s3.example.com:5000/", conditions },
    },
    {
        ...ml,
        kind: "Model",
        plural: "models",
        spec: {
            registry: "models",
            modelCard: {
                description: "A model",
                metadata: {
                    baseModel: "base",
                    evaluationResults: "good",
                    framework: "torch",
                    language: "en",
                    libraryName: "transformers",
                    libraryVersion: "4",
                    license: "apache-2.0",
                    trainingData: "all",
                    cpu: true,
                    gpu: false,
                    datasets: ["one"],
                    metrics: ["accuracy"],
                    tags: ["chat"],
                },
            },
        },
        status: { path: "models/default/example", conditions },
    },
    {
        ...ml,
        kind: "Dataset",
        plural: "datasets",
        spec: {
            registry: "models",
            datasetCard: {
                description: "A dataset",
                metadata: {
                    citation: "none",
                    contact: "someone",
                    downloadUrl: "https://example.com",
                    homepage: "https://example.com",
                    language: "en",
                    license: "cc0",
                    numSamples: 3,
                    authors: ["someone"],
                    features: ["text"],
                    splitTypes: ["train"],
                    tags: ["small"],
                },
            },
        },
        status: {
            path: "datasets/default/example",
            versions: [{ objectName: "example-v1", version: "v1" }],
            conditions,
        },
    },
    {
        ...ml,
        kind: "DatasetVersion",
        plural: "datasetversions",
        spec: {
            dataset: "example",
            version: "v2",
            publish: true,
            copyFrom: { namespace: "default", dataset: "example", version: "v1" },
        },
        status: {
            registry: "models",
            rootPath: "datasets/default/example/v2",
            publishStatus: {
                phase: "Ready",
                message: "published",
                jobName: "job",
                pvcName: "claim",
                snapshotName: "snapshot",
                lastTransitionTime: "2026-01-02T03:04:05Z",
            },
            conditions,
        },
    },
    {
        ...ml,
        kind: "LocalModel",
        plural: "localmodels",
        spec: { registry: "huggingface", modelName: "someone/model", defaultVersion: "v1" },
        status: { defaultVersion: 1, defaultVersionName: "example-v1", conditions },
    },
    {
        group: "agent.llmos.ai",
        namespaced: true,
        kind: "DataCollection",
        plural: "datacollections",
        spec: { registry: "models" },
        status: {
            rootPath: "datacollections/default/example",
            files: [
                {
                    uid: "0123",
                    name: "file.txt",
                    path: "datacollections/default/example/file.txt",
                    etag: "4567",
                    contentType: "text/plain",
                    size: 12,
                    lastModified: "2026-01-02T03:04:05Z",
                },
            ],
            conditions,
        },
    },
];

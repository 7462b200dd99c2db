import type { KubernetesObject } from "../kubernetes/objects";

/** The parts of the objects of ml.llmos.ai/v1 that the operator reads and writes. */
export interface LlmosObject extends KubernetesObject {
    status?: Conditional;
}

export interface Conditional {
    conditions?: Condition[];
}

export interface Condition {
    type: string;
    status: string;
    message?: string;
    lastUpdateTime?: string;
}

export interface Registry extends LlmosObject {
    spec?: {
        s3Config?: {
            endpoint: string;
            bucket: string;
            useSSL: boolean;
            accessCredentialSecretName: string;
        };
    };
    status?: Conditional & { storageAddress?: string };
}

// The definitions let a spec be left out of the following; admission then finds what it names empty.

export interface Model extends LlmosObject {
    spec: { registry: string };
    status?: Conditional & { path?: string };
}

export interface Dataset extends Model {
    status?: Conditional & { path?: string; versions?: Version[] };
}

export interface Version {
    objectName: string;
    version: string;
}

export interface DatasetVersion extends LlmosObject {
    spec: { dataset: string; version: string; publish?: boolean; copyFrom?: CopyFrom };
    status?: DatasetVersionStatus;
}

export interface LocalModel extends LlmosObject {
    spec: { registry: string; modelName: string; defaultVersion?: string };
}

export interface LocalModelVersion extends LlmosObject {
    spec: { localModel: string };
}

export interface CopyFrom {
    namespace: string;
    dataset: string;
    version: string;
}

export interface DatasetVersionStatus extends Conditional {
    registry: string;
    rootPath: string;
    publishStatus: PublishStatus;
}

export interface PublishStatus {
    phase?: string;
    message?: string;
    lastTransitionTime?: string;
    pvcName?: string;
    jobName?: string;
    snapshotName?: string;
}

/** What an API server, and a cache like one, says of an object that is not there. */
export function notFound(plural: string, name: string): Error {
    return new Error(`${plural}.ml.llmos.ai "${name}" not found`);
}

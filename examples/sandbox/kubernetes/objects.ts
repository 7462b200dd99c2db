/** The parts of an object that every kind has. */
export interface KubernetesObject {
    apiVersion?: string;
    kind?: string;
    metadata: {
        name: string;
        namespace?: string;
        uid?: string;
        resourceVersion?: string;
        creationTimestamp?: string;
        deletionTimestamp?: string;
        finalizers?: string[];
        annotations?: Record<string, string>;
        labels?: Record<string, string>;
        ownerReferences?: OwnerReference[];
    };
}

/** An object without which the one that refers to it is not to be. */
export interface OwnerReference {
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
}

/** How queues and caches call an object. */
export function keyOf({ metadata: { namespace, name } }: KubernetesObject): string {
    return namespace ? `${namespace}/${name}` : name;
}

/** A time as Go and Kubernetes write it. */
export function goTime(time: Date): string {
    return time.toISOString().replace(/\.\d+/, "");
}

/** The objects of LLMOS that this provider reads and writes, and where they live in the API. */
import type { KubernetesObject } from "../kubernetes/cluster";
import type { ObjectRef } from "../kubernetes/objectRef";

/** Namespace in which the LLMOS operator looks for credential Secrets. */
export const SYSTEM_NAMESPACE = "llmos-system";

/** Annotation of the one registry that new models and datasets use. */
export const DEFAULT_ANNOTATION = "ml.llmos.ai/is-default-registry";

/** Annotation that the LLMOS page shows as the description. */
export const DESCRIPTION_ANNOTATION = "field.llmos.ai/description";

/** The same for the default flag, which is a mark on a Registry that may be somebody else's. */
export const DEFAULT_INSTANCE_ANNOTATION = "pulumi-llmos/default-instance";

/** Annotation with endpoint and bucket as we last wrote them: where the content of models and datasets lies. */
export const STORAGE_ANNOTATION = "pulumi-llmos/storage";

/** Keys of a credential Secret, as the operator reads them. */
export const ACCESS_KEY_ID = "accessKeyID";
export const SECRET_ACCESS_KEY = "accessKeySecret";

/** An object that the operator judges by conditions. */
export interface Conditioned extends KubernetesObject {
    status?: { conditions?: Condition[] };
}

/** `ml.llmos.ai/v1 Registry`, as far as it is used. */
export interface RegistryResource extends Conditioned {
    spec?: {
        backendType?: string;
        s3Config?: {
            useSSL?: boolean;
            endpoint?: string;
            bucket?: string;
            accessCredentialSecretName?: string;
        };
    };
    status?: {
        storageAddress?: string;
        conditions?: Condition[];
    };
}

/** One condition, as the LLMOS operator writes it. */
export interface Condition {
    /** What it says something of, for example `accessible` or `ready`. */
    type: string;
    /** `True`, `False` or `Unknown`. */
    status: string;
    /** The operator's words. */
    message?: string;
    /** When status or message last changed, ISO 8601. */
    lastUpdateTime?: string;
}

/** A Secret; `data` holds base64. */
export interface SecretResource extends KubernetesObject {
    type?: string;
    immutable?: boolean;
    data?: Record<string, string>;
}

export const REGISTRIES = "/apis/ml.llmos.ai/v1/registries";

export function registryPath(name: string): string {
    return `${REGISTRIES}/${name}`;
}

export function registryRef(name: string): ObjectRef {
    return { apiVersion: "ml.llmos.ai/v1", kind: "Registry", collection: REGISTRIES, name };
}

export function secretPath(namespace: string, name: string): string {
    return `/api/v1/namespaces/${namespace}/secrets/${name}`;
}

export function secretRef(namespace: string, name: string): ObjectRef {
    const collection = `/api/v1/namespaces/${namespace}/secrets`;
    return { apiVersion: "v1", kind: "Secret", collection, namespace, name };
}

/** The condition of that type; undefined as long as there is none. */
export function conditionOf(object: Conditioned, type: string): Condition | undefined {
    return object.status?.conditions?.find((condition) => condition.type === type);
}

/** The operator's verdict on a Registry; undefined as long as there is none. */
export function accessible(registry: RegistryResource): Condition | undefined {
    return conditionOf(registry, "accessible");
}

export function isDefault(registry: RegistryResource): boolean {
    return registry.metadata.annotations?.[DEFAULT_ANNOTATION] === "true";
}

/** Active or Inactive, as the LLMOS page shows it. */
export function stateOf(registry: RegistryResource): "Active" | "Inactive" {
    return accessible(registry)?.status === "True" ? "Active" : "Inactive";
}

import { ApiClient, orUndefined } from "./apiClient";
import type { KubernetesObject } from "./objects";

/** What the stand-ins ask of an API server. */
export interface Cluster {
    objects<T extends KubernetesObject>(resource: Resource): ObjectClient<T>;
}

/** A resource of the API: `group` is empty for the core group. */
export interface Resource {
    readonly group: string;
    readonly version: string;
    readonly plural: string;
}

const core = { group: "", version: "v1" };
const llmos = { group: "ml.llmos.ai", version: "v1" };
const admission = { group: "admissionregistration.k8s.io", version: "v1" };

/** The resources that the stand-ins work with. */
export const resources = {
    namespaces: { ...core, plural: "namespaces" },
    secrets: { ...core, plural: "secrets" },
    configMaps: { ...core, plural: "configmaps" },
    persistentVolumeClaims: { ...core, plural: "persistentvolumeclaims" },
    serviceAccounts: { ...core, plural: "serviceaccounts" },
    clusterRoleBindings: { group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterrolebindings" },
    jobs: { group: "batch", version: "v1", plural: "jobs" },
    volumeSnapshots: { group: "snapshot.storage.k8s.io", version: "v1", plural: "volumesnapshots" },
    storageClasses: { group: "storage.k8s.io", version: "v1", plural: "storageclasses" },
    leases: { group: "coordination.k8s.io", version: "v1", plural: "leases" },
    customResourceDefinitions: {
        group: "apiextensions.k8s.io",
        version: "v1",
        plural: "customresourcedefinitions",
    },
    registries: { ...llmos, plural: "registries" },
    models: { ...llmos, plural: "models" },
    datasets: { ...llmos, plural: "datasets" },
    localModels: { ...llmos, plural: "localmodels" },
    localModelVersions: { ...llmos, plural: "localmodelversions" },
    datasetVersions: { ...llmos, plural: "datasetversions" },
    validatingWebhooks: { ...admission, plural: "validatingwebhookconfigurations" },
    mutatingWebhooks: { ...admission, plural: "mutatingwebhookconfigurations" },
} satisfies Record<string, Resource>;

/** The objects of one kind, in all namespaces if it has any. A refusal of the server is thrown as an `ApiFailure`. */
export interface ObjectClient<T extends KubernetesObject> {
    readonly plural: string;
    get(name: string, namespace?: string): Promise<T | undefined>;
    /** All objects, and the resource version from which to watch on. */
    list(): Promise<{ items: T[]; resourceVersion: string }>;
    /** Calls back for each change; ends when the watch does, for whatever reason. */
    watch(
        resourceVersion: string,
        onEvent: (type: string, object: T) => void,
        signal: AbortSignal,
    ): Promise<void>;
    create(object: T): Promise<T>;
    /** Asks whether an object would be taken, without making it. */
    tryCreate(object: T): Promise<T>;
    /** Everything but the status. Refused with a conflict when the object has changed since it was read. */
    write(object: T): Promise<T>;
    /** The status alone. Refused with a conflict when the object has changed since it was read. */
    writeStatus(object: T): Promise<T>;
    /**
     * Deletes an object; no failure when there is none.
     *
     * @param options DeleteOptions of the API; by default the server decides what becomes of dependents.
     */
    delete(name: string, namespace?: string, options?: object): Promise<void>;
}

/** The cluster of a sandbox. */
export async function connectCluster(kubeconfigFile: string): Promise<Cluster> {
    const api = await ApiClient.of(kubeconfigFile);
    return { objects: (resource) => objectClient(api, resource) };
}

function objectClient<T extends KubernetesObject>(api: ApiClient, resource: Resource): ObjectClient<T> {
    const { group, version, plural } = resource;
    const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    const path = (namespace: string | undefined, ...name: string[]) => {
        const within = namespace === undefined ? [] : ["namespaces", namespace];
        return [root, ...[...within, plural, ...name].map(encodeURIComponent)].join("/");
    };
    const all = path(undefined);
    return {
        plural,
        async get(name, namespace) {
            // An empty name would list all of them instead.
            return name === "" ? undefined : orUndefined(api.ask<T>("GET", path(namespace, name)));
        },
        async list() {
            const answer = await api.ask<{ items: T[]; metadata: { resourceVersion: string } }>("GET", all);
            return { items: answer.items, resourceVersion: answer.metadata.resourceVersion };
        },
        watch(resourceVersion, onEvent, signal) {
            const since = `${all}?watch=true&resourceVersion=${resourceVersion}`;
            return api.watch(since, ({ type, object }) => onEvent(type, object as T), signal);
        },
        create: (body) => api.ask("POST", path(body.metadata.namespace), body),
        tryCreate: (body) => api.ask("POST", `${path(body.metadata.namespace)}?dryRun=All`, body),
        write: (body) => api.ask("PUT", path(body.metadata.namespace, body.metadata.name), body),
        writeStatus: (body) =>
            api.ask("PUT", path(body.metadata.namespace, body.metadata.name, "status"), body),
        async delete(name, namespace, options) {
            await orUndefined(api.ask("DELETE", path(namespace, name), options));
        },
    };
}

import type { ApiException, CustomObjectsApi, Watch } from "@kubernetes/client-node" with {
    "resolution-mode": "import",
};
import type { SecretReader } from "./backend";
import type { LlmosObject } from "./objects";

/** What the stand-in asks of an API server. */
export interface Cluster {
    readSecret: SecretReader;
    objects<T extends LlmosObject>(plural: string): ObjectClient<T>;
    /** For what is no object of LLMOS. */
    readonly custom: CustomObjectsApi;
}

/** The objects of one kind, in all namespaces if it has any. */
export interface ObjectClient<T extends LlmosObject> {
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
    /** Everything but the status. Refused with a conflict when the object has changed since it was read. */
    write(object: T): Promise<T>;
    /** The status alone. Refused with a conflict when the object has changed since it was read. */
    writeStatus(object: T): Promise<T>;
}

const api = { group: "ml.llmos.ai", version: "v1" };

/** A cluster reached through the current context of a kubeconfig file. */
export async function connectCluster(kubeconfigFile: string): Promise<Cluster> {
    const { CoreV1Api, CustomObjectsApi, KubeConfig, Watch } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigFile);
    const core = config.makeApiClient(CoreV1Api);
    const custom = config.makeApiClient(CustomObjectsApi);
    const watcher = new Watch(config);

    return {
        async readSecret(name) {
            // An empty name would list the namespace instead.
            if (name === "") return undefined;
            const secret = await orUndefined(core.readNamespacedSecret({ namespace: "llmos-system", name }));
            const entries = Object.entries(secret?.data ?? {});
            return (
                secret &&
                Object.fromEntries(
                    entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
                )
            );
        },
        objects: (plural) => objectClient(plural, custom, watcher),
        custom,
    };
}

function objectClient<T extends LlmosObject>(
    plural: string,
    custom: CustomObjectsApi,
    watcher: Watch,
): ObjectClient<T> {
    const kind = { ...api, plural };
    const place = ({ metadata: { namespace = "", name } }: T) => ({ ...kind, namespace, name });
    return {
        plural,
        async get(name, namespace) {
            // An empty name would list all of them instead.
            if (name === "") return undefined;
            return orUndefined(
                namespace === undefined
                    ? custom.getClusterCustomObject({ ...kind, name })
                    : custom.getNamespacedCustomObject({ ...kind, namespace, name }),
            );
        },
        async list() {
            const { items, metadata } = await custom.listClusterCustomObject(kind);
            return { items, resourceVersion: metadata.resourceVersion };
        },
        async watch(resourceVersion, onEvent, signal) {
            await new Promise<void>((resolve) => {
                const path = `/apis/${api.group}/${api.version}/${plural}`;
                void watcher
                    .watch(path, { resourceVersion }, onEvent, () => resolve())
                    .then((request) => {
                        if (signal.aborted) request.abort();
                        signal.addEventListener("abort", () => request.abort(), { once: true });
                    });
            });
        },
        write: (body) =>
            answer(
                body.metadata.namespace
                    ? custom.replaceNamespacedCustomObject({ ...place(body), body })
                    : custom.replaceClusterCustomObject({ ...place(body), body }),
            ),
        writeStatus: (body) =>
            answer(
                body.metadata.namespace
                    ? custom.replaceNamespacedCustomObjectStatus({ ...place(body), body })
                    : custom.replaceClusterCustomObjectStatus({ ...place(body), body }),
            ),
    };
}

/** The client's own message holds headers that differ each time, and would end up in a status. */
export async function answer<T>(asked: Promise<T>): Promise<T> {
    try {
        return await asked;
    } catch (error) {
        const { code, body } = error as Partial<ApiException<string>>;
        if (code === undefined) throw error;
        throw Object.assign(new Error(messageOf(body) ?? `HTTP ${code}`), { code });
    }
}

/** What is asked for, unless there is no such thing. */
export async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
    try {
        return await answer(asked);
    } catch (error) {
        if ((error as { code?: unknown }).code === 404) return undefined;
        throw error;
    }
}

function messageOf(body: unknown): string | undefined {
    try {
        const status = typeof body === "string" ? JSON.parse(body) : body;
        return (status as { message?: string } | undefined)?.message;
    } catch {
        return undefined;
    }
}

import type { SecretReader } from "./access";
import type { Registry } from "./registry";

/** What the stand-in asks of an API server. */
export interface Cluster {
    readSecret: SecretReader;
    /** All Registries, and the resource version from which to watch on. */
    list(): Promise<{ registries: Registry[]; resourceVersion: string }>;
    /** Calls back for each change; ends when the watch does, for whatever reason. */
    watch(
        resourceVersion: string,
        onEvent: (type: string, registry: Registry) => void,
        signal: AbortSignal,
    ): Promise<void>;
    /** Refused with a conflict when the Registry has changed since it was read. */
    writeStatus(registry: Registry): Promise<void>;
}

const registries = { group: "ml.llmos.ai", version: "v1", plural: "registries" };

/** A cluster reached through the current context of a kubeconfig file. */
export async function connectCluster(kubeconfigFile: string): Promise<Cluster> {
    const { ApiException, CoreV1Api, CustomObjectsApi, KubeConfig, Watch } = await import(
        "@kubernetes/client-node"
    );
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigFile);
    const core = config.makeApiClient(CoreV1Api);
    const custom = config.makeApiClient(CustomObjectsApi);
    const watcher = new Watch(config);

    return {
        async readSecret(name) {
            // An empty name would list the namespace instead.
            if (name === "") return undefined;
            try {
                const secret = await core.readNamespacedSecret({ namespace: "llmos-system", name });
                const entries = Object.entries(secret.data ?? {});
                return Object.fromEntries(
                    entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
                );
            } catch (error) {
                if (!(error instanceof ApiException)) throw error;
                if (error.code === 404) return undefined;
                // The client's own message holds headers that differ each time, and would end up in the status.
                throw new Error(`HTTP ${error.code}`);
            }
        },
        async list() {
            const { items, metadata } = await custom.listClusterCustomObject(registries);
            return { registries: items, resourceVersion: metadata.resourceVersion };
        },
        async watch(resourceVersion, onEvent, signal) {
            await new Promise<void>((resolve) => {
                const path = `/apis/${registries.group}/${registries.version}/${registries.plural}`;
                void watcher
                    .watch(path, { resourceVersion }, onEvent, () => resolve())
                    .then((request) => {
                        if (signal.aborted) request.abort();
                        signal.addEventListener("abort", () => request.abort(), { once: true });
                    });
            });
        },
        async writeStatus(registry) {
            const { name } = registry.metadata;
            await custom.replaceClusterCustomObjectStatus({ ...registries, name, body: registry });
        },
    };
}

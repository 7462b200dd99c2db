import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig, KubernetesObject } from "@kubernetes/client-node" with {
    "resolution-mode": "import",
};
import { customResourceDefinitions, storageDefinitions } from "./crds";
import { SandboxProblem } from "./problem";

/** The namespace in which LLMOS keeps the Secrets of its registries. */
export const LLMOS_NAMESPACE = "llmos-system";

const ESTABLISHED_TIMEOUT = 20_000;

/** Makes the namespace of LLMOS in a cluster. */
export async function createLlmosNamespace(kubeconfigFile: string): Promise<void> {
    const { CoreV1Api } = await import("@kubernetes/client-node");
    const core = (await loadKubeconfig(kubeconfigFile)).makeApiClient(CoreV1Api);
    await core.createNamespace({ body: { metadata: { name: LLMOS_NAMESPACE } } });
}

/** Applies the custom resource definitions of LLMOS and of the storage that it uses, and waits until the cluster serves all of them. */
export async function applyCustomResources(kubeconfigFile: string): Promise<void> {
    const { CustomObjectsApi } = await import("@kubernetes/client-node");
    const api = (await loadKubeconfig(kubeconfigFile)).makeApiClient(CustomObjectsApi);
    const objects = [...customResourceDefinitions, ...storageDefinitions] as KubernetesObject[];
    // The client's typed API knows "enum" only as "_enum" and would drop it from the schemas.
    const kind = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
    await Promise.all(objects.map((body) => api.createClusterCustomObject({ ...kind, body })));
    const waitings = objects.map(({ metadata }) =>
        established(() => api.getClusterCustomObject({ ...kind, name: metadata?.name ?? "" })),
    );
    const names = (await Promise.all(waitings)).filter((name) => name !== undefined);
    if (names.length > 0) {
        throw new SandboxProblem({
            found: `the API server does not serve these custom resources after ${ESTABLISHED_TIMEOUT / 1000} s`,
            where: names.join(", "),
            why: "without them there is nothing that a registry could be declared as",
            next: "check examples/sandbox/crds.ts for a mistake, and the log of kube-apiserver for what it says of it",
        });
    }
}

async function loadKubeconfig(file: string): Promise<KubeConfig> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromFile(file);
    return kubeconfig;
}

interface Conditions {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** The name of a definition that is not served in time. */
async function established(read: () => Promise<KubernetesObject>): Promise<string | undefined> {
    const deadline = Date.now() + ESTABLISHED_TIMEOUT;
    for (;;) {
        const object = await read();
        const conditions = (object as Conditions).status?.conditions ?? [];
        if (conditions.some(({ type, status }) => type === "Established" && status === "True")) {
            return undefined;
        }
        if (Date.now() > deadline) {
            return object.metadata?.name;
        }
        await sleep(50);
    }
}

import { setTimeout as sleep } from "node:timers/promises";
import { customResourceDefinitions, storageDefinitions } from "./crds";
import { connectCluster, resources } from "./kubernetes/cluster";
import type { KubernetesObject } from "./kubernetes/objects";
import { SandboxProblem } from "./problem";

/** The namespace in which LLMOS keeps the Secrets of its registries. */
export const LLMOS_NAMESPACE = "llmos-system";

const ESTABLISHED_TIMEOUT = 20_000;

/** Makes the namespace of LLMOS in a cluster. */
export async function createLlmosNamespace(kubeconfigFile: string): Promise<void> {
    const cluster = await connectCluster(kubeconfigFile);
    await cluster.objects(resources.namespaces).create({ metadata: { name: LLMOS_NAMESPACE } });
}

/** Applies the custom resource definitions of LLMOS and of its storage, and waits until the cluster serves them. */
export async function applyCustomResources(kubeconfigFile: string): Promise<void> {
    const definitions = (await connectCluster(kubeconfigFile)).objects<KubernetesObject & Conditions>(
        resources.customResourceDefinitions,
    );
    const objects = [...customResourceDefinitions, ...storageDefinitions] as KubernetesObject[];
    await Promise.all(objects.map((object) => definitions.create(object)));
    const waitings = objects.map(({ metadata: { name } }) => established(name, () => definitions.get(name)));
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

interface Conditions {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** The name of a definition that is not served in time. */
async function established(
    name: string,
    read: () => Promise<Conditions | undefined>,
): Promise<string | undefined> {
    for (const deadline = Date.now() + ESTABLISHED_TIMEOUT; ; await sleep(50)) {
        const conditions = (await read())?.status?.conditions ?? [];
        if (conditions.some(({ type, status }) => type === "Established" && status === "True")) {
            return undefined;
        }
        if (Date.now() > deadline) return name;
    }
}

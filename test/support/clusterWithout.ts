/**
 * The sandbox's cluster as if something of LLMOS were not in it: a proxy asks the API server for a name that it does not
 * have in place of the one that is to be missing, so that the answer is a real API server's. What lists all names would
 * hold the missing one, and gets no answer: a test that comes to need it fails.
 */
import type { SandboxDetails } from "../../examples/sandbox";
import type { Exchange } from "./faults";
import { Recorder } from "./recorder";

const NAMES = { groups: "llmos.ai", namespace: "llmos-system" } as const;
const LISTS =
    /^\/(apis?|openapi\/.*|api\/v1\/namespaces|apis\/apiextensions\.k8s\.io\/v1\/customresourcedefinitions)\/?(\?|$)/;

export interface ClusterWithout {
    /** As content. */
    readonly kubeconfig: string;
    readonly url: string;
    stop(): Promise<void>;
}

/** Without all kinds of LLMOS (`groups`), or without the namespace of its operator. */
export async function clusterWithout(
    sandbox: SandboxDetails,
    missing: keyof typeof NAMES,
): Promise<ClusterWithout> {
    const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
    recorder.faults.set(({ incoming, reset, forward }: Exchange) => {
        const { url = "" } = incoming;
        if (LISTS.test(url)) {
            return reset();
        }
        incoming.url = url.replaceAll(NAMES[missing], "nowhere");
        forward();
    });
    return { kubeconfig, url: `https://localhost:${recorder.port}`, stop: () => recorder.stop() };
}

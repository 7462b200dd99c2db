/**
 * A STAND-IN for the Registry controller of the LLMOS operator (llmos-ai/llmos-operator @ f29d5b9). It is not the
 * operator and holds none of its code: it does what the real one was seen to do when it was run against a real API
 * server, to the word of its messages, for Registries only. test/integration/operatorStandIn.test.ts holds it to that.
 */
import { createSecureContext, rootCertificates } from "node:tls";
import { checkAccess } from "./operator/access";
import { connectCluster } from "./operator/cluster";
import { withVerdict } from "./operator/registry";
import { RegistryCache } from "./operator/registryCache";
import { WorkQueue } from "./operator/workQueue";

/**
 * Starts the stand-in in this process, for the cluster of the kubeconfig's current context.
 *
 * As in the real operator five Registries are checked at a time, a Registry is checked when it changes and, while it
 * is not accessible, again and again; a Secret's change alone sets off nothing.
 *
 * @param options.s3CaBundle PEM content of authorities to trust beside the well-known ones, as if they were installed
 * on every node.
 */
export async function startStandInOperator(options: {
    kubeconfigFile: string;
    s3CaBundle: string;
    log?: (line: string) => void;
}): Promise<{ stop(): Promise<void> }> {
    const { log = () => {} } = options;
    const cluster = await connectCluster(options.kubeconfigFile);
    // Made once: reading the well-known authorities takes longer than the rest of a check.
    const trust = createSecureContext({
        ca: [...rootCertificates, options.s3CaBundle].filter(Boolean),
        minVersion: "TLSv1.2",
    });
    const ending = new AbortController();
    const { signal } = ending;

    async function reconcile(name: string): Promise<boolean> {
        const registry = cache.get(name);
        if (!registry || registry.metadata.deletionTimestamp) return true;
        const verdict = await checkAccess(registry, cluster.readSecret, trust, signal);
        const changed = withVerdict(registry, verdict);
        if (changed && !signal.aborted) {
            log(`registry ${name}: ${verdict.message}`);
            await cluster.writeStatus(changed);
        }
        return verdict.storageAddress !== undefined;
    }

    const queue = new WorkQueue(reconcile, 5);
    const cache = new RegistryCache(cluster, (name) => queue.add(name), log, signal);
    const following = cache.follow();
    return {
        async stop() {
            queue.stop();
            ending.abort();
            await following;
        },
    };
}

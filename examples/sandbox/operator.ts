/**
 * A STAND-IN for the LLMOS operator (llmos-ai/llmos-operator @ f29d5b9), for Registries, Models, Datasets and
 * DatasetVersions only. It is not the operator and holds none of its code: it does what the real one was seen to do
 * when it was run against a real API server, and what its source says where it was not run, to the word of its
 * messages. test/integration/operatorStandIn*.test.ts hold it to that.
 */
import { setMaxListeners } from "node:events";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { startAdmission } from "./operator/admission/admission";
import { Backends } from "./operator/backend";
import { type Cluster, connectCluster, type ObjectClient } from "./operator/cluster";
import { Controller, type Handler } from "./operator/controller";
import { Datasets } from "./operator/datasets";
import { datasetVersionHandler } from "./operator/datasetVersion";
import type { Dataset, DatasetVersion, LlmosObject, Model, Registry } from "./operator/objects";
import { registryHandler } from "./operator/registry";
import { storageRootHandler } from "./operator/storageRoot";

/**
 * Starts the stand-in in this process, for the cluster of the kubeconfig's current context.
 *
 * As in the real operator five objects of a kind are looked at at a time; one is looked at when it changes and, while
 * something hinders it, again and again; the change of another that it depends on, or of a Secret, sets off nothing.
 *
 * @param options.s3CaBundle PEM content of authorities to trust beside the well-known ones, as if they were installed
 * on every node.
 */
export async function startStandInOperator(options: {
    kubeconfigFile: string;
    s3CaBundle: string;
    log?: (line: string) => void;
}): Promise<{ stop(): Promise<void> }> {
    const cluster = await connectCluster(options.kubeconfigFile);
    // Made once: reading the well-known authorities takes longer than the rest of a check.
    const trust = createSecureContext({
        ca: [...rootCertificates, options.s3CaBundle].filter(Boolean),
        minVersion: "TLSv1.2",
    });
    const ending = new AbortController();
    // Every watch and every object that is just looked at listens.
    setMaxListeners(0, ending.signal);
    const signal = ending.signal;
    const { log = () => {} } = options;
    const { controllers, backends, clients } = controllersOf(cluster, trust, log, signal);
    const filled = Promise.all(controllers.map(({ cache }) => cache.synced));
    const running = Promise.all(controllers.map((controller) => controller.run(filled)));
    const endControllers = async () => {
        ending.abort();
        await running;
    };
    try {
        const admission = await startAdmission(cluster.custom, { ...clients, backends });
        return {
            async stop() {
                // An API server that does not answer any more asks no webhook either.
                await admission.stop().catch((error) => log(`webhooks: ${(error as Error).message}`));
                await endControllers();
            },
        };
    } catch (error) {
        await endControllers();
        throw error;
    }
}

function controllersOf(
    cluster: Cluster,
    trust: SecureContext,
    log: (line: string) => void,
    signal: AbortSignal,
) {
    const control = <T extends LlmosObject>(client: ObjectClient<T>, handler: Handler<T>) =>
        new Controller(client, handler, log, signal);
    const clients = {
        registries: cluster.objects<Registry>("registries"),
        datasets: cluster.objects<Dataset>("datasets"),
    };
    const backends = new Backends(cluster.readSecret, trust, signal, (name) => registries.cache.get(name));
    const registries: Controller<Registry> = control(clients.registries, registryHandler(backends));
    const models = control(cluster.objects<Model>("models"), storageRootHandler("model", backends));
    const datasets = control(clients.datasets, storageRootHandler("dataset", backends));
    const versions = control(
        cluster.objects<DatasetVersion>("datasetversions"),
        datasetVersionHandler(backends, new Datasets(datasets.cache, clients.datasets, signal)),
    );
    return { controllers: [registries, models, datasets, versions], backends, clients };
}

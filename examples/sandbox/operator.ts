/**
 * A STAND-IN for the LLMOS operator (llmos-ai/llmos-operator @ f29d5b9), for Registries, Models, Datasets and
 * DatasetVersions only. It is not the operator and holds none of its code: it does what the real one was seen to do
 * when it was run against a real API server, and what its source says where it was not run, to the word of its
 * messages. test/integration/operatorStandIn*.test.ts hold it to that.
 */
import { setMaxListeners } from "node:events";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { type Cluster, connectCluster, resources } from "./kubernetes/cluster";
import { type Controller, runAll, type Surroundings } from "./kubernetes/controller";
import { startAdmission } from "./operator/admission/admission";
import { Backends, secretReader } from "./operator/backend";
import { Datasets } from "./operator/datasets";
import { datasetVersionHandler } from "./operator/datasetVersion";
import type { Dataset, DatasetVersion, Model, Registry } from "./operator/objects";
import { Publication } from "./operator/publication";
import { reconciling } from "./operator/reconciler";
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
    const { running, backends, clients } = runControllers(cluster, trust, { log, signal });
    const endControllers = async () => {
        ending.abort();
        await running;
    };
    try {
        const admission = await startAdmission(cluster, { ...clients, backends });
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

function runControllers(cluster: Cluster, trust: SecureContext, surroundings: Surroundings) {
    const { signal } = surroundings;
    const clients = {
        registries: cluster.objects<Registry>(resources.registries),
        models: cluster.objects<Model>(resources.models),
        datasets: cluster.objects<Dataset>(resources.datasets),
        versions: cluster.objects<DatasetVersion>(resources.datasetVersions),
    };
    const backends = new Backends(secretReader(cluster), trust, signal, (name) => registries.cache.get(name));
    const registries: Controller<Registry> = reconciling(
        clients.registries,
        registryHandler(backends),
        surroundings,
    );
    const models = reconciling(clients.models, storageRootHandler("model", backends), surroundings);
    const datasets = reconciling(clients.datasets, storageRootHandler("dataset", backends), surroundings);
    const publication = new Publication(
        cluster,
        { get: (key) => versions.cache.get(key), writeStatus: clients.versions.writeStatus },
        surroundings,
    );
    const versions: Controller<DatasetVersion> = reconciling(
        clients.versions,
        datasetVersionHandler(backends, new Datasets(datasets.cache, clients.datasets, signal), publication),
        surroundings,
    );
    const running = runAll([registries, models, datasets, versions, ...publication.controllers]);
    return { running, backends, clients };
}

import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { type Cluster, resources } from "../kubernetes/cluster";
import { Controller, runAll, type Surroundings } from "../kubernetes/controller";
import { Backends, type Secret, secretReader } from "./backend";
import { Datasets } from "./datasets";
import { datasetVersionHandler } from "./datasetVersion";
import type { Dataset, DatasetVersion, Model, Registry } from "./objects";
import { Publication } from "./publication";
import { reconciling } from "./reconciler";
import { registryHandler } from "./registry";
import { storageRootHandler } from "./storageRoot";

/**
 * Runs the operator's controllers until the signal comes.
 *
 * As in the real operator five objects of a kind are looked at at a time; one is looked at when it changes and, while
 * something hinders it, again and again; the change of another that it depends on, or of a Secret, sets off nothing.
 */
export async function runControllers(
    cluster: Cluster,
    trust: SecureContext,
    surroundings: Surroundings,
): Promise<void> {
    const { signal } = surroundings;
    const clients = {
        datasets: cluster.objects<Dataset>(resources.datasets),
        versions: cluster.objects<DatasetVersion>(resources.datasetVersions),
    };
    // Looked up only.
    const secrets = new Controller(
        cluster.objects<Secret>(resources.secrets),
        async () => undefined,
        surroundings,
    );
    const backends = new Backends(secretReader(secrets.cache), trust, signal, (name) =>
        registries.cache.get(name),
    );
    const registries: Controller<Registry> = reconciling(
        cluster.objects<Registry>(resources.registries),
        registryHandler(backends),
        surroundings,
    );
    const models = reconciling(
        cluster.objects<Model>(resources.models),
        storageRootHandler("model", backends),
        surroundings,
    );
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
    await runAll([secrets, registries, models, datasets, versions, ...publication.controllers]);
}

/** Whom the operator trusts: the well-known authorities, and those that are as if installed on every node. */
export function trustOf(s3CaBundle: string): SecureContext {
    return createSecureContext({
        ca: [...rootCertificates, s3CaBundle].filter(Boolean),
        minVersion: "TLSv1.2",
    });
}

import type { SecureContext } from "node:tls";
import { type Cluster, type Resource, resources } from "../../kubernetes/cluster";
import { ObjectCache } from "../../kubernetes/objectCache";
import type { KubernetesObject } from "../../kubernetes/objects";
import { type ConfigMap, numberOf, SETTINGS } from "../../standInSettings";
import { Backends, type Secret, secretReader } from "../backend";
import type { Dataset, LocalModel, LocalModelVersion, Model, Registry } from "../objects";
import type { Lookups } from "./rules";

/** What the webhooks look up, kept up to date until the signal comes, as late as the settings say. */
export function followLookups(
    cluster: Cluster,
    trust: SecureContext,
    { log, signal }: { log: (line: string) => void; signal: AbortSignal },
): { lookups: Lookups; synced: Promise<unknown>; following: Promise<unknown> } {
    const caches: ObjectCache<never>[] = [];
    const follow = <T extends KubernetesObject>(resource: Resource, late = lateness) => {
        const cache = new ObjectCache<T>(cluster.objects<T>(resource), () => {}, log, signal, late);
        caches.push(cache as unknown as ObjectCache<never>);
        return cache;
    };
    const settings = follow<ConfigMap>(resources.configMaps, () => 0);
    function lateness({ metadata: { name } }: KubernetesObject): number {
        const { data = {} } = settings.get(`${SETTINGS.namespace}/${SETTINGS.name}`) ?? {};
        try {
            return numberOf(data, [`${name}.webhook-cache-delay`, "webhook-cache-delay"], 0);
        } catch (error) {
            log((error as Error).message);
            return 0;
        }
    }
    const registries = follow<Registry>(resources.registries);
    const secrets = follow<Secret>(resources.secrets);
    const lookups: Lookups = {
        registries,
        models: follow<Model>(resources.models),
        datasets: follow<Dataset>(resources.datasets),
        localModels: follow<LocalModel>(resources.localModels),
        localModelVersions: follow<LocalModelVersion>(resources.localModelVersions),
        storageClasses: follow(resources.storageClasses),
        backends: new Backends(secretReader(secrets), trust, signal, (name) => registries.get(name)),
    };
    return {
        lookups,
        synced: Promise.all(caches.map(({ synced }) => synced)),
        following: Promise.all(caches.map((cache) => cache.follow())),
    };
}

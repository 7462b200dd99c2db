import { type Cluster, resources } from "./kubernetes/cluster";
import type { KubernetesObject } from "./kubernetes/objects";

/**
 * The ConfigMap in which a person or a test says how the stand-ins are to behave; without it they behave as the real
 * ones do when all goes well. Its keys:
 *
 * - `<namespace>.<name>.<step>`, or `<step>` for all: what becomes of a step of a publication (standInCluster/wishes.ts);
 * - `<name>.webhook-cache-delay`, or `webhook-cache-delay` for all: how many milliseconds late the webhooks see a change
 *   of the object of that name. Default: 0, so that they are late by what the API server's own watch takes;
 * - `lease-seconds`: how long an operator that has ended without a word is waited for. Default: 45, as in the real one.
 */
export const SETTINGS = { namespace: "llmos-system", name: "stand-in" };

export type Settings = Readonly<Record<string, string>>;

/** A ConfigMap. */
export interface ConfigMap extends KubernetesObject {
    data?: Record<string, string>;
}

/** Asks the API server for the settings, anew with each call. */
export function settingsReader(cluster: Cluster): () => Promise<Settings> {
    const configMaps = cluster.objects<ConfigMap>(resources.configMaps);
    return async () => (await configMaps.get(SETTINGS.name, SETTINGS.namespace))?.data ?? {};
}

/** A setting that is a number from 0 on, or the default when it is not set. */
export function numberOf(settings: Settings, names: readonly string[], standard: number): number {
    const name = names.find((one) => settings[one] !== undefined);
    if (name === undefined) return standard;
    const value = Number(settings[name]);
    if (value >= 0) return value;
    throw new Error(
        `ConfigMap ${SETTINGS.namespace}/${SETTINGS.name}: ${name} is no number: "${settings[name]}"`,
    );
}

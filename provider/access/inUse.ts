/** Which registries store in a bucket: what tells whether it is in use. */
import type { InCluster } from "../description/arguments";
import type { Context } from "../lifecycle";
import { registriesAt } from "../llmos/registryWriter";
import { ownCluster } from "./cluster";

/** A bucket, and the Registry that it is for. */
interface Stored extends InCluster {
    readonly endpoint: string;
    readonly registry?: string;
}

/**
 * Names of the registries of its cluster that store in the bucket, whoever made them. A bucket that is for no registry,
 * and takes its keys from no cluster, has no cluster to ask. Throws when its cluster cannot be asked: nobody knows then.
 */
export async function registriesIn(context: Context, state: Stored, bucket: string): Promise<string[]> {
    const { registry, endpoint, clusterId } = state;
    if (registry === undefined && clusterId === undefined) {
        return [];
    }
    return await registriesAt(await ownCluster(context, state), { endpoint, bucket });
}

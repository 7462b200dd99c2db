/** Whether a bucket is in use: a bucket bears no mark that could tell, but the Registry that stores in it can. */
import { LlmosError } from "../errors";
import { type InCluster, ownCluster } from "../kubernetes/identity";
import { type RegistryResource, registryPath } from "../kubernetes/objects";
import { storesAt } from "../kubernetes/registryWriter";
import type { Context } from "../lifecycle";
import { known } from "../reading";
import { forgetsUnreachable, isOutOfReach } from "../unreachable";

/** A bucket, and the Registry that it is for. */
interface Stored extends InCluster {
    readonly endpoint: string;
    readonly registry?: string;
}

/**
 * Whether its registry still stores in the bucket. In a destroy the registry goes first; what is deleted while it is there
 * is the rest of a replacement, and was taken over by it.
 */
export async function isStillStored(context: Context, state: Stored, bucket: string): Promise<boolean> {
    const { registry, endpoint } = state;
    if (registry === undefined) {
        return false;
    }
    try {
        const cluster = await ownCluster(context, state);
        const found = known(await cluster.read<RegistryResource>(registryPath(registry)));
        return found !== undefined && storesAt(found, { endpoint, bucket });
    } catch (error) {
        if (error instanceof LlmosError && isOutOfReach(error.finding) && forgetsUnreachable()) {
            return false;
        }
        throw error;
    }
}

/** Which registries store in a bucket: what tells whether it is in use. */
import type { InCluster } from "../description/arguments";
import { type Finding, failure } from "../finding";
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

/** Why something is not deleted that other registries use. */
export function usedFinding(of: {
    /** For example `Secret "keys"`. */
    readonly what: string;
    readonly where: string;
    readonly registries: readonly string[];
    /** What they would lose. */
    readonly why: string;
}): Finding {
    const kind = of.what.split(" ", 1)[0];
    return failure("dependants", {
        found: `The ${of.what} is in use by other registries and is not deleted`,
        where: `${of.where}, Registry ${of.registries.join(", ")}`,
        why: of.why,
        next: `Delete these registries first, or keep the ${kind} and run \`pulumi state delete\` for this resource.`,
    }).finding;
}

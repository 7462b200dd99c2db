/** May this user of the cluster do what is to come? Asked of the API server itself, which stores nothing of it. */

import { clusterName } from "../access/cluster";
import type { ClusterReference } from "../description/arguments";
import { type Finding, failure } from "../finding";
import type { Cluster } from "../kubernetes/cluster";
import type { Context } from "../lifecycle";

/** The rights that a resource needs on one kind of object. */
export interface Permission {
    readonly group: "" | "ml.llmos.ai";
    readonly resource: "registries" | "secrets" | "models" | "datasets" | "datasetversions";
    readonly namespace?: string;
}

/** An object is created where it is not there yet, and patched where it is. */
const VERBS = ["create", "patch"] as const;

/** Asks, once a process, whether objects of this kind may be written. A server that does not say is no finding. */
export function askForPermission(
    context: Context,
    reference: ClusterReference | undefined,
    permission: Permission,
): Promise<Finding[]> {
    const key = `permission ${JSON.stringify(permission)} ${clusterName(reference)}`;
    return context.questions.once(key, async (signal) => {
        const cluster = await context.cluster(reference);
        const answers = await Promise.all(
            VERBS.map(async (verb) => ((await mayI(cluster, verb, permission, signal)) ? [] : [verb])),
        );
        const denied = answers.flat();
        return denied.length > 0 ? [forbidden(cluster, denied, permission)] : [];
    });
}

/** The API server's word (Kubernetes documentation, "Checking API access"); yes where it gives none. */
async function mayI(
    cluster: Cluster,
    verb: string,
    permission: Permission,
    signal: AbortSignal,
): Promise<boolean> {
    const review = await cluster.review({ verb, ...permission }, signal);
    return review?.status?.allowed !== false;
}

function forbidden(cluster: Cluster, verbs: string[], { group, resource, namespace }: Permission): Finding {
    const kind = group === "" ? resource : `${resource}.${group}`;
    return failure("cluster-forbidden", {
        found: `The cluster does not let this user ${verbs.join(" or ")} ${kind}${namespace ? ` in namespace "${namespace}"` : ""}`,
        where: cluster.server,
        why: "The provider manages the Registry object and its Secret through these calls.",
        next: "Use a kubeconfig whose user may do this; the README lists the permissions (Requirements).",
    }).finding;
}

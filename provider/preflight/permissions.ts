/** May this user of the cluster do what is to come? Asked of the API server itself, which stores nothing of it. */

import type { ClusterReference } from "../description/arguments";
import { type Finding, failure } from "../finding";
import type { ClusterReader } from "../kubernetes/cluster";
import type { Context } from "../lifecycle";

/** The rights that a resource needs on an object. */
export interface Permission {
    readonly group: "" | "ml.llmos.ai";
    readonly resource: "registries" | "secrets" | "models" | "datasets" | "datasetversions";
    readonly namespace?: string;
    readonly name?: string;
}

/** An object is created where it is not there yet, and patched where it is. */
const VERBS = ["create", "patch"] as const;

/** Asks, once a process, whether objects of this kind may be written, or else this one. A server that does not say is no finding. */
export async function askForPermission(
    context: Context,
    reference: ClusterReference | undefined,
    permission: Permission,
): Promise<Finding[]> {
    const cluster = await context.clusterReader(reference);
    const answers = await Promise.all(
        VERBS.map(async (verb) => ((await mayI(cluster, verb, permission)) ? [] : [verb])),
    );
    const denied = answers.flat();
    return denied.length > 0 ? [forbidden(cluster, denied, permission)] : [];
}

/** The API server's word (Kubernetes documentation, "Checking API access"); yes where it gives none. */
async function mayI(
    cluster: ClusterReader,
    verb: (typeof VERBS)[number],
    { name, ...kind }: Permission,
): Promise<boolean> {
    const allows = async (attributes: object) =>
        (await cluster.review({ verb, ...attributes }))?.status?.allowed !== false;
    // All objects of the kind share the first question. No right to create is by name: there is none yet.
    return (
        (await allows(kind)) || (verb === "patch" && name !== undefined && (await allows({ ...kind, name })))
    );
}

function forbidden(
    cluster: ClusterReader,
    verbs: string[],
    { group, resource, namespace }: Permission,
): Finding {
    const kind = group === "" ? resource : `${resource}.${group}`;
    return failure("cluster-forbidden", {
        found: `The cluster does not let this user ${verbs.join(" or ")} ${kind}${namespace ? ` in namespace "${namespace}"` : ""}`,
        where: cluster.server,
        why: "The provider manages the Registry object and its Secret through these calls.",
        next: "Use a kubeconfig whose user may do this; the README lists the permissions (Requirements).",
    }).finding;
}

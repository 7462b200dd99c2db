/** Is the cluster there, is LLMOS on it, and is the namespace of the Secrets? */

import { askIdentity } from "../access/cluster";
import type { ClusterReference } from "../description/arguments";
import { explained, type Finding, failure, findingOf } from "../finding";
import type { KubernetesObject } from "../kubernetes/cluster";
import { crdsMissing } from "../kubernetes/refusals";
import type { Context } from "../lifecycle";
import { REGISTRIES, SYSTEM_NAMESPACE } from "../llmos/objects";
import { registryNamed } from "../llmos/registries";
import { known } from "../reading";

/** Asks whether the cluster can be reached. */
export function askCluster(context: Context, reference: ClusterReference | undefined): Promise<Finding[]> {
    return explained(async () => {
        await askIdentity(context, reference);
        return [];
    });
}

/** Asks whether the kind Registry is installed; where none may be listed, by the one of this `name`. */
export function askForRegistries(
    context: Context,
    reference: ClusterReference | undefined,
    name?: string,
): Promise<Finding[]> {
    return explained(async () => {
        const cluster = await context.clusterReader(reference);
        // All of them: what else is asked of registries is found in the same list.
        const found = await cluster.list(REGISTRIES).catch(async (error: unknown) => {
            if (name === undefined || findingOf(error).code !== "cluster-forbidden") {
                throw error;
            }
            return [await registryNamed(cluster, name)];
        });
        return found ? [] : [crdsMissing(cluster.server, REGISTRIES).finding];
    });
}

const NOT_LLMOS =
    "Check that this is the LLMOS cluster (kubeconfig, context) and that the LLMOS operator is installed.";

/** Why a namespace is asked for, and what to do when it is missing. */
type NamespaceWords = Pick<Finding, "why" | "next">;

const FOR_SECRETS: NamespaceWords = {
    why: "The LLMOS operator looks for credential Secrets there.",
    next: 'Correct the namespace ("namespace" or the stack configuration "llmos:namespace"); the LLMOS operator reads llmos-system only.',
};

/** Models and datasets live in the namespaces of the users. */
export const FOR_OBJECTS: NamespaceWords = {
    why: "The object is to be made in it.",
    next: 'Correct "namespace", or make the namespace first.',
};

/** Asks whether the namespace is there. */
export function askForNamespace(
    context: Context,
    reference: ClusterReference | undefined,
    namespace: string,
    words: NamespaceWords = FOR_SECRETS,
): Promise<Finding[]> {
    return explained(async () => {
        const cluster = await context.clusterReader(reference);
        const found = known(await cluster.read<KubernetesObject>(`/api/v1/namespaces/${namespace}`));
        return found ? [] : [noNamespace(cluster.server, namespace, words)];
    });
}

function noNamespace(server: string, namespace: string, { why, next }: NamespaceWords): Finding {
    const isSystem = namespace === SYSTEM_NAMESPACE;
    return failure("namespace-missing", {
        found: `The namespace "${namespace}" does not exist`,
        where: server,
        why,
        next: isSystem ? NOT_LLMOS : next,
    }).finding;
}

/** Is the cluster there, is LLMOS on it, and is the namespace of the Secrets? */

import { askIdentity, clusterName } from "../access/cluster";
import type { ClusterReference } from "../description/arguments";
import { explained, type Finding, failure } from "../finding";
import type { Cluster, KubernetesObject } from "../kubernetes/cluster";
import { crdsMissing } from "../kubernetes/cluster";
import type { Context } from "../lifecycle";
import { REGISTRIES, SYSTEM_NAMESPACE } from "../llmos/objects";
import { known } from "../reading";

/** Asks whether the cluster can be reached. */
export function askCluster(context: Context, reference: ClusterReference | undefined): Promise<Finding[]> {
    return explained(async () => {
        await askIdentity(context, reference);
        return [];
    });
}

/** Asks whether the kind Registry is installed. */
export async function askForRegistries(
    context: Context,
    reference: ClusterReference | undefined,
): Promise<Finding[]> {
    const unreachable = await askCluster(context, reference);
    return unreachable.length > 0
        ? unreachable
        : await context.questions.once(`registries ${clusterName(reference)}`, (signal) =>
              explained(async () => kindFindings(await context.cluster(reference), signal)),
          );
}

async function kindFindings(cluster: Cluster, signal: AbortSignal): Promise<Finding[]> {
    const path = `${REGISTRIES}?limit=1`;
    const found = await cluster.list(path, signal);
    return found ? [] : [crdsMissing(cluster.server, path).finding];
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
export async function askForNamespace(
    context: Context,
    reference: ClusterReference | undefined,
    namespace: string,
    words: NamespaceWords = FOR_SECRETS,
): Promise<Finding[]> {
    const unreachable = await askCluster(context, reference);
    return unreachable.length > 0
        ? unreachable
        : await context.questions.once(
              `namespace ${namespace} ${words.why} ${clusterName(reference)}`,
              (signal) =>
                  explained(async () =>
                      namespaceFindings(await context.cluster(reference), namespace, words, signal),
                  ),
          );
}

async function namespaceFindings(
    cluster: Cluster,
    namespace: string,
    { why, next }: NamespaceWords,
    signal: AbortSignal,
): Promise<Finding[]> {
    const path = `/api/v1/namespaces/${namespace}`;
    if (known(await cluster.read<KubernetesObject>(path, signal))) {
        return [];
    }
    const isSystem = namespace === SYSTEM_NAMESPACE;
    return [
        failure("namespace-missing", {
            found: `The namespace "${namespace}" does not exist`,
            where: cluster.server,
            why,
            next: isSystem ? NOT_LLMOS : next,
        }).finding,
    ];
}

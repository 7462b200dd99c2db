/** The right cluster. */

import type { ClusterReference, Guarded, InCluster } from "../description/arguments";
import { failure, findingOf, LlmosError } from "../finding";
import type { Cluster, ClusterReader } from "../kubernetes/cluster";
import type { Context, KnownPart } from "../lifecycle";

/** Asks the cluster, once a process, who it is; that it is there at all is the same question. */
export async function askIdentity(
    context: Context,
    reference: ClusterReference | undefined,
): Promise<string> {
    return await (await context.clusterReader(reference)).identity();
}

/** The cluster's identity for `check`; the prior one when it cannot be asked now, none when it may not be asked. */
export async function identify(
    context: Context,
    inputs: KnownPart<InCluster & Guarded & { owner?: string }>,
    prior: KnownPart<InCluster> | undefined,
): Promise<{ clusterId?: string }> {
    if (inputs.reachability === "off") {
        return {};
    }
    const kept = prior?.clusterId === undefined ? {} : { clusterId: prior.clusterId };
    try {
        const clusterId = await askIdentity(context, inputs.cluster);
        if (prior?.clusterId !== undefined && prior.clusterId !== clusterId) {
            context.history.noteFormerCluster(inputs, prior.clusterId);
        }
        return { clusterId };
    } catch (error) {
        findingOf(error);
        return kept;
    }
}

/**
 * The cluster that this state speaks of. Another one is an error, whatever was to be done there: its objects
 * of the same name are not ours. A kubeconfig in the state that no longer works (a rotated token, a path of
 * another machine) gives way to the one of configuration or environment, if that leads to the same cluster.
 */
export function ownCluster(context: Context, state: InCluster): Promise<Cluster> {
    return own(context.cluster, state);
}

/** The same for preview. */
export function ownClusterReader(context: Context, state: InCluster): Promise<ClusterReader> {
    return own(context.clusterReader, state);
}

type Open<C> = (reference: ClusterReference | undefined) => Promise<C>;

async function own<C extends ClusterReader>(open: Open<C>, state: InCluster): Promise<C> {
    try {
        return await identified(open, state.cluster, state.clusterId);
    } catch (error) {
        if (state.cluster === undefined || state.clusterId === undefined) {
            throw error;
        }
        return await identified(open, undefined, state.clusterId).catch(() => {
            throw error;
        });
    }
}

async function identified<C extends ClusterReader>(
    open: Open<C>,
    reference: ClusterReference | undefined,
    clusterId: string | undefined,
): Promise<C> {
    const cluster = await open(reference);
    const identity = await cluster.identity();
    if (clusterId !== undefined && identity !== clusterId) {
        throw failure("cluster-other", {
            found: "This is another cluster than the one in the stack",
            where: `${cluster.server} has the identity ${identity}, the stack knows ${clusterId}`,
            why: "Objects of the same name there belong to somebody else.",
            next: 'Use the kubeconfig of the stack\'s cluster (KUBECONFIG, "llmos:kubeconfig", "llmos:context"). To move to the other cluster, run `pulumi up` without a refresh: it replaces the resources.',
        });
    }
    return cluster;
}

/**
 * The cluster to delete from; undefined when a replacement moved the resource to another cluster and the old
 * one is out of reach: then the old object is left, and said so.
 */
export async function clusterToLeave(
    context: Context,
    state: InCluster & { owner?: string },
    what: string,
): Promise<Cluster | undefined> {
    try {
        return await ownCluster(context, state);
    } catch (error) {
        const moved = context.history.hasSuccessor(state);
        if (moved && error instanceof LlmosError && error.finding.code === "cluster-other") {
            await context.log.warn(
                `${what} is left in the cluster ${state.clusterId}, which this kubeconfig does not reach. Delete it there by hand.`,
            );
            return undefined;
        }
        throw error;
    }
}

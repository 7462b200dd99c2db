/** The end of a Model, a Dataset or a DatasetVersion: with its content, as the operator deletes it, or not at all. */
import { clusterToLeave } from "../../access/cluster";
import { forgetContent } from "../../content/content";
import { otherOwner } from "../../content/ownership";
import { failure, LlmosError } from "../../finding";
import type { Cluster } from "../../kubernetes/cluster";
import type { Context } from "../../lifecycle";
import { registryPath } from "../../llmos/objects";
import { deleteStored, readStored, type StoredKind, type StoredResource } from "../../llmos/storedObjects";
import { known } from "../../reading";
import type { ContentStore } from "../../s3/contentStore";
import { claimOfState } from "./claim";
import type { StoredState } from "./description";
import { storeIfThere, storeOrNoRegistry } from "./stored";

/**
 * Deletes the object and, as the operator does, its content. Before, `refusal` says whether something of it is others'.
 * Nothing can make the operator leave the content: where that is not this object's alone, the object is kept.
 */
export async function removeStored(
    context: Context,
    kind: StoredKind,
    state: StoredState,
    refusal: (cluster: Cluster, what: string) => Promise<LlmosError | undefined>,
): Promise<void> {
    const what = `The ${kind.kind} "${state.name}"`;
    const cluster = await clusterToLeave(context, state, what);
    if (!cluster) {
        return;
    }
    // What is gone, or somebody else's, keeps nothing from leaving the stack.
    const found = await readStored(context, cluster, kind, state);
    if (!found) {
        return;
    }
    const holder = await holderOf(context, cluster, state);
    if (holder !== undefined) {
        await context.log.warn(
            `${what} is kept in the cluster ${cluster.server}, and is no longer in the stack: ${holder} has its content in the same place (${state.storageUri}), and LLMOS deletes the content with the object. Delete it only when nobody needs that content.`,
        );
        return;
    }
    const refused = await refusal(cluster, what);
    if (refused) {
        throw refused;
    }
    await refuseWithoutRegistry(cluster, kind, state, found);
    if (await deleteStored(context, cluster, kind, state)) {
        await forgetStored(context, cluster, state);
    }
}

/** Remembers what a creation of this process has stored, and where. */
export function rememberPlace(context: Context, store: ContentStore, path: string): void {
    context.history.taken.add(placeName(store, path));
}

function placeName(store: ContentStore, path: string): string {
    return `content ${store.connection.endpoint}/${store.bucket}/${path}`;
}

/**
 * What else has its content in the same place: the object that replaces this one, in another cluster or under another name,
 * or whichever the manifest names.
 */
async function holderOf(context: Context, cluster: Cluster, state: StoredState): Promise<string | undefined> {
    const store =
        state.path === "" ? undefined : await storeOrNoRegistry(context, cluster, state.registryName, state);
    if (!store) {
        return undefined;
    }
    const isSuccessor =
        context.history.hasSuccessor(state) && context.history.taken.has(placeName(store, state.path));
    return isSuccessor ? "what replaces it" : await otherOwner(store, claimOfState(context, state));
}

/** Without its registry the operator cannot delete the content, and the object would hang on its finalizer for ever. */
async function refuseWithoutRegistry(
    cluster: Cluster,
    kind: StoredKind,
    state: StoredState,
    found: StoredResource,
): Promise<void> {
    const registry = known(await cluster.read(registryPath(state.registryName)));
    if (!registry && (found.metadata.finalizers ?? []).length > 0) {
        throw failure("registry-missing", {
            found: `The registry "${state.registryName}" of the ${kind.kind} "${state.name}" is gone`,
            where: `${cluster.server}, ${state.namespace}/${state.name}`,
            why: "The LLMOS operator deletes the content through it: the deletion would hang on a finalizer.",
            next: `Make the registry again under the same name. Or leave the object in LLMOS, and take it out of the stack with \`pulumi state delete\`: its content (${state.storageUri}) stays.`,
        });
    }
}

/** Nothing that matters is lost where this fails: the content itself is gone. */
async function forgetStored(context: Context, cluster: Cluster, state: StoredState): Promise<void> {
    await storeIfThere(context, cluster, state.registryName, state)
        .then((store) => store && forgetContent(store, state.path))
        .catch(async (error: unknown) => {
            if (!(error instanceof LlmosError)) {
                throw error;
            }
        });
}

/** Why an object that others use is not deleted; undefined when nobody does. */
export function inUse(cluster: Cluster, what: string, users: string[]): LlmosError | undefined {
    if (users.length === 0) {
        return undefined;
    }
    return failure("dependants", {
        found: `${what} is in use and is not deleted`,
        where: `${cluster.server}: ${users.join("; ")}`,
        why: "What uses it would lose its content.",
        next: "Delete them first, or keep it and run `pulumi state delete` for this resource.",
    });
}

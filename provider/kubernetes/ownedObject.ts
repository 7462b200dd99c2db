/**
 * An object of the cluster that a resource stands for: looked at, placed, written and deleted in one way. Each write
 * carries the precondition of what was seen, so that a race is an error or another round, and never an overwrite.
 */

import { failureOf } from "../finding";
import type { Context } from "../lifecycle";
import { type Claim, type Standing, standingOf } from "../lifecycle/ownership";
import { lengthOf, waitFor } from "../lifecycle/waiting";
import { known } from "../reading";
import type { Cluster, ClusterReader, KubernetesObject } from "./cluster";
import { sightingOf } from "./marks";
import { leftToOthers, stillThere, strangerFinding, takenFinding, tooFast } from "./objectFindings";
import { type ObjectRef, pathOf } from "./objectRef";

/** What a look comes to; an object is there unless it is `absent`. */
export interface Look<T> {
    readonly standing: Standing;
    readonly found: T | undefined;
}

/** Looks at an object. Throws when it could not be found out. */
export async function lookAt<T extends KubernetesObject>(
    cluster: ClusterReader,
    ref: ObjectRef,
    claim: Claim,
): Promise<Look<T>> {
    const found = known(await cluster.read<T>(pathOf(ref)));
    return { standing: standingOf(found && sightingOf(found), claim), found };
}

/** The object that a state speaks of, for a refresh or delete: somebody else's in its place is told, and left alone. */
export async function ownAt<T extends KubernetesObject>(
    context: Context,
    cluster: Cluster,
    ref: ObjectRef,
    claim: Claim,
): Promise<T | undefined> {
    const { standing, found } = await lookAt<T>(cluster, ref, claim);
    if (found && standing === "theirs") {
        await context.log.warn(leftToOthers(ref, found, claim));
        return undefined;
    }
    return found;
}

/** Longest wait for an object that is in the way and on its way out, in seconds. */
const PLACE_SECONDS = 60;

/** Before a create: the object to take over, or undefined where there is none. Waits for one that is on its way out. */
export async function placeFor<T extends KubernetesObject>(
    context: Context,
    cluster: Cluster,
    ref: ObjectRef,
    claim: Claim,
    adopt: boolean,
): Promise<T | undefined> {
    let { standing, found } = await lookAt<T>(cluster, ref, claim);
    if (standing === "terminating") {
        await untilGone(context, cluster, ref, found, PLACE_SECONDS);
        ({ standing, found } = await lookAt<T>(cluster, ref, claim));
    }
    if (found && standing !== "ours" && !(standing === "theirs" && adopt)) {
        throw failureOf(takenFinding(cluster, ref, found, claim));
    }
    return found;
}

/** Before an update: the object to write to, or undefined where ours is gone. Somebody else's is refused. */
export async function ownFor<T extends KubernetesObject>(
    context: Context,
    cluster: Cluster,
    ref: ObjectRef,
    claim: Claim,
): Promise<T | undefined> {
    const { standing, found } = await lookAt<T>(cluster, ref, claim);
    if (standing === "terminating") {
        await untilGone(context, cluster, ref, found, PLACE_SECONDS);
        return await ownFor(context, cluster, ref, claim);
    }
    if (found && standing === "theirs") {
        throw failureOf(strangerFinding(cluster, ref, found, claim));
    }
    return found;
}

/** Under which claim an object is written. */
export interface Over {
    readonly claim: Claim;
    /** Somebody else's may be taken over. */
    readonly adopt: boolean;
}

/** The object to write over, looked at just now; undefined where there is none. One that may not be is refused. */
export async function seenFor<T extends KubernetesObject>(
    cluster: Cluster,
    ref: ObjectRef,
    { claim, adopt }: Over,
): Promise<T | undefined> {
    const { standing, found } = await lookAt<T>(cluster, ref, claim);
    if (found && (standing === "terminating" || (standing === "theirs" && !adopt))) {
        throw failureOf(takenFinding(cluster, ref, found, claim));
    }
    return found;
}

/** Rounds against writers that are faster, the operator's status among them. */
const MOST_ROUNDS = 10;

/**
 * Writes an object: creates what was absent, patches what was seen. `desired` gives what is to be set on what is there,
 * as a JSON merge patch; without anything there, it is the whole object. When somebody was faster, the object is looked
 * at again, and written only if it may still be.
 */
export async function writeObject<T extends KubernetesObject>(
    cluster: Cluster,
    ref: ObjectRef,
    { seen, ...over }: Over & { readonly seen: T | undefined },
    desired: (seen: T | undefined) => Desired,
): Promise<T> {
    let latest = seen;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const written = await writeOnce(cluster, ref, latest, desired(latest));
        if (written !== "conflict") {
            return written;
        }
        latest = await seenFor<T>(cluster, ref, over);
    }
    throw tooFast(cluster, ref);
}

/** What is to be set. */
export interface Desired {
    readonly annotations: Readonly<Record<string, string | null>>;
    readonly content: Readonly<Record<string, unknown>>;
}

async function writeOnce<T extends KubernetesObject>(
    cluster: Cluster,
    ref: ObjectRef,
    seen: T | undefined,
    { annotations, content }: Desired,
): Promise<T | "conflict"> {
    if (seen) {
        const { resourceVersion } = seen.metadata;
        const patch = { metadata: { resourceVersion, annotations }, ...content };
        const written = await cluster.merge<T>(pathOf(ref), patch);
        return written === "absent" ? "conflict" : written;
    }
    const { apiVersion, kind, name, namespace, collection } = ref;
    const metadata = { name, ...(namespace !== undefined && { namespace }), annotations };
    return await cluster.create<T>(collection, withoutNull({ apiVersion, kind, metadata, ...content }));
}

/** A merge patch takes away what is null; a new object has it not. */
function withoutNull<T>(value: T): T {
    if (!isObject(value)) {
        return value;
    }
    const given = Object.entries(value).filter(([, entry]) => entry !== null);
    return Object.fromEntries(given.map(([key, entry]) => [key, withoutNull(entry)])) as T;
}

/** A merge patch that makes a part of an object exactly what is desired: what is there beside it is taken away. */
export function exactly(seen: unknown, desired: unknown): unknown {
    if (!isObject(seen) || !isObject(desired)) {
        return desired;
    }
    const gone = Object.keys(seen).filter((key) => !(key in desired));
    const kept = Object.entries(desired).map(([key, value]) => [key, exactly(seen[key], value)]);
    return { ...Object.fromEntries(gone.map((key) => [key, null])), ...Object.fromEntries(kept) };
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Deletes exactly this object as it was seen, and waits until it is gone. When somebody was faster, nothing is deleted and
 * the answer is false: whose it is now, and what it holds, has to be looked at again.
 */
export async function deleteObject(
    context: Context,
    cluster: Cluster,
    ref: ObjectRef,
    found: KubernetesObject,
    { seconds = PLACE_SECONDS, until = GONE }: { seconds?: number; until?: string } = {},
): Promise<boolean> {
    const { uid, resourceVersion } = found.metadata;
    if ((await cluster.delete(pathOf(ref), uid, resourceVersion)) === "conflict") {
        return false;
    }
    await untilGone(context, cluster, ref, found, seconds, until);
    return true;
}

/** Looks and deletes until nobody was faster. `round` looks, deletes if it may, and gives false when somebody was. */
export async function deletingAsSeen(
    cluster: Cluster,
    ref: ObjectRef,
    round: () => Promise<boolean>,
): Promise<void> {
    for (let rounds = 0; rounds < MOST_ROUNDS; rounds += 1) {
        if (await round()) {
            return;
        }
    }
    throw tooFast(cluster, ref);
}

/** What is waited for, in the lines of progress. */
const GONE = "it is gone";

/** Waits until this very object is gone. One that is held fails, and names what holds it. */
async function untilGone(
    context: Context,
    cluster: Cluster,
    ref: ObjectRef,
    found: KubernetesObject | undefined,
    seconds: number,
    until = GONE,
): Promise<void> {
    let left = found;
    const waited = await waitFor(context, {
        what: `${ref.kind} "${ref.name}": waiting until ${until}`,
        mostMs: seconds * 1_000,
        look: async () => {
            left = known(await cluster.read<KubernetesObject>(pathOf(ref)));
            return left && left.metadata.uid === found?.metadata.uid ? undefined : true;
        },
        state: () => `it waits for ${heldBy(left)}`,
    });
    if (waited.outcome !== "found") {
        throw stillThere(cluster, ref, heldBy(left), lengthOf(waited));
    }
}

function heldBy(object: KubernetesObject | undefined): string {
    return (object?.metadata.finalizers ?? []).join(", ") || "nothing that it names";
}

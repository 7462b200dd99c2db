/** Publishing a DatasetVersion, and taking a publication back: each step awaited, each failure in the operator's words. */

import { failure, failureOf, type LlmosError } from "../../finding";
import type { Cluster } from "../../kubernetes/cluster";
import type { Context } from "../../lifecycle";
import { type Ended, lengthOf, waitFor } from "../../lifecycle/waiting";
import { conditionOf } from "../../llmos/objects";
import {
    clearWay,
    inspection,
    isTriedAgain,
    type Publication,
    publicationOf,
    stallOf,
} from "../../llmos/publication";
import { type StoredKind, type StoredName, type StoredResource, storedPath } from "../../llmos/storedObjects";
import { known } from "../../reading";
import type { StoredTimeouts } from "../stored/description";
import type { PublicationInputs } from "./description";
import { contentPublished, isMounted } from "./publicationQuestions";

/** The version, and how it is written. */
export interface Publishing {
    readonly context: Context;
    readonly cluster: Cluster;
    readonly kind: StoredKind;
    readonly name: StoredName;
    /** For messages, for example `DatasetVersion "reviews/v1"`. */
    readonly what: string;
    readonly timeouts: StoredTimeouts | undefined;
    /** Writes the version with that `publish`, and waits until the operator has looked at it. */
    put(publish: boolean | undefined): Promise<StoredResource>;
    /** Is given the version each time that it was looked at. */
    seen(version: StoredResource): void;
}

/**
 * Makes the version published, whatever became of an earlier publication; gives it as LLMOS has published it. `isAgain`:
 * this run has taken one back.
 */
export async function publish(version: Publishing, isAgain: boolean): Promise<StoredResource> {
    const { context, cluster, name, what, timeouts } = version;
    const found = await lookAt(version);
    const isDeclared = found.spec?.publish === true;
    const former = await currentOf(version, found);
    if (isDeclared) {
        const outcome = former.state === "failed" ? dead(former.said) : await untilPublished(version);
        if ("version" in outcome) {
            return outcome.version;
        }
        if (!outcome.isDead) {
            throw notPublished(version, outcome);
        }
        await context.log.warn(
            `${what}: its publication has failed (${outcome.said}). It is taken back and made again.`,
        );
        await version.put(false);
    }
    const { uid = "" } = (await untilTakenBack(version)).metadata;
    const mustSee = isAgain || isDeclared || former.state !== "none";
    await clearWay(context, cluster, { ...name, uid }, timeouts?.deleteSeconds ?? 600, mustSee);
    // The operator notes the failure of a Job whenever that Job changes, until it is gone.
    await untilTakenBack(version);
    await version.put(true);
    const outcome = await untilPublished(version);
    if ("version" in outcome) {
        return outcome.version;
    }
    throw notPublished(version, outcome);
}

/**
 * Called before the content of a version changes: takes its publication back, where `republish` allows that. Gives whether
 * one was taken back.
 */
export async function makeChangeable(
    version: Publishing,
    { publish: isDeclared, republish }: PublicationInputs,
): Promise<boolean> {
    const { cluster, kind, name, what } = version;
    const found = known(await cluster.read<StoredResource>(storedPath(kind, name)));
    if (found && isMounted(found) && !republish) {
        throw failureOf(contentPublished(cluster, found, what));
    }
    // One that has failed goes as well: it must not come to life while the content changes.
    const isTakenBack = found?.spec?.publish === true && isDeclared === true;
    if (isTakenBack) {
        await version.put(false);
        await untilTakenBack(version);
    }
    return isTakenBack;
}

/** Waits until no publication is noted any more. */
export async function untilTakenBack(version: Publishing): Promise<StoredResource> {
    const { context, what, timeouts } = version;
    let said = "";
    const waited = await waitFor(context, {
        what: `${what}: waiting until LLMOS has taken its publication back`,
        mostMs: (timeouts?.readySeconds ?? 120) * 1_000,
        look: async () => {
            const found = await lookAt(version);
            const publication = publicationOf(found);
            said = publication.said;
            return publication.state === "none" ? found : undefined;
        },
        state: () => said,
    });
    if (waited.outcome !== "found") {
        throw notTakenBack(version, said, waited);
    }
    return waited.value;
}

/** Why a publication came to nothing. */
interface Unpublished {
    readonly said: string;
    /** It was so before this run looked: nothing of it is news. */
    readonly isDead: boolean;
}

function dead(said: string): Unpublished {
    return { said, isDead: true };
}

/** Time that LLMOS is given to note what became of a Job or a VolumeSnapshot, in milliseconds. */
const STALL_MS = 10_000;
/** Between two looks at those, in milliseconds. */
const STALL_LOOK_MS = 5_000;

async function untilPublished(version: Publishing): Promise<{ version: StoredResource } | Unpublished> {
    const { context, cluster, name, what, timeouts } = version;
    const { clock } = context;
    let said = "";
    const stalls = new Lasting(clock, STALL_MS);
    const refusals = new Lasting(clock, (timeouts?.graceSeconds ?? 5) * 1_000);
    let nextLook = clock.now();
    const waited = await waitFor<{ version: StoredResource } | Unpublished>(context, {
        what: `${what}: waiting until LLMOS has published it`,
        mostMs: (timeouts?.publishSeconds ?? 900) * 1_000,
        look: async () => {
            const found = await lookAt(version);
            if (found.spec?.publish !== true) {
                throw takenBackElsewhere(version);
            }
            const publication = await currentOf(version, found);
            said = publication.said;
            if (publication.state === "ready") {
                return { version: found };
            }
            if (publication.state === "failed") {
                return { said, isDead: false };
            }
            const ready = conditionOf(found, "ready");
            const refused = refusals.since(ready?.status === "False" ? ready.message : undefined);
            if (refused !== undefined) {
                return { said: refused, isDead: false };
            }
            if (clock.now() >= nextLook) {
                nextLook = clock.now() + STALL_LOOK_MS;
                const stall = stalls.since(await stallOf(cluster, name, found));
                if (stall !== undefined) {
                    return dead(`${said}, but ${stall}`);
                }
            }
            return undefined;
        },
        state: () => said,
    });
    if (waited.outcome !== "found") {
        throw notYetPublished(version, said, waited);
    }
    return waited.value;
}

/** How far it is, with a look at the Job where that decides. */
async function currentOf({ cluster, name }: Publishing, found: StoredResource): Promise<Publication> {
    const publication = publicationOf(found);
    return publication.state === "failed" && (await isTriedAgain(cluster, name, found))
        ? { state: "under-way", said: `${publication.said}; but the Job goes on` }
        : publication;
}

/** Something that is believed only when it has lasted. */
class Lasting {
    private first: number | undefined;

    constructor(
        private readonly clock: Context["clock"],
        private readonly leastMs: number,
    ) {}

    /** The same text once there has been one for long enough. */
    since(text: string | undefined): string | undefined {
        if (text === undefined) {
            this.first = undefined;
            return undefined;
        }
        this.first ??= this.clock.now();
        return this.clock.now() - this.first >= this.leastMs ? text : undefined;
    }
}

async function lookAt(version: Publishing): Promise<StoredResource> {
    const { cluster, kind, name } = version;
    const found = known(await cluster.read<StoredResource>(storedPath(kind, name)));
    if (!found) {
        throw failure("not-published", {
            found: "The version was deleted by someone else before it was published",
            where: placeOf(version),
            why: WHY,
            next: "Find out who deletes it, then run `pulumi up --refresh`.",
        });
    }
    version.seen(found);
    return found;
}

const WHY = "Notebooks and trainings mount what is published.";

function placeOf({ cluster, name }: Publishing): string {
    return `${cluster.server}, DatasetVersion ${name.namespace}/${name.name}`;
}

function notPublished(version: Publishing, { said }: Unpublished): LlmosError {
    return failure("not-published", {
        found: `LLMOS has not published the version. It says: ${said}`,
        where: placeOf(version),
        why: WHY,
        next: `Find the cause (${inspection(version.name)}) and correct it. Then run \`pulumi up\` again: it takes this publication back, removes what it has left, and publishes anew.`,
    });
}

function notYetPublished(version: Publishing, said: string, ended: Ended): LlmosError {
    return failure("not-published", {
        found: `The version is not published after ${lengthOf(ended)}. The last that LLMOS said: ${said}`,
        where: placeOf(version),
        why: WHY,
        next: `See how far it is (${inspection(version.name)}). Run \`pulumi up\` again to wait on; raise timeouts.publishSeconds for a large content.`,
    });
}

function notTakenBack(version: Publishing, said: string, ended: Ended): LlmosError {
    return failure("not-published", {
        found: `LLMOS has not taken the publication back within ${lengthOf(ended)}. The last that it said: ${said}`,
        where: placeOf(version),
        why: "The version can be published again, and its content changed, only after that.",
        next: "Check that the LLMOS operator runs (namespace llmos-system), then run `pulumi up` again; raise timeouts.readySeconds if it is slow.",
    });
}

function takenBackElsewhere(version: Publishing): LlmosError {
    return failure("not-published", {
        found: "Somebody else has taken the publication back while it was awaited",
        where: placeOf(version),
        why: WHY,
        next: "Find out who; then run `pulumi up` again, or take publish out of the program.",
    });
}

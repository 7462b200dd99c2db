/** Whose an object is: one rule for every kind of object and every verb. Pure. */

/** The marks that a resource of some stack leaves on an object. */
export interface Marks {
    /** The program resource (`ownerOf`). */
    readonly owner?: string | undefined;
    /** The one creation that the object comes from. */
    readonly instance?: string | undefined;
}

/** An object as it was seen. */
export interface Sighting {
    /** UID; undefined for what has none, as a bucket. */
    readonly uid?: string | undefined;
    readonly marks: Marks;
    /** It is being deleted, and something holds it. */
    readonly terminating: boolean;
}

/** What a resource knows of the object that it stands for. */
export interface Claim {
    /** The program resource, and its former name where an alias or a renamed stack has just changed it. */
    readonly owners: readonly string[];
    /** What the state holds of the object; undefined before there is a state. */
    readonly made?: Made | undefined;
    /** The creation under way: what has it was written by this very create, whose answer may have been lost. */
    readonly creation?: string;
}

export interface Made {
    readonly uid?: string | undefined;
    /** The creation; empty for an object that was adopted as it was, and has no mark. */
    readonly instance: string;
}

/** The claim of a state, and of the arguments that are to follow it. */
export function claimOf(
    state: { owner?: string; uid?: string; instance: string },
    inputs: { owner?: string } = {},
): Claim {
    const { uid, instance } = state;
    return { owners: [...ownersOf(state), ...ownersOf(inputs)], made: { uid, instance } };
}

export function ownersOf({ owner }: { owner?: string }): string[] {
    return owner === undefined ? [] : [owner];
}

/**
 * `absent`: nothing is there. `ours`: it is what the state speaks of, or what a run that was ended has made for the same
 * resource. `theirs`: somebody else made it, or has taken it over since. `terminating`: ours (or, before there is a
 * state, anybody's) and on its way out.
 */
export type Standing = "absent" | "ours" | "theirs" | "terminating";

export function standingOf(seen: Sighting | undefined, claim: Claim): Standing {
    if (!seen) {
        return "absent";
    }
    const isOurs = claim.made
        ? isMade(seen, claim.made, claim.owners)
        : isBy(seen, claim.owners) ||
          (claim.creation !== undefined && seen.marks.instance === claim.creation);
    if (seen.terminating && (isOurs || !claim.made)) {
        return "terminating";
    }
    return isOurs ? "ours" : "theirs";
}

/** The mark that the first write leaves on an object which was adopted as it was. */
export function adoptedInstance(uid: string | undefined): string {
    return `adopted ${uid ?? ""}`;
}

function isMade(seen: Sighting, made: Made, owners: readonly string[]): boolean {
    const { instance } = seen.marks;
    if (instance === undefined) {
        return (made.uid !== undefined && seen.uid === made.uid) || isBy(seen, owners);
    }
    // A run that was ended may have written the mark, and not the state.
    const isJustMarked = made.instance === "" && instance === adoptedInstance(made.uid) && isBy(seen, owners);
    return instance === made.instance || isJustMarked;
}

function isBy({ marks }: Sighting, owners: readonly string[]): boolean {
    return marks.owner !== undefined && owners.includes(marks.owner);
}

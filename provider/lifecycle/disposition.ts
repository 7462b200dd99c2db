/**
 * What deleting a resource does to what it stands for: one rule for every kind. Pure. Deleting needs a positive fact from
 * the servers; what this run has made or declares can only keep, because a run does not know all of the program
 * (untargeted resources, explicit providers, deletes that come before later checks).
 */
import type { Standing } from "./ownership";

/** What is known when a resource is to be deleted. */
export interface Facts {
    /** Whose the object is now. */
    readonly standing: Standing;
    /** The program declares it, or may do so, as another resource. */
    readonly declared: boolean;
    /** This run has made what replaces it. */
    readonly succeeded: boolean;
    /** Part of it is not ours: other keys of a Secret, or a Secret that was there before. */
    readonly shared: boolean;
    /** Names of what would lose something by it, and is not of this stack. */
    readonly users: readonly string[];
    /**
     * Whether registries of this stack use it: that of a bucket, when a replacement in another process has taken it over;
     * any that reads a Secret.
     */
    readonly usedByOwn: boolean;
    /** What lies in it. */
    readonly content: "none" | "filled";
    /** The content may go with it (`forceDestroy`, once applied). */
    readonly mayEmpty: boolean;
    /** Somebody has changed it since we wrote it. */
    readonly changed: boolean;
}

/** Why something is kept. */
export type KeepReason = "theirs" | "declared" | "used-by-own" | "used" | "filled" | "changed";

/**
 * `nothing`: it is gone. `delete`; `empty`: delete with its content. `release`: take only what is ours out of it.
 * `keep`: leave it, and say so; `refuse`: leave it, and fail, because the user asked for an end that is not reached.
 */
export type Disposition =
    | { readonly act: "nothing" | "delete" | "empty" | "release" }
    | { readonly act: "keep" | "refuse"; readonly reason: KeepReason };

/** Facts that nothing speaks against: of an object that is ours, whole and empty. */
export const OURS_ALONE: Facts = {
    standing: "ours",
    declared: false,
    succeeded: false,
    shared: false,
    users: [],
    usedByOwn: false,
    content: "none",
    mayEmpty: false,
    changed: false,
};

export function dispositionOf(facts: Facts): Disposition {
    const { standing, declared, succeeded, shared, users, usedByOwn, content, mayEmpty, changed } = facts;
    if (standing === "absent") {
        return { act: "nothing" };
    }
    if (standing === "theirs") {
        return { act: "keep", reason: "theirs" };
    }
    if (declared) {
        return { act: "keep", reason: "declared" };
    }
    if (usedByOwn) {
        return { act: "keep", reason: "used-by-own" };
    }
    if (users.length > 0) {
        return { act: succeeded ? "keep" : "refuse", reason: "used" };
    }
    if (content === "filled" && !mayEmpty) {
        return { act: succeeded ? "keep" : "refuse", reason: "filled" };
    }
    if (changed) {
        return { act: "keep", reason: "changed" };
    }
    if (shared) {
        return { act: "release" };
    }
    return { act: content === "filled" ? "empty" : "delete" };
}

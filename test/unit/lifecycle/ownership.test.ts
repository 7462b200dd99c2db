import { expect, test } from "vitest";
import {
    adoptedInstance,
    type Claim,
    claimOf,
    ownersOf,
    type Sighting,
    type Standing,
    standingOf,
} from "../../../provider/lifecycle/ownership";

const US = "p/s/models";
const FORMER = "p/s/former";
const THEM = "q/s/models";

/** An object: its UID, the marks on it (owner, instance), and whether it is on its way out. */
function seen(uid: string | undefined, owner?: string, instance?: string, terminating = false): Sighting {
    return { uid, marks: { owner, instance }, terminating };
}

const CREATE: Claim = { owners: [US] };
/** A create that has begun to write. */
const CREATING: Claim = { owners: [], creation: "i1" };
const STATE: Claim = { owners: [US], made: { uid: "u1", instance: "i1" } };
const RENAMED: Claim = { owners: [FORMER, US], made: { uid: "u1", instance: "i1" } };
/** Adopted as it was: nothing was written. */
const AS_IT_WAS: Claim = { owners: [US], made: { uid: "u1", instance: "" } };
/** A bucket, which has no UID. */
const WITHOUT_UID: Claim = { owners: [US], made: { instance: "i1" } };

test.each<[string, Claim, Sighting | undefined, Standing]>([
    ["a create: nothing is there", CREATE, undefined, "absent"],
    ["a create: an unmarked one", CREATE, seen("u1"), "theirs"],
    ["a create: one of another resource", CREATE, seen("u1", THEM, "i9"), "theirs"],
    ["a create: what an ended run of the same resource has made", CREATE, seen("u1", US, "i9"), "ours"],
    ["a create: ours on its way out", CREATE, seen("u1", US, "i9", true), "terminating"],
    ["a create: somebody's on its way out", CREATE, seen("u1", THEM, "i9", true), "terminating"],
    [
        "a create: an unmarked one on its way out",
        CREATE,
        seen("u1", undefined, undefined, true),
        "terminating",
    ],

    ["a create: its own write, without an owner", CREATING, seen("u1", undefined, "i1"), "ours"],
    ["a create: another write, without an owner", CREATING, seen("u1", undefined, "i2"), "theirs"],

    ["a state: nothing is there", STATE, undefined, "absent"],
    ["a state: what it speaks of", STATE, seen("u1", US, "i1"), "ours"],
    ["a state: ours, restored from a backup", STATE, seen("u2", US, "i1"), "ours"],
    ["a state: taken over by a later creation of the same resource", STATE, seen("u1", US, "i2"), "theirs"],
    ["a state: taken over by another resource", STATE, seen("u1", THEM, "i2"), "theirs"],
    ["a state: another one, unmarked", STATE, seen("u2"), "theirs"],
    ["a state: the same one, its marks taken off", STATE, seen("u1"), "ours"],
    ["a state: another one with our owner and no creation", STATE, seen("u2", US), "ours"],
    ["a state: another one with their owner and no creation", STATE, seen("u2", THEM), "theirs"],
    ["a state: ours on its way out", STATE, seen("u1", US, "i1", true), "terminating"],
    ["a state: theirs on its way out", STATE, seen("u2", THEM, "i2", true), "theirs"],

    ["a renamed resource: under the former name", RENAMED, seen("u1", FORMER, "i1"), "ours"],
    ["a renamed resource: marked by a run that was ended", RENAMED, seen("u1", US, "i1"), "ours"],
    ["a renamed resource: the former owner's later creation", RENAMED, seen("u1", FORMER, "i2"), "theirs"],

    ["adopted as it was: still unmarked", AS_IT_WAS, seen("u1"), "ours"],
    ["adopted as it was: another one", AS_IT_WAS, seen("u2"), "theirs"],
    [
        "adopted as it was: our first write, whose run was ended",
        AS_IT_WAS,
        seen("u1", US, "adopted u1"),
        "ours",
    ],
    ["adopted as it was: another stack's first write", AS_IT_WAS, seen("u1", THEM, "adopted u1"), "theirs"],
    ["adopted as it was: marked by another creation", AS_IT_WAS, seen("u1", US, "i2"), "theirs"],

    ["without UIDs: marked by us", WITHOUT_UID, seen(undefined, US, "i1"), "ours"],
    ["without UIDs: unmarked", WITHOUT_UID, seen(undefined), "theirs"],
    ["without UIDs: marked by another creation", WITHOUT_UID, seen(undefined, US, "i2"), "theirs"],
])("%s", (_title, claim, sighting, standing) => {
    expect(standingOf(sighting, claim)).toBe(standing);
});

test("a claim names the former and the present owner, and what was made", () => {
    const state = { owner: FORMER, uid: "u1", instance: "i1" };
    expect(claimOf(state, { owner: US })).toEqual(RENAMED);
    expect(claimOf({ instance: "i1" })).toEqual({ owners: [], made: { uid: undefined, instance: "i1" } });
    expect(ownersOf({ owner: US })).toEqual([US]);
    expect(ownersOf({})).toEqual([]);
    expect([adoptedInstance("u1"), adoptedInstance(undefined)]).toEqual(["adopted u1", "adopted "]);
});

test("an object that nobody has marked is nobody's, also for a resource without an owner", () => {
    expect(standingOf(seen("u1"), { owners: [] })).toBe("theirs");
    expect(standingOf(seen(undefined), { owners: [], made: { instance: "i1" } })).toBe("theirs");
});

import { expect, test } from "vitest";
import {
    type Disposition,
    dispositionOf,
    type Facts,
    OURS_ALONE,
} from "../../../provider/lifecycle/disposition";

const FILLED = { content: "filled" } as const;
const USED = { users: ["Registry: theirs"] };

test.each<[string, Partial<Facts>, Disposition]>([
    ["ours, and nothing speaks against", {}, { act: "delete" }],
    ["ours, and on its way out", { standing: "terminating" }, { act: "delete" }],
    ["gone", { standing: "absent" }, { act: "nothing" }],
    ["gone, whatever else is known", { standing: "absent", ...USED, ...FILLED }, { act: "nothing" }],
    ["theirs", { standing: "theirs" }, { act: "keep", reason: "theirs" }],
    [
        "theirs, with leave to empty it",
        { standing: "theirs", mayEmpty: true },
        { act: "keep", reason: "theirs" },
    ],
    ["theirs, and used", { standing: "theirs", ...USED }, { act: "keep", reason: "theirs" }],

    ["declared elsewhere", { declared: true }, { act: "keep", reason: "declared" }],
    [
        "declared elsewhere, with leave to empty it",
        { declared: true, ...FILLED, mayEmpty: true },
        { act: "keep", reason: "declared" },
    ],
    [
        "declared elsewhere, and theirs",
        { declared: true, standing: "theirs" },
        { act: "keep", reason: "theirs" },
    ],
    ["declared elsewhere, and gone", { declared: true, standing: "absent" }, { act: "nothing" }],

    ["in use by its own registry", { usedByOwn: true }, { act: "keep", reason: "used-by-own" }],
    ["in use by its own and another", { usedByOwn: true, ...USED }, { act: "keep", reason: "used-by-own" }],
    ["in use by another", USED, { act: "refuse", reason: "used" }],
    [
        "in use by another, with leave to empty it",
        { ...USED, ...FILLED, mayEmpty: true },
        { act: "refuse", reason: "used" },
    ],
    ["in use by another, and replaced", { ...USED, succeeded: true }, { act: "keep", reason: "used" }],

    ["filled", FILLED, { act: "refuse", reason: "filled" }],
    ["filled, and replaced", { ...FILLED, succeeded: true }, { act: "keep", reason: "filled" }],
    ["filled, with leave to empty it", { ...FILLED, mayEmpty: true }, { act: "empty" }],
    ["empty, with leave to empty it", { mayEmpty: true }, { act: "delete" }],
    ["empty, and replaced", { succeeded: true }, { act: "delete" }],

    ["changed by somebody", { changed: true }, { act: "keep", reason: "changed" }],
    ["changed by somebody, and shared", { changed: true, shared: true }, { act: "keep", reason: "changed" }],
    ["shared", { shared: true }, { act: "release" }],
    ["shared, and in use by another", { shared: true, ...USED }, { act: "refuse", reason: "used" }],
    ["shared, and theirs", { shared: true, standing: "theirs" }, { act: "keep", reason: "theirs" }],
])("%s", (_title, facts, disposition) => {
    expect(dispositionOf({ ...OURS_ALONE, ...facts })).toEqual(disposition);
});

test("what a run has made or declares never turns keep into delete", () => {
    const flags = [false, true];
    const standings = ["absent", "ours", "theirs", "terminating"] as const;
    const all = standings.flatMap((standing) =>
        flags.flatMap((shared) =>
            flags.flatMap((usedByOwn) =>
                flags.flatMap((mayEmpty) =>
                    flags.flatMap((changed) =>
                        [[], ["Registry: theirs"]].flatMap((users) =>
                            (["none", "filled"] as const).map((content) => ({
                                ...OURS_ALONE,
                                ...{ standing, shared, usedByOwn, mayEmpty, changed, users, content },
                            })),
                        ),
                    ),
                ),
            ),
        ),
    );
    expect(all).toHaveLength(256);
    const ends = new Set(["delete", "empty", "release"]);
    for (const facts of all) {
        const [alone, succeeded] = [false, true].map(
            (each) => dispositionOf({ ...facts, succeeded: each }).act,
        );
        expect(ends.has(succeeded as string), JSON.stringify(facts)).toBe(ends.has(alone as string));
        expect(ends.has(dispositionOf({ ...facts, declared: true }).act), JSON.stringify(facts)).toBe(false);
    }
});

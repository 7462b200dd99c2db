/** Where exactly a resource changes. */
import { expect, test } from "vitest";
import type { OnChange } from "../../../../provider/description/fields";
import { pathChanges } from "../../../../provider/pulumi/plugin/detailedDiff";

/** The changes of one argument, between a state and new arguments. */
function changes(before: unknown, after: unknown, effect: OnChange = "write", isArgument = true) {
    const difference = {
        changes: [{ name: "a", effect }],
        replaces: effect === "replace" ? ["a"] : [],
        deleteBeforeReplace: false,
    };
    const told = pathChanges(difference, { a: before }, { a: after }, () => isArgument);
    return told.map(({ kind, path, replaces }) => `${kind} ${path}${replaces ? ", replaces" : ""}`);
}

test.each<[string, unknown, unknown, string[]]>([
    ["another text", "x", "y", ["update a"]],
    ["one that is new", undefined, "y", ["add a"]],
    ["one that is gone", { b: 1 }, undefined, ["delete a"]],
    [
        "a field of an object",
        { b: 1, c: 1, d: 1 },
        { b: 1, c: 2, e: 1 },
        ["update a.c", "delete a.d", "add a.e"],
    ],
    ["an element", [{ b: 1 }, { b: 1 }], [{ b: 1 }, { b: 2 }], ["update a[1].b"]],
    ["a longer list", ["x"], ["x", "y"], ["add a[1]"]],
    ["a shorter list", ["x", "y"], ["x"], ["delete a[1]"]],
    ["another kind of value", { b: 1 }, ["b"], ["update a"]],
    ["what is not known yet", { b: "x" }, { b: Symbol("unknown") }, ["update a.b"]],
    ["the same value, which means another thing", ["x"], ["x"], ["update a"]],
])("%s", (_title, before, after, told) => {
    expect(changes(before, after)).toEqual(told);
});

test("each of a replacement says so", () => {
    expect(changes({ b: 1, c: 1 }, { b: 2, c: 2 }, "replace")).toEqual([
        "update a.b, replaces",
        "update a.c, replaces",
    ]);
});

test("what the provider has found is told whole, although no argument is there to compare it with", () => {
    expect(changes([{ b: 1 }], undefined, "write", false)).toEqual(["update a"]);
});

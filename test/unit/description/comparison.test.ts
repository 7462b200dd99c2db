import { describe, expect, it } from "vitest";
import { changesOf, concernServers, withFilledIn } from "../../../provider/description/comparison";
import {
    type Fields,
    filledIn,
    message,
    optional,
    required,
    withDefault,
} from "../../../provider/description/fields";
import { list, text } from "../../../provider/description/kinds";

interface Inputs {
    name: string;
    rules?: string[];
    registry?: string;
    mode?: string;
    clusterId?: string;
    awaits?: string;
}

const fields: Fields<Inputs> = {
    name: required(text(), "replace"),
    rules: optional(list(text())),
    registry: optional(text(), "store"),
    mode: withDefault(text(), "auto", "store"),
    clusterId: filledIn(text(), "replace"),
    awaits: message(text()),
};

const state: Inputs = { name: "a", rules: ["x", "y"], registry: "r", mode: "auto", clusterId: "c" };
const { rules: _rules, ...withoutRules } = state;
const { clusterId: _clusterId, ...notAsked } = state;

describe("arguments that differ", () => {
    it.each<[string, Partial<Inputs>, string[], object[]]>([
        ["none", { ...state }, [], []],
        ["one with another value", { ...state, name: "b" }, [], [{ name: "name", effect: "replace" }]],
        ["one within a list", { ...state, rules: ["x", "z"] }, [], [{ name: "rules", effect: "write" }]],
        ["one that is not given any more", withoutRules, [], [{ name: "rules", effect: "write" }]],
        [
            "one that is not known yet, though it was",
            withoutRules,
            ["rules"],
            [{ name: "rules", effect: "write" }],
        ],
        ["one that is only stored", { ...state, registry: "s" }, [], [{ name: "registry", effect: "store" }]],
        ["one that is filled in, and was not found out", notAsked, [], []],
        [
            "one that is filled in, and is another",
            { ...state, clusterId: "d" },
            [],
            [{ name: "clusterId", effect: "replace" }],
        ],
        ["a message", { ...state, awaits: "name" }, [], []],
        ["a message that is not known", { ...state }, ["awaits"], []],
    ])("%s", (_title, inputs, unknowns, changes) => {
        expect(changesOf(fields, state, inputs, new Set(unknowns))).toEqual(changes);
    });
});

it.each<[string, Parameters<typeof concernServers>[0], boolean]>([
    ["no change", [], false],
    ["a stored one", [{ name: "registry", effect: "store" }], false],
    ["a written one", [{ name: "rules", effect: "write" }], true],
    [
        "a replacing one beside a stored one",
        [
            { name: "mode", effect: "store" },
            { name: "name", effect: "replace" },
        ],
        true,
    ],
])("servers are concerned by %s: %#", (_title, changes, concerned) => {
    expect(concernServers(changes)).toBe(concerned);
});

it("keeps what was filled in and cannot be found out, and nothing else", () => {
    expect(withFilledIn(fields, { name: "a" }, state)).toStrictEqual({ name: "a", clusterId: "c" });
    expect(withFilledIn(fields, { name: "a", clusterId: "d" }, state)).toStrictEqual({
        name: "a",
        clusterId: "d",
    });
    expect(withFilledIn(fields, { name: "a" }, withoutRules)).toStrictEqual({ name: "a", clusterId: "c" });
    expect(withFilledIn(fields, { name: "a" }, { name: "a" })).toStrictEqual({ name: "a" });
});

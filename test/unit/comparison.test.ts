import { describe, expect, it } from "vitest";
import { changedFields, sameInputs } from "../../provider/comparison";
import { type Fields, list, optional, required, text } from "../../provider/fields";

interface Inputs {
    name: string;
    origins?: string[];
    owner?: string;
}
const fields: Fields<Inputs> = {
    name: required(text()),
    origins: optional(list(text())),
    owner: optional(text()),
};
const state: Inputs = { name: "a", origins: ["x"], owner: "me" };

describe("arguments that differ", () => {
    it.each<[string, Partial<Inputs>, string[], string[]]>([
        ["none", { ...state, origins: ["x"] }, [], []],
        ["one with another value", { ...state, name: "b" }, [], ["name"]],
        ["one within a list", { ...state, origins: ["x", "y"] }, [], ["origins"]],
        ["one that is not given any more", { name: "a", owner: "me" }, [], ["origins"]],
        ["one that is not known yet, though it was", { ...state }, ["name"], ["name"]],
        ["a quiet one", { ...state, owner: "you" }, [], []],
        ["a quiet one that is not known", { ...state }, ["owner"], []],
    ])("%s", (_title, inputs, unknowns, changed) => {
        expect(changedFields(fields, state, inputs, new Set(unknowns), ["owner"])).toEqual(changed);
    });
});

describe("two sets of inputs", () => {
    it.each<[string, Inputs, boolean]>([
        ["are the same, part by part", { ...state, origins: ["x"] }, true],
        ["are the same but for a quiet one", { ...state, owner: "you" }, true],
        ["differ in one", { ...state, origins: ["y"] }, false],
        ["differ in what only the first has", { name: "a", owner: "me" }, false],
    ])("%s", (_title, other, same) => {
        expect(sameInputs(state, other, ["owner"])).toBe(same);
        expect(sameInputs(other, state, ["owner"])).toBe(same);
    });
});

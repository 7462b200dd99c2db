import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type Decoding, UNKNOWN } from "../../../provider/description/decoding";
import {
    decodeFields,
    type Fields,
    optional,
    required,
    withDefault,
} from "../../../provider/description/fields";
import { flag, list, number, object, oneOf, text, written } from "../../../provider/description/kinds";

interface Rule {
    allowedMethods: string[];
}
interface Sample {
    name: string;
    create?: boolean;
    rules?: Rule[];
    credentials?: object;
}
const fields: Fields<Sample> = {
    name: required(text()),
    create: withDefault(flag, true),
    rules: optional(
        list(object<Rule>("Rule", { allowedMethods: required(list(oneOf("GET", "PUT"), 1)) }), 1, 2),
    ),
    credentials: optional(
        object<{ secretName?: string; key?: string }>(
            "Credentials",
            { secretName: optional(text()), key: optional(text()) },
            (given) => (Object.keys(given).length === 1 ? undefined : "takes one of the two."),
        ),
    ),
};

function decode(value: Record<string, unknown>) {
    const into: Decoding = { problems: [], unknowns: [] };
    return { value: decodeFields(fields, value, "", into), ...into };
}

test("what is right is taken as it is, and defaults are filled in", () => {
    expect(decode({ name: "a", rules: [{ allowedMethods: ["GET"] }], credentials: null })).toEqual({
        value: { name: "a", create: true, rules: [{ allowedMethods: ["GET"] }] },
        problems: [],
        unknowns: [],
    });
    expect(decode({ name: "a", create: false }).value).toEqual({ name: "a", create: false });
});

describe("a problem has its precise path", () => {
    it.each<[Record<string, unknown>, string, string]>([
        [{}, "name", "is required and was not given."],
        [{ name: null }, "name", "is required and was not given."],
        [{ name: 7 }, "name", "must be a string, but is a number."],
        [{ name: ["a"] }, "name", "must be a string, but is a list."],
        [{ name: "a", create: "yes" }, "create", "must be true or false, but is a string."],
        [{ name: "a", rules: {} }, "rules", "must be a list, but is a object."],
        [{ name: "a", rules: [] }, "rules", "must have 1 to 2 entries, but has 0."],
        [
            {
                name: "a",
                rules: [
                    { allowedMethods: ["GET"] },
                    { allowedMethods: ["GET"] },
                    { allowedMethods: ["GET"] },
                ],
            },
            "rules",
            "must have 1 to 2 entries, but has 3.",
        ],
        [{ name: "a", rules: ["x"] }, "rules[0]", "must be an object, but is a string."],
        [{ name: "a", rules: [null] }, "rules[0]", "is required and was not given."],
        [
            { name: "a", rules: [{ allowedMethods: [] }] },
            "rules[0].allowedMethods",
            "must have at least 1 entries, but has 0.",
        ],
        [
            { name: "a", rules: [{ allowedMethods: ["GET"] }, { allowedMethods: ["PUT", "get"] }] },
            "rules[1].allowedMethods[1]",
            `must be one of "GET", "PUT".`,
        ],
        [
            { name: "a", rules: [{ allowedMethods: ["GET"], allowedMethod: "GET" }] },
            "rules[0].allowedMethod",
            "unknown argument. Known here: allowedMethods.",
        ],
        [
            { name: "a", forceDestory: true },
            "forceDestory",
            "unknown argument. Known here: name, create, rules, credentials.",
        ],
        [
            { name: "a", constructor: "b" },
            "constructor",
            "unknown argument. Known here: name, create, rules, credentials.",
        ],
        [{ name: "a", credentials: {} }, "credentials", "takes one of the two."],
        [{ name: "a", credentials: { secretName: "s", key: "k" } }, "credentials", "takes one of the two."],
        [
            { name: "a", credentials: { secretName: 1 } },
            "credentials.secretName",
            "must be a string, but is a number.",
        ],
        [
            { name: "a", credentials: { secretName: "s", keys: "k" } },
            "credentials.keys",
            "unknown argument. Known here: secretName, key.",
        ],
    ])("%j", (value, path, reason) => {
        expect(decode(value).problems).toEqual([{ path, reason }]);
    });
});

test("an undefined extra argument is none", () => {
    expect(decode({ name: "a", extra: undefined }).problems).toEqual([]);
});

test("unknown values are named by path, at any depth, and leave out what holds them", () => {
    const decoded = decode({
        name: UNKNOWN,
        create: UNKNOWN,
        rules: [{ allowedMethods: ["GET", UNKNOWN] }],
        credentials: { key: UNKNOWN },
    });
    expect(decoded).toEqual({
        value: {},
        problems: [],
        unknowns: ["name", "create", "rules[0].allowedMethods[1]", "credentials.key"],
    });
});

test("an object with an unknown value is left out, however much of it is known", () => {
    expect(decode({ name: "a", credentials: { key: UNKNOWN } })).toEqual({
        value: { name: "a", create: true },
        problems: [],
        unknowns: ["credentials.key"],
    });
});

test("problems elsewhere leave an object as it is, and those within it take it out", () => {
    const elsewhere = decode({ name: 7, create: UNKNOWN, credentials: { key: "k" } });
    expect(elsewhere.value).toEqual({ credentials: { key: "k" } });
    const within = decode({ name: "a", credentials: { secretName: UNKNOWN, key: "k" } });
    expect(within.value).toEqual({ name: "a", create: true });
});

describe("an object", () => {
    const kinds = [object<object>("Nothing", {}), written<object>("Anything")];

    it.each([
        [null, "must be an object, but is null."],
        [["a"], "must be an object, but is a list."],
        ["a", "must be an object, but is a string."],
        [undefined, "must be an object, but is a undefined."],
    ])("is not %j", (value, reason) => {
        for (const kind of kinds) {
            const into: Decoding = { problems: [], unknowns: [] };
            expect(kind.decode(value, "o", into)).toBeUndefined();
            expect(into.problems).toEqual([{ path: "o", reason }]);
        }
    });

    it("that was written by the provider is taken as it is", () => {
        const into: Decoding = { problems: [], unknowns: [] };
        expect(written("Anything").decode({ any: ["thing"] }, "o", into)).toEqual({ any: ["thing"] });
        expect(into.problems).toEqual([]);
    });
});

describe("number(2)", () => {
    it.each([
        [2, 2],
        [2.5, 2.5],
        [1, undefined],
        [Number.NaN, undefined],
        [Number.POSITIVE_INFINITY, undefined],
        ["2", undefined],
    ])("takes %s as %s", (value, expected) => {
        const into: Decoding = { problems: [], unknowns: [] };
        expect(number(2).decode(value, "n", into)).toBe(expected);
        expect(into.problems).toEqual(
            expected === undefined ? [{ path: "n", reason: "must be a number of at least 2." }] : [],
        );
    });
});

test("text takes what its refinement makes of it, or its refusal", () => {
    const into: Decoding = { problems: [], unknowns: [] };
    const refined = text((value) => (value === "" ? { refused: "is empty." } : { value: `<${value}>` }));
    expect([refined.decode("a", "t", into), refined.decode("", "t", into)]).toEqual(["<a>", undefined]);
    expect(into.problems).toEqual([{ path: "t", reason: "is empty." }]);
});

test("decoding any value never throws, and what is neither absent nor right is told", () => {
    fc.assert(
        fc.property(
            fc.record({ name: fc.anything(), rules: fc.anything(), credentials: fc.anything() }),
            (value) => {
                const { value: decoded, problems } = decode(value);
                expect(problems.length > 0 || typeof decoded.name === "string").toBe(true);
            },
        ),
    );
});

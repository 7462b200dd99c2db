import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Decoding } from "../../../provider/description/decoding";
import { fromServer, guideRule, sameRules, toServer } from "../../../provider/s3/cors/document";
import { type CorsRule, corsRule, parseOrigin } from "../../../provider/s3/cors/rule";

const PAGE = "https://llmos.example.com";

test("the guide's rule", () => {
    expect(guideRule([PAGE])).toEqual({
        allowedOrigins: [PAGE],
        allowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
        allowedHeaders: ["*"],
        exposeHeaders: ["ETag"],
    });
});

const base: CorsRule = {
    allowedOrigins: ["https://a.example.com", "https://b.example.com"],
    allowedMethods: ["GET", "PUT"],
    allowedHeaders: ["Content-Type", "x-amz-*"],
    exposeHeaders: ["ETag"],
    maxAgeSeconds: 60,
};
const other: CorsRule = { allowedOrigins: ["*"], allowedMethods: ["GET"] };

describe("sameRules", () => {
    it.each<[string, boolean, CorsRule[], CorsRule[]]>([
        ["no rules", true, [], []],
        [
            "origins in another order",
            true,
            [base],
            [{ ...base, allowedOrigins: ["https://b.example.com", "https://a.example.com"] }],
        ],
        ["methods in another order", true, [base], [{ ...base, allowedMethods: ["PUT", "GET"] }]],
        ["a method twice", true, [base], [{ ...base, allowedMethods: ["GET", "PUT", "GET"] }]],
        [
            "headers in another case and order",
            true,
            [base],
            [{ ...base, allowedHeaders: ["X-AMZ-*", "content-type"] }],
        ],
        ["exposed headers in another case", true, [base], [{ ...base, exposeHeaders: ["etag"] }]],
        [
            "no headers and an empty list",
            true,
            [other],
            [{ ...other, allowedHeaders: [], exposeHeaders: [] }],
        ],
        ["an id that the server gave", true, [base], [{ ...base, id: "made-by-server" }]],
        ["an id that the server lost", true, [{ ...base, id: "ours" }], [base]],
        ["two ids", false, [{ ...base, id: "a" }], [{ ...base, id: "b" }]],
        ["one rule more", false, [base], [base, other]],
        ["rules in another order", false, [base, other], [other, base]],
        ["another origin", false, [base], [{ ...base, allowedOrigins: ["https://a.example.com"] }]],
        ["another method", false, [base], [{ ...base, allowedMethods: ["GET"] }]],
        ["another header", false, [base], [{ ...base, allowedHeaders: ["Content-Type"] }]],
        ["another exposed header", false, [base], [{ ...base, exposeHeaders: ["x-amz-id"] }]],
        ["no exposed header", false, [base], [{ ...base, exposeHeaders: [] }]],
        [
            "rules that differ in their ids alone, in another order",
            true,
            [
                { ...base, id: "a" },
                { ...base, id: "b" },
            ],
            [
                { ...base, id: "b" },
                { ...base, id: "a" },
            ],
        ],
        ["another age", false, [base], [{ ...base, maxAgeSeconds: 61 }]],
    ])("%s: %s", (_title, same, left, right) => {
        expect(sameRules(left, right)).toBe(same);
    });

    const header = fc.constantFrom("ETag", "etag", "x-amz-*", "X-Amz-*", "*");
    const rule: fc.Arbitrary<CorsRule> = fc.record(
        {
            id: fc.constantFrom("a", "b"),
            allowedOrigins: fc.array(fc.constantFrom(PAGE, "*", "https://*.x"), {
                minLength: 1,
                maxLength: 3,
            }),
            allowedMethods: fc.array(fc.constantFrom("GET" as const, "PUT" as const), {
                minLength: 1,
                maxLength: 3,
            }),
            allowedHeaders: fc.array(header, { maxLength: 3 }),
            exposeHeaders: fc.array(header, { maxLength: 3 }),
            maxAgeSeconds: fc.constantFrom(0, 60),
        },
        { requiredKeys: ["allowedOrigins", "allowedMethods"] },
    );
    const rules = fc.array(rule, { maxLength: 3 });
    const reordered = (one: CorsRule): CorsRule => ({
        ...one,
        allowedOrigins: one.allowedOrigins.toReversed(),
        allowedMethods: one.allowedMethods.toReversed(),
        ...(one.allowedHeaders && {
            allowedHeaders: one.allowedHeaders.toReversed().map((name) => name.toUpperCase()),
        }),
        ...(one.exposeHeaders && { exposeHeaders: one.exposeHeaders.toReversed() }),
    });

    it("holds for any document and the same in another order within its sets", () => {
        fc.assert(fc.property(rules, (one) => sameRules(one, one.map(reordered))));
    });

    it("does not depend on which comes first", () => {
        const alike: fc.Arbitrary<CorsRule> = fc.record(
            {
                id: fc.constantFrom("a", "b"),
                allowedOrigins: fc.constant<string[]>(["*"]),
                allowedMethods: fc.constantFrom<CorsRule["allowedMethods"][]>(["GET"], ["PUT"]),
            },
            { requiredKeys: ["allowedOrigins", "allowedMethods"] },
        );
        const either = fc.oneof(rules, fc.array(alike, { maxLength: 2 }));
        fc.assert(fc.property(either, either, (one, two) => sameRules(one, two) === sameRules(two, one)));
    });

    it("holds for a document that went to the server and came back", () => {
        fc.assert(fc.property(rules, (one) => sameRules(one, one.map(toServer).map(fromServer))));
    });
});

test("the S3 client takes and gives what there is of a rule, and nothing else", () => {
    const whole = {
        ID: "a",
        AllowedOrigins: base.allowedOrigins,
        AllowedMethods: base.allowedMethods,
        AllowedHeaders: base.allowedHeaders,
        ExposeHeaders: base.exposeHeaders,
        MaxAgeSeconds: 0,
    };
    const rule = { ...base, id: "a", maxAgeSeconds: 0 };
    expect([toServer(rule), fromServer(whole)]).toEqual([whole, rule]);
    const least = { AllowedOrigins: ["*"], AllowedMethods: ["GET"] };
    expect(Object.entries(toServer({ ...other, allowedHeaders: [], exposeHeaders: [] }))).toEqual(
        Object.entries(least),
    );
    expect(Object.entries(fromServer({ ...least, ID: "", AllowedHeaders: [], ExposeHeaders: [] }))).toEqual(
        Object.entries(other),
    );
    expect(fromServer({ AllowedOrigins: undefined, AllowedMethods: undefined })).toEqual({
        allowedOrigins: [],
        allowedMethods: [],
    });
});

describe("parseOrigin", () => {
    it.each([
        ["*", "*"],
        ["https://LLMOS.Example.com", PAGE],
        ["http://localhost:8080", "http://localhost:8080"],
        ["https://*.example.com", "https://*.example.com"],
        ["*://llmos.example.com", "*://llmos.example.com"],
    ])("takes %s as %s", (origin, value) => {
        expect(parseOrigin(origin)).toEqual({ value });
    });

    const noOrigin = (text: string) =>
        `"${text}" is not an origin. Write the address of the LLMOS page as scheme://host[:port], for example "https://llmos.example.com".`;
    const hasPath = (text: string) =>
        `"${text}" has a path; browsers send only scheme, host and port (RFC 6454). Write "https://llmos.example.com".`;

    it.each([
        ["https://*.*.com", `"https://*.*.com" has more than one "*"; S3 allows one in an origin.`],
        ["llmos.example.com", noOrigin("llmos.example.com")],
        ["", noOrigin("")],
        [" https://llmos.example.com", noOrigin(" https://llmos.example.com")],
        ["1https://llmos.example.com", noOrigin("1https://llmos.example.com")],
        ["https://", noOrigin("https://")],
        ["https://user@llmos.example.com", noOrigin("https://user@llmos.example.com")],
        ["https://llmos.example.com\n", noOrigin("https://llmos.example.com\n")],
        ["https://LLMOS.example.com/", hasPath("https://LLMOS.example.com/")],
        ["https://llmos.example.com/home?x", hasPath("https://llmos.example.com/home?x")],
    ])("refuses %j", (origin, refused) => {
        expect(parseOrigin(origin)).toEqual({ refused });
    });
});

describe("a rule", () => {
    it("is taken as it is, with an id of 255 characters too", () => {
        const into: Decoding = { problems: [], unknowns: [] };
        const rule = { ...base, id: "i".repeat(255) };
        expect(corsRule.decode(rule, "rule", into)).toEqual(rule);
    });

    it.each([
        [{ allowedMethods: [] }, "rule.allowedMethods", "must have at least 1 entries, but has 0."],
        [
            { allowedMethods: ["OPTIONS"] },
            "rule.allowedMethods[0]",
            `must be one of "GET", "PUT", "POST", "DELETE", "HEAD".`,
        ],
        [
            { allowedHeaders: ["x", "*-*"] },
            "rule.allowedHeaders[1]",
            `"*-*" has more than one "*"; S3 allows one in a header.`,
        ],
        [{ id: "i".repeat(256) }, "rule.id", "has 256 characters; a rule's id may have at most 255."],
        [{ maxAgeSeconds: -1 }, "rule.maxAgeSeconds", "must be a number of at least 0."],
    ])("with %j is refused", (part, path, reason) => {
        const into: Decoding = { problems: [], unknowns: [] };
        corsRule.decode({ ...other, ...part }, "rule", into);
        expect(into.problems).toEqual([{ path, reason }]);
    });
});

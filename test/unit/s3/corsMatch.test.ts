import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ruleWarnings } from "../../../provider/preflight/corsRules";
import { guideRule, sameRules } from "../../../provider/s3/cors/document";
import { type CorsQuestion, decidingRule, fits, overlap, shadows } from "../../../provider/s3/cors/match";
import type { CorsMethod, CorsRule } from "../../../provider/s3/cors/rule";

const origin = fc.constantFrom("https://a.x", "https://b.x", "http://a.x", "https://a.x:8443");
const method = fc.constantFrom<CorsMethod>("GET", "PUT", "DELETE");
const header = fc.constantFrom("content-type", "x-a", "x-b");
const rule: fc.Arbitrary<CorsRule> = fc.record({
    allowedOrigins: fc.array(fc.oneof(origin, fc.constantFrom("*", "https://*", "*.x")), {
        minLength: 1,
        maxLength: 2,
    }),
    allowedMethods: fc.uniqueArray(method, { minLength: 1 }),
    allowedHeaders: fc.uniqueArray(fc.oneof(header, fc.constantFrom("*", "x-*")), { maxLength: 2 }),
});
const question: fc.Arbitrary<CorsQuestion> = fc.record({
    origin,
    method,
    headers: fc.uniqueArray(header, { maxLength: 2 }),
});

describe("patterns", () => {
    it.each([
        ["*", "https://a.x", true],
        ["https://*.x", "https://a.x", true],
        ["https://*.x", "http://a.x", false],
        ["a*a", "a", false],
        ["a*a", "aa", true],
        ["a*", "ba", false],
        ["*a", "ab", false],
        ["a", "a", true],
        ["", "", true],
        ["a", "A", false],
    ])("%s and %s: %s", (pattern, text, expected) => {
        expect(fits(pattern, text)).toBe(expected);
    });
});

describe("the rule that decides", () => {
    const rules: CorsRule[] = [
        { allowedOrigins: ["https://a.x"], allowedMethods: ["GET", "PUT"], allowedHeaders: ["X-A", "x-b"] },
        { allowedOrigins: ["https://b.x", "https://*.a.x"], allowedMethods: ["GET"] },
        { allowedOrigins: ["*"], allowedMethods: ["GET", "DELETE"], allowedHeaders: ["x-*"] },
    ];
    it.each<[string, string, string[], number | undefined]>([
        ["https://a.x", "GET", [], 0],
        ["https://a.x", "PUT", ["x-a"], 0],
        ["https://a.x", "GET", ["x-a", "X-B"], 0],
        ["https://a.x", "GET", ["x-a", "x-c"], 2],
        ["https://a.x", "DELETE", [], 2],
        ["https://b.x", "GET", [], 1],
        ["https://www.a.x", "GET", [], 1],
        ["https://b.x", "GET", ["X-Any"], 2],
        ["https://b.x", "PUT", [], undefined],
        ["https://b.x", "GET", ["content-type"], undefined],
    ])("for %s, %s with %j is %s", (from, asked, headers, index) => {
        expect(decidingRule(rules, { origin: from, method: asked, headers })).toBe(index);
    });
});

describe("two rules", () => {
    const withOrigins = (...allowedOrigins: string[]): CorsRule => ({
        allowedOrigins,
        allowedMethods: ["GET"],
    });

    it.each([
        ["https://a.x", "https://a.x", true],
        ["https://a.x", "https://b.x", false],
        ["https://a.x", "https://*", true],
        ["http://a.x", "https://*", false],
        ["https://a*", "https://abc*", true],
        ["https://a*", "https://b*", false],
        ["*.a.x", "*.x", true],
        ["*.a", "*.b", false],
        ["https://a*.x", "http*", true],
        ["https://a*.x", "https://b*.x", false],
        ["https://a*.x", "https://a*.y", false],
        ["a*b", "b*a", false],
        ["b*x", "abc*x", false],
        ["x*b", "x*bca", false],
    ])("of %s and %s overlap: %s", (one, other, expected) => {
        expect(overlap(withOrigins(one), withOrigins(other))).toBe(expected);
        expect(overlap(withOrigins(other), withOrigins(one))).toBe(expected);
    });

    it.each([
        ["https://*", "https://a.x", true],
        ["https://*", "http://a.x", false],
        ["https://a.x", "https://*", false],
        ["https://a.x", "https://a.x", true],
        ["https://*", "https://*.x", true],
        ["https://*.x", "https://*", false],
        ["*.x", "*.a.x", true],
        ["*.a.x", "*.x", false],
        ["a*", "ba*", false],
        ["*a", "*ab", false],
        ["a.x", "a.x*", false],
    ])("%s shadows %s: %s", (earlier, later, expected) => {
        expect(shadows(withOrigins(earlier), withOrigins(later))).toBe(expected);
    });

    it.each<[string, Partial<CorsRule>, Partial<CorsRule>, boolean]>([
        ["the first of two origins alone", {}, { allowedOrigins: ["https://a.x", "https://c.x"] }, false],
        ["one of two origins each", {}, { allowedOrigins: ["https://b.x"] }, true],
        ["a method more", {}, { allowedMethods: ["GET", "PUT"] }, false],
        ["a method less", { allowedMethods: ["GET", "PUT"] }, {}, true],
        ["no headers at all", { allowedHeaders: ["x-a"] }, {}, true],
        ["a header more", {}, { allowedHeaders: ["x-a"] }, false],
        ["one of two headers", { allowedHeaders: ["x-a"] }, { allowedHeaders: ["x-a", "y"] }, false],
        ["headers in another case", { allowedHeaders: ["X-*"] }, { allowedHeaders: ["x-A"] }, true],
    ])("shadow with %s (%j, %j): %s", (_title, earlier, later, expected) => {
        const both = withOrigins("https://a.x", "https://b.x");
        expect(shadows({ ...both, ...earlier }, { ...both, ...later })).toBe(expected);
    });

    it("overlap whenever a request matches both", () => {
        fc.assert(
            fc.property(rule, rule, question, (left, right, asked) => {
                const both = [left, right].every((each) => decidingRule([each], asked) === 0);
                expect(!both || overlap(left, right)).toBe(true);
            }),
        );
    });

    it("can change places when they do not overlap: every request is answered as before", () => {
        fc.assert(
            fc.property(fc.array(rule, { maxLength: 4 }), question, fc.nat(), (rules, asked, at) => {
                const index = rules.length < 2 ? 0 : at % (rules.length - 1);
                const swapped = [...rules];
                swapped.splice(index, 2, ...rules.slice(index, index + 2).reverse());
                const before = decidingRule(rules, asked);
                const after = decidingRule(swapped, asked);
                const same = sameRules(rules, swapped);
                const answers = [rules[before ?? -1], swapped[after ?? -1]];
                expect(!same || sameRules([answers[0] ?? guideRule([])], [answers[1] ?? guideRule([])])).toBe(
                    true,
                );
            }),
        );
    });

    it("shadow when the later one never decides", () => {
        fc.assert(
            fc.property(rule, rule, question, (earlier, later, asked) => {
                const decides = decidingRule([earlier, later], asked) === 1;
                expect(shadows(earlier, later) && decides).toBe(false);
            }),
        );
    });
});

describe("warnings", () => {
    const page = guideRule(["https://llmos.example.com"]);
    it.each<[string, CorsRule[], string[]]>([
        ["the guide's rule", [page], []],
        ["no rules", [], []],
        ["every origin", [guideRule(["*"])], ['A CORS rule allows writing from every origin ("*")']],
        [
            "a shadowed rule",
            [guideRule(["https://*.example.com"]), page],
            ["CORS rule 2 never decides: rule 1 matches every request that it does"],
        ],
        [
            "reading only",
            [{ allowedOrigins: ["*"], allowedMethods: ["GET"] }],
            ["No CORS rule lets a browser put a file: none has the method PUT and the header content-type"],
        ],
    ])("%s", (_title, rules, found) => {
        expect(ruleWarnings(rules).map((finding) => finding.found)).toEqual(found);
    });
});

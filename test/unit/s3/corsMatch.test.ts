import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ruleWarnings } from "../../../provider/preflight/corsRules";
import { guideRule, sameRules } from "../../../provider/s3/cors";
import { type CorsQuestion, decidingRule, fits, overlap, shadows } from "../../../provider/s3/corsMatch";
import type { CorsMethod, CorsRule } from "../../../provider/s3/corsRule";

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
        ["a", "A", false],
    ])("%s and %s: %s", (pattern, text, expected) => {
        expect(fits(pattern, text)).toBe(expected);
    });
});

describe("two rules", () => {
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

/** What is allowed in a CORS document, and still hardly meant. Pure: nobody is asked. */
import type { Finding } from "../finding";
import { allowsHeader, shadows } from "../s3/cors/match";
import type { CorsRule } from "../s3/cors/rule";

/** Warnings on declared rules. */
export function ruleWarnings(rules: readonly CorsRule[]): Finding[] {
    return [
        ...(rules.some(openToAll) ? [open()] : []),
        ...rules.flatMap((rule, index) => {
            const earlier = rules.slice(0, index).findIndex((other) => shadows(other, rule));
            return earlier < 0 ? [] : [shadowed(index, earlier)];
        }),
        ...(rules.length > 0 && !rules.some(letsUpload) ? [noUpload()] : []),
    ];
}

function openToAll(rule: CorsRule): boolean {
    return (
        rule.allowedOrigins.includes("*") &&
        rule.allowedMethods.some((method) => method !== "GET" && method !== "HEAD")
    );
}

/** What the LLMOS page does: one PUT by a presigned link, with a content type. */
function letsUpload(rule: CorsRule): boolean {
    return rule.allowedMethods.includes("PUT") && allowsHeader(rule, "content-type");
}

function warning(finding: Pick<Finding, "found" | "where" | "why" | "next" | "property">): Finding {
    return { code: "argument-invalid", severity: "warning", ...finding };
}

function open(): Finding {
    return warning({
        found: 'A CORS rule allows writing from every origin ("*")',
        where: "allowedOrigins",
        why: "Any page that a signed-in user opens may then use a leaked upload link from their browser.",
        next: "Name the LLMOS page's own origin, for example https://llmos.example.com.",
        property: "allowedOrigins",
    });
}

function shadowed(index: number, earlier: number): Finding {
    return warning({
        found: `CORS rule ${index + 1} never decides: rule ${earlier + 1} matches every request that it does`,
        where: `rules[${index}]`,
        why: "The first rule that matches a request decides (S3 documentation), so that what this one says has no effect.",
        next: "Put the narrower rule first, or remove it.",
        property: "rules",
    });
}

function noUpload(): Finding {
    return warning({
        found: "No CORS rule lets a browser put a file: none has the method PUT and the header content-type",
        where: "rules",
        why: "The LLMOS page uploads models and datasets by PUT from the browser.",
        next: 'Add PUT to allowedMethods and "*" or "content-type" to allowedHeaders of the rule for the LLMOS page.',
        property: "rules",
    });
}

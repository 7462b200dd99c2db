/**
 * What an S3 server answers by a CORS document: the first rule that matches a request decides (S3 documentation,
 * "How CORS configurations are evaluated"), and by that, when the order of two rules matters.
 */
import type { CorsRule } from "./rule";

/** What a browser asks before it sends a request to another origin (Fetch standard, "CORS-preflight request"). */
export interface CorsQuestion {
    /** Origin of the page, `scheme://host[:port]`. */
    readonly origin: string;
    /** Method of the request that is to come. */
    readonly method: string;
    /** Names of its headers that need to be allowed. Case-blind. */
    readonly headers: readonly string[];
}

/**
 * Index of the rule that decides; undefined when none matches, and the server refuses. A rule matches when it has the
 * origin, the method, and every header asked for.
 */
export function decidingRule(rules: readonly CorsRule[], question: CorsQuestion): number | undefined {
    const index = rules.findIndex((rule) => matches(rule, question));
    return index < 0 ? undefined : index;
}

function matches(rule: CorsRule, { origin, method, headers }: CorsQuestion): boolean {
    return (
        rule.allowedOrigins.some((pattern) => fits(pattern, origin)) &&
        rule.allowedMethods.some((allowed) => allowed === method) &&
        headers.every((header) => allowsHeader(rule, header))
    );
}

/** Whether the rule lets a browser send this request header. Case-blind. */
export function allowsHeader({ allowedHeaders = [] }: CorsRule, header: string): boolean {
    return allowedHeaders.some((pattern) => fits(pattern.toLowerCase(), header.toLowerCase()));
}

/** Whether a text fits a pattern with at most one `*`, which stands for any characters, none included. */
export function fits(pattern: string, text: string): boolean {
    const [start, end] = ends(pattern);
    return end === undefined
        ? text === start
        : text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}

/** Whether some request matches both rules, so that the first of them decides it. */
export function overlap(left: CorsRule, right: CorsRule): boolean {
    // A request without headers matches every rule's headers: they keep no two rules apart.
    return (
        left.allowedMethods.some((method) => right.allowedMethods.includes(method)) &&
        left.allowedOrigins.some((one) => right.allowedOrigins.some((other) => meet(one, other)))
    );
}

/** Whether some text fits both patterns. */
function meet(left: string, right: string): boolean {
    const [[leftStart, leftEnd], [rightStart, rightEnd]] = [ends(left), ends(right)];
    if (leftEnd === undefined) {
        return fits(right, left);
    }
    if (rightEnd === undefined) {
        return fits(left, right);
    }
    return (
        (leftStart.startsWith(rightStart) || rightStart.startsWith(leftStart)) &&
        (leftEnd.endsWith(rightEnd) || rightEnd.endsWith(leftEnd))
    );
}

/** Whether every request that matches `later` matches `earlier` too: then `later` never decides. */
export function shadows(earlier: CorsRule, later: CorsRule): boolean {
    const everyHeader = (later.allowedHeaders ?? []).every((header) =>
        (earlier.allowedHeaders ?? []).some((pattern) =>
            contains(pattern.toLowerCase(), header.toLowerCase()),
        ),
    );
    return (
        everyHeader &&
        later.allowedMethods.every((method) => earlier.allowedMethods.includes(method)) &&
        later.allowedOrigins.every((origin) =>
            earlier.allowedOrigins.some((pattern) => contains(pattern, origin)),
        )
    );
}

/** Whether every text that fits `inner` fits `outer` too. */
function contains(outer: string, inner: string): boolean {
    const [start, end] = ends(inner);
    if (end === undefined) {
        return fits(outer, start);
    }
    const [outerStart, outerEnd] = ends(outer);
    return outerEnd !== undefined && start.startsWith(outerStart) && end.endsWith(outerEnd);
}

/** What stands before and after the `*`; the second is missing where there is none. */
function ends(pattern: string): [string, string?] {
    const star = pattern.indexOf("*");
    return star < 0 ? [pattern] : [pattern.slice(0, star), pattern.slice(star + 1)];
}

/**
 * CORS documents: what may stand in one, the rule of the LLMOS guide, and when two documents mean the same.
 * Source of the rules: S3 documentation, "Elements of a CORS configuration".
 */
import type { CORSRule } from "@aws-sdk/client-s3";
import { type Fields, list, number, oneOf, optional, type Refined, required, text } from "../fields";
import { overlap } from "./corsMatch";
import type { CorsMethod, CorsRule } from "./corsRule";

/** Most rules in one document. */
const MAX_RULES = 100;

/**
 * The rule that the LLMOS guide asks for ("CORS example"): without it, uploads and downloads of models and
 * datasets from the LLMOS page fail.
 */
export function guideRule(allowedOrigins: string[]): CorsRule {
    return {
        allowedOrigins,
        allowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
        allowedHeaders: ["*"],
        exposeHeaders: ["ETag"],
    };
}

/** An origin as browsers send it: no path, no slash at the end; or a pattern with one `*`. */
export function parseOrigin(origin: string): Refined<string> {
    if (origin === "*") {
        return { value: origin };
    }
    if ((origin.match(/\*/g) ?? []).length > 1) {
        return { refused: `"${origin}" has more than one "*"; S3 allows one in an origin.` };
    }
    const parts = /^([a-z][a-z0-9+.-]*|\*):\/\/([^/?#@\s]+)([/?#].*)?$/i.exec(origin);
    if (!parts) {
        return {
            refused: `"${origin}" is not an origin. Write the address of the LLMOS page as scheme://host[:port], for example "https://llmos.example.com".`,
        };
    }
    const corrected = `${parts[1]}://${parts[2]}`.toLowerCase();
    if (parts[3] !== undefined) {
        return {
            refused: `"${origin}" has a path; browsers send only scheme, host and port (RFC 6454). Write "${corrected}".`,
        };
    }
    return { value: corrected };
}

function atMostOneWildcard(header: string): Refined<string> {
    return (header.match(/\*/g) ?? []).length > 1
        ? { refused: `"${header}" has more than one "*"; S3 allows one in a header.` }
        : { value: header };
}

function ruleId(id: string): Refined<string> {
    return id.length <= 255
        ? { value: id }
        : { refused: `has ${id.length} characters; a rule's id may have at most 255.` };
}

export const origins = list(text(parseOrigin), 1);

export const corsRuleFields: Fields<CorsRule> = {
    id: optional(text(ruleId)),
    allowedOrigins: required(origins),
    allowedMethods: required(list(oneOf<CorsMethod>("GET", "PUT", "POST", "DELETE", "HEAD"), 1)),
    allowedHeaders: optional(list(text(atMostOneWildcard))),
    exposeHeaders: optional(list(text())),
    maxAgeSeconds: optional(number(0)),
};

export { MAX_RULES };

/**
 * The rule as the S3 client takes it.
 *
 * @internal
 */
export function toServer(rule: CorsRule): CORSRule {
    return {
        ...(rule.id !== undefined && { ID: rule.id }),
        AllowedOrigins: rule.allowedOrigins,
        AllowedMethods: rule.allowedMethods,
        ...(rule.allowedHeaders?.length && { AllowedHeaders: rule.allowedHeaders }),
        ...(rule.exposeHeaders?.length && { ExposeHeaders: rule.exposeHeaders }),
        ...(rule.maxAgeSeconds !== undefined && { MaxAgeSeconds: rule.maxAgeSeconds }),
    };
}

/**
 * The rule as the server gives it.
 *
 * @internal
 */
export function fromServer(rule: CORSRule): CorsRule {
    return {
        ...(rule.ID && { id: rule.ID }),
        allowedOrigins: rule.AllowedOrigins ?? [],
        allowedMethods: (rule.AllowedMethods ?? []) as CorsMethod[],
        ...(rule.AllowedHeaders?.length && { allowedHeaders: rule.AllowedHeaders }),
        ...(rule.ExposeHeaders?.length && { exposeHeaders: rule.ExposeHeaders }),
        ...(rule.MaxAgeSeconds !== undefined && { maxAgeSeconds: rule.MaxAgeSeconds }),
    };
}

/**
 * Whether two documents mean the same to a server: the same rules, where origins, methods and headers are sets and
 * header names are case-blind, in the same order as far as the order decides anything: two rules that no request
 * matches both may change places. Servers reorder methods (Ceph RGW) and give rules an id of their own, which is
 * why an id counts only when both have one.
 */
export function sameRules(left: readonly CorsRule[], right: readonly CorsRule[]): boolean {
    const places = placesOf(left, right);
    return (
        places !== undefined &&
        left.every((rule, index) =>
            left
                .slice(index + 1)
                .every(
                    (later, offset) =>
                        !orderMatters(rule, later) ||
                        (places[index] as number) < (places[index + 1 + offset] as number),
                ),
        )
    );
}

/** Where each rule of `left` stands in `right`, equal ones in their order; undefined when they are not the same rules. */
function placesOf(left: readonly CorsRule[], right: readonly CorsRule[]): number[] | undefined {
    const free = new Set(right.keys());
    const places = left.map((rule) => {
        const place = [...free].find((index) => sameRule(rule, right[index] as CorsRule));
        free.delete(place ?? -1);
        return place ?? -1;
    });
    return free.size === 0 && !places.includes(-1) ? places : undefined;
}

function orderMatters(left: CorsRule, right: CorsRule): boolean {
    return meaning(left) !== meaning(right) && overlap(left, right);
}

function sameRule(left: CorsRule, right: CorsRule): boolean {
    const sameId = left.id === undefined || right.id === undefined || left.id === right.id;
    return sameId && meaning(left) === meaning(right);
}

function meaning(rule: CorsRule): string {
    return JSON.stringify([
        asSet(rule.allowedOrigins),
        asSet(rule.allowedMethods),
        asSet((rule.allowedHeaders ?? []).map((header) => header.toLowerCase())),
        asSet((rule.exposeHeaders ?? []).map((header) => header.toLowerCase())),
        rule.maxAgeSeconds ?? null,
    ]);
}

function asSet(values: readonly string[]): string[] {
    return [...new Set(values)].sort();
}

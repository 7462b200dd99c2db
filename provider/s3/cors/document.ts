/**
 * CORS documents: what may stand in one, the rule of the LLMOS guide, and when two documents mean the same.
 * Source of the rules: S3 documentation, "Elements of a CORS configuration".
 */
import type { CORSRule } from "@aws-sdk/client-s3";
import { overlap } from "./match";
import type { CorsMethod, CorsRule } from "./rule";

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

/** The CORS rules that a bucket has now, as a program would declare them. */

import { askStore, connectionWith } from "../access/bucket";
import { namespaceOf, readKeys } from "../access/keys";
import type { Decoding } from "../description/decoding";
import { list } from "../description/kinds";
import { type Finding, failureOf, findingOf } from "../finding";
import type { Context } from "../lifecycle";
import { askEndpoint } from "../preflight/endpoint";
import { known } from "../reading";
import { fromServer, guideRule, sameRules } from "../s3/cors/document";
import { type CorsRule, corsRule, MAX_RULES } from "../s3/cors/rule";
import type { Adoptable } from "./adoptable";
import type { S3Options } from "./options";

/** The argument `cors` of a program, and why, where it is `false`. */
export type DeclaredCors =
    | { readonly allowedOrigins: string[] }
    | { readonly rules: CorsRule[] }
    /** In sentences. */
    | { readonly leftAlone: string }
    /** What stood in the way of asking. */
    | { readonly unread: Finding };

const NO_RULES =
    'The bucket has no CORS rules, and without them uploads and downloads on the LLMOS page fail. To have them set, write { allowedOrigins: ["https://llmos.example.com"] } with the address of your LLMOS page.';

/** Asks the bucket, with the keys of the registry's Secret. */
export async function askForRules(
    context: Context,
    registry: Adoptable,
    s3: S3Options,
): Promise<DeclaredCors> {
    try {
        const stored = await storedRules(context, registry, s3);
        return stored ? declared(stored) : { leftAlone: NO_RULES };
    } catch (error) {
        const finding = findingOf(error);
        return finding.code === "cors-not-implemented"
            ? { leftAlone: `${finding.found}. ${finding.next}` }
            : { unread: finding };
    }
}

/** Undefined when there are none. */
async function storedRules(
    context: Context,
    { endpoint, bucket, secretName }: Adoptable,
    s3: S3Options,
): Promise<CorsRule[] | undefined> {
    const cluster = await context.clusterReader(undefined);
    const keys = await readKeys(cluster, namespaceOf(context), secretName);
    const connection = connectionWith(context, { endpoint, ...s3 }, keys);
    const [unreachable] = await askEndpoint(context, connection);
    if (unreachable) {
        throw failureOf(unreachable);
    }
    const rules = await askStore(context, connection, `cors ${bucket}`, async (store) =>
        known(await store.cors(bucket)),
    );
    return rules?.map(fromServer);
}

/** Rules that a program would be refused for, or would change, are left alone. */
export function declared(stored: CorsRule[]): DeclaredCors {
    const [only] = stored;
    const decoding: Decoding = { problems: [], unknowns: [] };
    const rules = list(corsRule, 1, MAX_RULES).decode(stored, "rules", decoding);
    const [problem] = decoding.problems;
    if (problem) {
        return { leftAlone: `The bucket's CORS rules cannot be declared: ${problem.path} ${problem.reason}` };
    }
    if (!rules || !sameRules(rules, stored)) {
        return { leftAlone: "The bucket's CORS rules are written in a form that a program would change." };
    }
    return rules.length === 1 && only && sameRules([only], [guideRule(only.allowedOrigins)])
        ? { allowedOrigins: only.allowedOrigins }
        : { rules };
}

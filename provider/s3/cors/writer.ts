/** Writing a CORS document, and reading back what came of it. */

import type { Clock } from "../../clock";
import { failure, LlmosError } from "../../finding";
import { known, present, type Reading } from "../../reading";
import { urlOf } from "../client";
import type { ObjectStore } from "../objectStore";
import { askUntil } from "../settling";
import { fromServer, sameRules, toServer } from "./document";
import type { CorsRule, EnforcedBy } from "./rule";

/** The document; a server without bucket CORS is no error here. */
export async function storedCors(
    store: ObjectStore,
    bucket: string,
): Promise<Reading<CorsRule[]> | "not-implemented"> {
    const reading = await store.cors(bucket);
    if (reading.outcome === "unknown") {
        return isNotImplemented(reading.error) ? "not-implemented" : reading;
    }
    return reading.outcome === "present" ? present(reading.value.map(fromServer)) : reading;
}

/** What a write came to. */
export interface WrittenCors {
    readonly enforcedBy: EnforcedBy;
    /** Rules of others that stay in the document, after ours. */
    readonly theirs: CorsRule[];
}

/**
 * Writes the document, unless it is there already. Rules that are neither wanted nor `former`, those that we last wrote,
 * are somebody else's: without `former` they stop the write, with it they are kept after ours. Only `adopt` removes them.
 */
export async function writeCors(
    store: ObjectStore,
    bucket: string,
    rules: readonly CorsRule[],
    { former, adopt }: { former: readonly CorsRule[] | undefined; adopt: boolean },
): Promise<WrittenCors> {
    const reading = await storedCors(store, bucket);
    if (reading === "not-implemented") {
        return { enforcedBy: "server", theirs: [] };
    }
    const before = known(reading);
    const theirs = adopt ? [] : without(before ?? [], [...rules, ...(former ?? [])]);
    if (before && theirs.length > 0 && former === undefined) {
        throw corsTaken(store, bucket, before);
    }
    const document = [...rules, ...theirs];
    if (before && sameRules(before, document)) {
        return { enforcedBy: "bucket", theirs };
    }
    try {
        await store.putCors(bucket, document.map(toServer));
        return { enforcedBy: "bucket", theirs };
    } catch (error) {
        // MinIO tells only now: to the question for its rules it answers that there are none.
        if (isNotImplemented(error)) {
            return { enforcedBy: "server", theirs: [] };
        }
        throw error;
    }
}

/** The rules that mean something else than each of the others. */
export function without(rules: readonly CorsRule[], others: readonly CorsRule[]): CorsRule[] {
    return rules.filter((rule) => !others.some((other) => sameRules([rule], [other])));
}

/** What the server gives back of the rules just written; what differs when the time is up differs for good. */
export async function readBackCors(
    clock: Clock,
    store: ObjectStore,
    bucket: string,
    rules: readonly CorsRule[],
): Promise<CorsRule[]> {
    const ask = async () => (known(await store.cors(bucket)) ?? []).map(fromServer);
    return await askUntil(clock, ask, (stored) => sameRules(stored, rules));
}

/** Why rules that the server changed in storing them are not taken for the declared ones. */
export function corsNotStored(store: ObjectStore, bucket: string, stored: readonly CorsRule[]): LlmosError {
    return failure("cors-not-stored", {
        found: "The S3 server accepted the CORS rules, but gives back others",
        where: `${urlOf(store.connection.endpoint)}/${bucket}: ${JSON.stringify(stored)}`,
        why: "What was declared is not what browsers will meet: uploads from the LLMOS page may fail.",
        next: "Declare the rules in the form the server gives back, or use a server that stores them as they are.",
        property: "rules",
    });
}

/** Why rules that somebody else has set are not replaced. */
export function corsTaken(store: ObjectStore, bucket: string, { length }: readonly CorsRule[]): LlmosError {
    return failure("cors-taken", {
        found: `The bucket "${bucket}" has ${length} CORS ${length === 1 ? "rule" : "rules"} already, and others than declared`,
        where: `${urlOf(store.connection.endpoint)}/${bucket}`,
        why: "The CORS document is written as a whole: whoever relies on those rules would lose them.",
        next: "Declare those rules too (rules: […]), or set adopt: true to replace them, or cors: { unmanaged: true } to leave them alone.",
        property: "rules",
    });
}

function isNotImplemented(error: unknown): boolean {
    return error instanceof LlmosError && error.finding.code === "cors-not-implemented";
}

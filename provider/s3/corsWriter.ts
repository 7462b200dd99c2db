/** Writing a CORS document, and reading back what came of it. */
import { failure, LlmosError } from "../errors";
import type { Context } from "../lifecycle";
import { known, present, type Reading } from "../reading";
import { askUntil } from "../settling";
import { urlOf } from "./client";
import { fromServer, sameRules, toServer } from "./cors";
import type { CorsRule } from "./corsRule";
import type { ObjectStore } from "./objectStore";

/**
 * What decides about CORS: `bucket`, the stored rules; `server`, the settings of a server that has no bucket CORS.
 */
export type EnforcedBy = "bucket" | "server";

/** The document; a server without bucket CORS is no error here. */
export async function storedCors(
    store: ObjectStore,
    bucket: string,
    signal?: AbortSignal,
): Promise<Reading<CorsRule[]> | "not-implemented"> {
    const reading = await store.cors(bucket, signal);
    if (reading.outcome === "unknown") {
        return isNotImplemented(reading.error) ? "not-implemented" : reading;
    }
    return reading.outcome === "present" ? present(reading.value.map(fromServer)) : reading;
}

/**
 * Writes the document, unless it is there already. Other rules are replaced only where `mayReplace` says that they are
 * ours to replace.
 */
export async function writeCors(
    store: ObjectStore,
    bucket: string,
    rules: readonly CorsRule[],
    mayReplace: boolean,
): Promise<EnforcedBy> {
    const reading = await storedCors(store, bucket);
    if (reading === "not-implemented") {
        return "server";
    }
    const before = known(reading);
    if (before && sameRules(before, rules)) {
        return "bucket";
    }
    if (before && !mayReplace) {
        throw corsTaken(store, bucket, before);
    }
    try {
        await store.putCors(bucket, rules.map(toServer));
        return "bucket";
    } catch (error) {
        // MinIO tells only now: to the question for its rules it answers that there are none.
        if (isNotImplemented(error)) {
            return "server";
        }
        throw error;
    }
}

/** What the server gives back of the rules just written; what differs when the time is up differs for good. */
export async function readBackCors(
    context: Context,
    store: ObjectStore,
    bucket: string,
    rules: readonly CorsRule[],
): Promise<CorsRule[]> {
    const ask = async () => (known(await store.cors(bucket)) ?? []).map(fromServer);
    return await askUntil(context.clock, ask, (stored) => sameRules(stored, rules));
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
        next: "Declare those rules too (rules: […]), or set adopt: true to replace them, or cors: false to leave them alone.",
        property: "rules",
    });
}

function isNotImplemented(error: unknown): boolean {
    return error instanceof LlmosError && error.finding.code === "cors-not-implemented";
}

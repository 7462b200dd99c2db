/** `BucketCors`: the whole CORS document of a bucket, without which the LLMOS page cannot upload. */

import { askableConnection, askStore, identifyHolder, standsFor, storeOf } from "../../access/bucket";
import { registriesIn } from "../../access/inUse";
import { describe, explained, type Finding, failure, failureOf } from "../../finding";
import { type Context, type KnownPart, type Lifecycle, PartialFailure } from "../../lifecycle";
import { dispositionOf, OURS_ALONE } from "../../lifecycle/disposition";
import { askForCors, corsRefusals, type DeclaredCors, proveCors } from "../../preflight/cors";
import { ruleWarnings } from "../../preflight/corsRules";
import { askEndpoint } from "../../preflight/endpoint";
import { absent, known, present, type Reading, readingOf } from "../../reading";
import { urlOf } from "../../s3/client";
import { fromServer, guideRule, sameRules, toServer } from "../../s3/cors/document";
import type { CorsRule, EnforcedBy } from "../../s3/cors/rule";
import { corsNotStored, corsTaken, readBackCors, storedCors, without, writeCors } from "../../s3/cors/writer";
import type { ObjectStore } from "../../s3/objectStore";
import { type BucketCorsInputs, type BucketCorsState, bucketCorsDescription } from "./description";

export const bucketCors: Lifecycle<BucketCorsInputs, BucketCorsState> = {
    ...bucketCorsDescription,

    asks: ["bucket", "endpoint", "credentials", "caBundle"],

    validate(inputs, unknowns) {
        const given = ["allowedOrigins", "rules"].filter((name) => name in inputs || unknowns.has(name));
        return [...(given.length === 1 ? [] : [notOneGiven(given.length)]), ...ruleWarnings(wanted(inputs))];
    },

    subject({ endpoint, bucket }) {
        return [endpoint, bucket];
    },

    async complete(context, inputs, prior) {
        return await identifyHolder(context, inputs, prior);
    },

    async preflight(context, inputs, prior, unchanged) {
        const { connection, findings } = await askableConnection(context, inputs);
        if (!connection || inputs.bucket === undefined) {
            return findings;
        }
        const unreachable = await askEndpoint(context, connection);
        if (unreachable.length > 0 || unchanged) {
            return unreachable;
        }
        const isNew = prior?.bucket !== inputs.bucket || prior?.endpoint !== inputs.endpoint;
        const { bucket } = inputs;
        const store = await context.objectStore(connection);
        const reading = await readingOf(() =>
            askStore(context, connection, `cors ${bucket}`, async (asked) => known(await asked.cors(bucket))),
        );
        return reading.outcome === "unknown" && reading.error.finding.code === "cors-not-implemented"
            ? await askForCors(context, connection, declared("server", inputs))
            : answerFindings(store, reading, inputs, isNew ? undefined : prior);
    },

    compares: ["allowedOrigins", "rules"],

    changes(state, inputs, unknowns) {
        if (unknowns.has("allowedOrigins") || unknowns.has("rules")) {
            return [{ name: unknowns.has("rules") ? "rules" : "allowedOrigins", effect: "write" }];
        }
        const name = inputs.rules ? "rules" : "allowedOrigins";
        // Rules that mean the same need not be stored: nothing goes by their words.
        return sameRules(inForce(state), wanted(inputs)) ? [] : [{ name, effect: "write" }];
    },

    async create(context, inputs) {
        const store = await storeOf(context, inputs);
        const state = await apply(context, store, inputs, undefined);
        context.history.taken.add(standsFor(inputs.bucket));
        return { id: inputs.bucket, state };
    },

    async read(context, _id, state): Promise<Reading<BucketCorsState>> {
        const store = await storeOf(context, state);
        const bucketReading = await store.bucket(state.bucket);
        if (bucketReading.outcome !== "present") {
            return bucketReading;
        }
        const reading = await storedCors(store, state.bucket);
        // Asked for rules, MinIO says that there are none, and not that it has no bucket CORS.
        const noRules = reading !== "not-implemented" && reading.outcome === "absent";
        if (reading === "not-implemented" || (noRules && state.enforcedBy === "server")) {
            return await stillLetIn(context, store, state);
        }
        if (reading.outcome !== "present") {
            return reading;
        }
        const theirs = without(reading.value, state.writtenRules);
        const ours = without(reading.value, theirs);
        // Where a rule of theirs decides before one of ours, that is a drift of what ours mean.
        const isAfter = sameRules(reading.value, [...ours, ...theirs]);
        const now = observed(state, isAfter ? ours : reading.value);
        if (theirs.length > 0) {
            await warnOf(context, [foreignRules(store, state.bucket, theirs)]);
        }
        await warnOfRefusals(context, store, now);
        return present(now);
    },

    async update(context, _id, state, inputs) {
        const store = await storeOf(context, inputs);
        // At another endpoint nothing was written by us yet, unless it is another address of the same server.
        return await apply(context, store, inputs, state.writtenRules);
    },

    async delete(context, _id, state) {
        const replaced = context.history.taken.has(standsFor(state.bucket));
        if (replaced || state.enforcedBy === "server" || (await isTakenOver(context, state))) {
            return;
        }
        const store = await storeOf(context, state);
        const reading = await store.bucket(state.bucket);
        // One server takes DELETE ?cors for a DELETE of the bucket: only a document that is there is deleted.
        const stored = known(reading) ? await storedCors(store, state.bucket) : absent;
        const found = stored === "not-implemented" ? undefined : known(stored);
        const theirs = without(found ?? [], state.writtenRules);
        const { act } = dispositionOf({
            ...OURS_ALONE,
            standing: found ? "ours" : "absent",
            shared: theirs.length > 0,
            changed: !sameRules(without(found ?? [], theirs), state.writtenRules),
        });
        if (act === "release") {
            await store.putCors(state.bucket, theirs.map(toServer));
        } else if (act === "delete") {
            await store.deleteCors(state.bucket);
        } else if (act === "keep") {
            await context.log.warn(
                `The CORS rules of bucket "${state.bucket}" at ${urlOf(state.endpoint)} are left: somebody has changed them since.`,
            );
        }
    },
};

/**
 * Whether a replacement in another process has taken the rules over. A process that knows the program knows whether it
 * still declares them: those that it no longer does are deleted, whatever the registry does.
 */
async function isTakenOver(context: Context, state: BucketCorsState): Promise<boolean> {
    if (context.history.knowsProgram || state.registry === undefined) {
        return false;
    }
    return (await registriesIn(context, state, state.bucket)).includes(state.registry);
}

/** The rules that the arguments ask for. */
function wanted(inputs: KnownPart<BucketCorsInputs>): CorsRule[] {
    return inputs.rules ?? (inputs.allowedOrigins ? [guideRule(inputs.allowedOrigins)] : []);
}

/** The rules that decide now: on a server without bucket CORS those declared, as long as it lets their origins in. */
function inForce(state: BucketCorsState): CorsRule[] {
    return state.enforcedBy === "server" ? wanted(state) : state.storedRules;
}

/**
 * Writes the document, unless it is there already, reads it back, and asks as a browser would: a server may take it
 * and store another, or store it and answer by another rule. `former` are the rules that we wrote before: all others
 * are somebody else's.
 */
async function apply(
    context: Context,
    store: ObjectStore,
    inputs: BucketCorsInputs,
    former: readonly CorsRule[] | undefined,
): Promise<BucketCorsState> {
    const { bucket, reachability } = inputs;
    const rules = wanted(inputs);
    const adopt = inputs.adopt === true;
    const { enforcedBy, theirs } = await writeCors(store, bucket, rules, { former, adopt });
    const document = [...rules, ...theirs];
    const stored = enforcedBy === "bucket" ? await readBackCors(context.clock, store, bucket, document) : [];
    const storedRules = without(stored, theirs);
    const writtenRules = storedRules;
    const state: BucketCorsState = { ...inputs, storedRules, writtenRules, enforcedBy, checks: [] };
    if (!sameRules(inForce(state), rules)) {
        throw new PartialFailure(bucket, state, corsNotStored(store, bucket, stored));
    }
    if (reachability === "off") {
        return state;
    }
    const checks = await proveCors(context, store, { bucket, rules, enforcedBy });
    const failed = checks.find(({ outcome }) => outcome === "failed")?.finding;
    if (failed && reachability !== "warn") {
        throw new PartialFailure(bucket, { ...state, checks }, failureOf(failed));
    }
    await warnOf(
        context,
        checks.flatMap(({ finding }) => finding ?? []),
    );
    return { ...state, checks };
}

/** On a server without bucket CORS there is no document that could drift, but its own settings can. */
async function stillLetIn(
    context: Context,
    store: ObjectStore,
    state: BucketCorsState,
): Promise<Reading<BucketCorsState>> {
    const now: BucketCorsState = { ...state, storedRules: [], enforcedBy: "server" };
    await warnOfRefusals(context, store, now);
    return present(now);
}

/** At refresh: a document that is as declared is no proof that browsers are let in. */
async function warnOfRefusals(context: Context, store: ObjectStore, state: BucketCorsState): Promise<void> {
    if (state.reachability !== "off" && sameRules(inForce(state), wanted(state))) {
        const refusals = corsRefusals(store.connection, declared(state.enforcedBy, state));
        await warnOf(context, await explained(() => refusals));
    }
}

function declared(enforcedBy: EnforcedBy, inputs: KnownPart<BucketCorsInputs>): DeclaredCors {
    return { bucket: inputs.bucket ?? "", rules: wanted(inputs), enforcedBy };
}

async function warnOf(context: Context, findings: readonly Finding[]): Promise<void> {
    for (const finding of findings) {
        await context.log.warn(describe(finding));
    }
}

/**
 * The state after a look: the arguments speak as the server does, so that a drift is shown in their terms; what means
 * the same as before is no drift.
 */
function observed(state: BucketCorsState, stored: CorsRule[]): BucketCorsState {
    const looked: BucketCorsState = { ...state, storedRules: stored, enforcedBy: "bucket" };
    if (sameRules(stored, wanted(state))) {
        return sameRules(stored, state.storedRules) ? { ...looked, storedRules: state.storedRules } : looked;
    }
    const [only] = stored;
    const { allowedOrigins: _origins, rules: _rules, ...rest } = looked;
    const asGuide = stored.length === 1 && only && sameRules([only], [guideRule(only.allowedOrigins)]);
    return asGuide && state.allowedOrigins
        ? { ...rest, allowedOrigins: only.allowedOrigins }
        : { ...rest, rules: stored };
}

function answerFindings(
    store: ObjectStore,
    reading: Awaited<ReturnType<ObjectStore["cors"]>>,
    inputs: KnownPart<BucketCorsInputs>,
    prior: KnownPart<BucketCorsInputs> | undefined,
): Finding[] {
    if (reading.outcome === "unknown") {
        // At preview the bucket may be one that this very program is about to make.
        return reading.error.finding.code === "no-such-bucket" ? [] : [reading.error.finding];
    }
    const found = reading.outcome === "present" ? reading.value.map(fromServer) : [];
    const theirs = inputs.adopt ? [] : without(found, [...wanted(inputs), ...(prior ? wanted(prior) : [])]);
    if (theirs.length === 0) {
        return [];
    }
    const bucket = inputs.bucket ?? "";
    return [prior ? foreignRules(store, bucket, theirs) : corsTaken(store, bucket, found).finding];
}

/** Rules in the document that this resource did not write. */
function foreignRules(store: ObjectStore, bucket: string, theirs: readonly CorsRule[]): Finding {
    const list = theirs.map(({ id, allowedOrigins }) => `${id ? `${id}: ` : ""}${allowedOrigins.join(", ")}`);
    return {
        code: "cors-foreign",
        severity: "warning",
        found: `The bucket "${bucket}" has ${theirs.length === 1 ? "a CORS rule" : `${theirs.length} CORS rules`} that this stack did not write (${list.join("; ")})`,
        where: `${urlOf(store.connection.endpoint)}/${bucket}`,
        why: "Somebody may rely on it. A change of the declared rules keeps it, after them.",
        next: "Nothing, if that is meant. Declare it (rules), or set adopt: true to remove it.",
    };
}

function notOneGiven(count: number): Finding {
    return failure("argument-invalid", {
        found:
            count === 0
                ? "Neither allowedOrigins nor rules is given"
                : "Both allowedOrigins and rules are given",
        where: "cors",
        why: "Exactly one of the two makes the CORS document, which the LLMOS page needs for uploads.",
        next: "Give allowedOrigins for the rule of the LLMOS guide, or rules of your own; on a Registry, cors: { unmanaged: true } leaves CORS alone.",
        property: "rules",
    }).finding;
}

/** `BucketCors`: the whole CORS document of a bucket, without which the LLMOS page cannot upload. */
import {
    bucketName,
    cluster,
    credentials,
    type Guarded,
    guardedFields,
    type Owned,
    ownedFields,
    s3ServerFields,
} from "../arguments";
import { changedFields, sameInputs } from "../comparison";
import { type Finding, failure, failureOf } from "../errors";
import { list, object, optional, required } from "../fields";
import { type Difference, type KnownPart, known, type Lifecycle, present, type Reading } from "../lifecycle";
import { askEndpoint } from "../preflight/endpoint";
import { askableConnection, type S3Access, standsFor, storeOf } from "../s3/access";
import { type S3Connection, urlOf } from "../s3/client";
import {
    type CorsRule,
    corsRuleFields,
    fromServer,
    guideRule,
    MAX_RULES,
    origins,
    sameRules,
    toServer,
} from "../s3/cors";
import type { ObjectStore } from "../s3/objectStore";

/** Arguments of a `BucketCors`. Give either `allowedOrigins` or `rules`. */
export interface BucketCorsInputs extends S3Access, Guarded, Owned {
    /** Bucket whose CORS document is owned, as a whole. */
    bucket: string;
    /**
     * Addresses of the LLMOS page (`https://llmos.example.com`), which get the rule of the LLMOS guide: GET,
     * PUT, POST, DELETE, HEAD; all headers; ETag exposed.
     */
    allowedOrigins?: string[];
    /** Full rules instead, at most 100. The first that matches a request decides. */
    rules?: CorsRule[];
}

/** State of a `BucketCors`. */
export interface BucketCorsState extends BucketCorsInputs {
    /** The rules as the server gave them back when they were last read. */
    storedRules: CorsRule[];
}

export const bucketCors: Lifecycle<BucketCorsInputs, BucketCorsState> = {
    type: "BucketCors",

    asks: ["bucket", "endpoint", "credentials", "caBundle"],

    fields: {
        bucket: bucketName,
        ...s3ServerFields,
        credentials: required(credentials),
        allowedOrigins: optional(origins),
        rules: optional(list(object(corsRuleFields), 1, MAX_RULES)),
        cluster,
        ...guardedFields,
        ...ownedFields,
    },

    validate(inputs, unknowns) {
        const given = ["allowedOrigins", "rules"].filter((name) => name in inputs || unknowns.has(name));
        return [
            ...(given.length === 1 ? [] : [notOneGiven(given.length)]),
            ...(wanted(inputs).some(openToAll) ? [openFinding()] : []),
        ];
    },

    async preflight(context, inputs, prior) {
        const { connection, findings } = await askableConnection(context, inputs);
        if (!connection || inputs.bucket === undefined) {
            return findings;
        }
        const unreachable = await askEndpoint(context, connection);
        if (unreachable.length > 0 || (prior && sameInputs(prior, inputs, QUIET))) {
            return unreachable;
        }
        const isNew = prior?.bucket !== inputs.bucket || prior?.endpoint !== inputs.endpoint;
        const key = `cors ${JSON.stringify([connection.endpoint, inputs.bucket, connection.keys])}`;
        const store = await context.objectStore(connection);
        const reading = await context.questions.once(key, (signal) =>
            store.cors(inputs.bucket as string, signal),
        );
        return answerFindings(connection, reading, inputs, isNew);
    },

    diff(state, inputs, unknowns): Difference {
        const changes = changedFields(bucketCors.fields, state, inputs, unknowns, [
            ...QUIET,
            "allowedOrigins",
            "rules",
        ]);
        if (unknowns.has("allowedOrigins") || unknowns.has("rules")) {
            changes.push(unknowns.has("rules") ? "rules" : "allowedOrigins");
        } else if (!sameRules(state.storedRules, wanted(inputs))) {
            changes.push(inputs.rules ? "rules" : "allowedOrigins");
        }
        // As for the bucket: another endpoint may be another address of the same server.
        return { changes, replaces: changes.filter((name) => name === "bucket" && !unknowns.has(name)) };
    },

    async create(context, inputs) {
        const store = await storeOf(context, inputs);
        const state = await apply(store, inputs, inputs.adopt === true);
        context.questions.forget("cors ");
        context.history.created.add(standsFor(inputs.owner, inputs.bucket));
        return { id: inputs.bucket, state };
    },

    async read(context, _id, state): Promise<Reading<BucketCorsState>> {
        const store = await storeOf(context, state);
        const bucketReading = await store.bucket(state.bucket);
        if (bucketReading.outcome !== "present") {
            return bucketReading;
        }
        const reading = await store.cors(state.bucket);
        if (reading.outcome !== "present") {
            return reading;
        }
        return present(observed(state, reading.value.map(fromServer)));
    },

    async update(context, _id, state, inputs) {
        const store = await storeOf(context, inputs);
        return await apply(store, inputs, inputs.adopt === true || state.endpoint === inputs.endpoint);
    },

    async delete(context, _id, state) {
        if (context.history.created.has(standsFor(state.owner, state.bucket))) {
            return;
        }
        const store = await storeOf(context, state);
        const reading = await store.bucket(state.bucket);
        // One server takes DELETE ?cors for a DELETE of the bucket: only a document that is there is deleted.
        const found = known(reading) && known(await store.cors(state.bucket));
        if (found && sameRules(found.map(fromServer), state.storedRules)) {
            await store.deleteCors(state.bucket);
        } else if (found) {
            await context.log.warn(
                `The CORS rules of bucket "${state.bucket}" at ${urlOf(state.endpoint)} are left: somebody has changed them since.`,
            );
        }
    },
};

/** Arguments whose change leaves nothing to do on either side. */
const QUIET = ["reachability", "owner", "awaits", "adopt", "cluster"] as const;

/** The rules that the arguments ask for. */
function wanted(inputs: KnownPart<BucketCorsInputs>): CorsRule[] {
    return inputs.rules ?? (inputs.allowedOrigins ? [guideRule(inputs.allowedOrigins)] : []);
}

/**
 * Writes the document, unless it is there already, and reads it back: a server may take it and store another.
 * Other rules are replaced only where `mayReplace` says that they are ours to replace.
 */
async function apply(
    store: ObjectStore,
    inputs: BucketCorsInputs,
    mayReplace: boolean,
): Promise<BucketCorsState> {
    const rules = wanted(inputs);
    const before = known(await store.cors(inputs.bucket))?.map(fromServer);
    if (!before || !sameRules(before, rules)) {
        if (before && !mayReplace) {
            throw failureOf(takenFinding(inputs.endpoint, inputs.bucket, before.length));
        }
        await store.putCors(inputs.bucket, rules.map(toServer));
    }
    const stored = (known(await store.cors(inputs.bucket)) ?? []).map(fromServer);
    if (!sameRules(stored, rules)) {
        throw failure("cors-not-stored", {
            found: "The S3 server accepted the CORS rules, but gives back others",
            where: `${urlOf(inputs.endpoint)}/${inputs.bucket}: ${JSON.stringify(stored)}`,
            why: "What was declared is not what browsers will meet: uploads from the LLMOS page may fail.",
            next: "Declare the rules in the form the server gives back, or use a server that stores them as they are.",
            property: "rules",
        });
    }
    return { ...inputs, storedRules: stored };
}

/** The state after a look: the arguments speak as the server does, so that a drift is shown in their terms. */
function observed(state: BucketCorsState, stored: CorsRule[]): BucketCorsState {
    if (sameRules(stored, wanted(state))) {
        return { ...state, storedRules: stored };
    }
    const [only] = stored;
    const { allowedOrigins: _origins, rules: _rules, ...rest } = state;
    const asGuide = stored.length === 1 && only && sameRules([only], [guideRule(only.allowedOrigins)]);
    return asGuide && state.allowedOrigins
        ? { ...rest, allowedOrigins: only.allowedOrigins, storedRules: stored }
        : { ...rest, rules: stored, storedRules: stored };
}

function answerFindings(
    connection: S3Connection,
    reading: Awaited<ReturnType<ObjectStore["cors"]>>,
    inputs: KnownPart<BucketCorsInputs>,
    isNew: boolean,
): Finding[] {
    if (reading.outcome === "unknown") {
        // At preview the bucket may be one that this very program is about to make.
        return reading.error.finding.code === "no-such-bucket" ? [] : [reading.error.finding];
    }
    const taken =
        reading.outcome === "present" &&
        isNew &&
        !inputs.adopt &&
        !sameRules(reading.value.map(fromServer), wanted(inputs));
    return taken ? [takenFinding(connection.endpoint, inputs.bucket ?? "", reading.value.length)] : [];
}

function takenFinding(endpoint: string, bucket: string, count: number): Finding {
    return failure("cors-taken", {
        found: `The bucket "${bucket}" has ${count} CORS ${count === 1 ? "rule" : "rules"} already, and others than declared`,
        where: `${urlOf(endpoint)}/${bucket}`,
        why: "The CORS document is written as a whole: whoever relies on those rules would lose them.",
        next: "Declare those rules too (rules: […]), or set adopt: true to replace them, or cors: false to leave them alone.",
        property: "rules",
    }).finding;
}

function openToAll(rule: CorsRule): boolean {
    return (
        rule.allowedOrigins.includes("*") &&
        rule.allowedMethods.some((method) => method !== "GET" && method !== "HEAD")
    );
}

function openFinding(): Finding {
    return {
        code: "argument-invalid",
        severity: "warning",
        found: 'A CORS rule allows writing from every origin ("*")',
        where: "allowedOrigins",
        why: "Any page that a signed-in user opens may then use a leaked upload link from their browser.",
        next: "Name the LLMOS page's own origin, for example https://llmos.example.com.",
        property: "allowedOrigins",
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
        next: "Give allowedOrigins for the rule of the LLMOS guide, or rules of your own; on a Registry, cors: false leaves CORS alone.",
        property: "rules",
    }).finding;
}

/** `Bucket`: the S3 bucket behind a registry, made by us, adopted, or used as it is. */

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { askableConnection, askStore, identifyHolder, storeOf } from "../../access/bucket";
import { registriesIn } from "../../access/inUse";
import { explained, type Finding, type FindingCode, failure, failureOf, findingOf } from "../../finding";
import type { Context, KnownPart, Lifecycle } from "../../lifecycle";
import { dispositionOf, OURS_ALONE } from "../../lifecycle/disposition";
import { ALIASES, isOfStackOf, ownerWords } from "../../lifecycle/owner";
import { type Claim, claimOf, ownersOf, type Sighting, standingOf } from "../../lifecycle/ownership";
import { askForBucket, noBucket } from "../../preflight/bucket";
import { askEndpoint } from "../../preflight/endpoint";
import { movingFindings } from "../../preflight/registry";
import { absent, known, present } from "../../reading";
import { type BucketMark, readMark, writeMark } from "../../s3/bucketMark";
import { urlOf } from "../../s3/client";
import type { ObjectStore } from "../../s3/objectStore";
import { contentFinding } from "./content";
import { type BucketInputs, type BucketState, bucketDescription } from "./description";
import { carryOut, leftToOthers } from "./removal";

export const bucket: Lifecycle<BucketInputs, BucketState> = {
    ...bucketDescription,

    asks: ["name", "endpoint", "credentials", "caBundle"],

    subject({ endpoint, name }) {
        return [endpoint, name];
    },

    shares({ existing }) {
        return existing === true;
    },

    async complete(context, inputs, prior) {
        return await identifyHolder(context, inputs, prior);
    },

    async preflight(context, inputs, prior, unchanged) {
        const { connection, findings } = await askableConnection(context, inputs);
        const used = await usedFindings(context, inputs, prior);
        if (!connection || inputs.name === undefined || used.length > 0) {
            return [...findings, ...used];
        }
        if (unchanged) {
            return await askEndpoint(context, connection);
        }
        const answer = await askForBucket(context, connection, inputs.name);
        if (answer.exists === false && inputs.existing && !inputs.awaits?.includes("name")) {
            return [noBucket(connection.endpoint, inputs.name)];
        }
        if (answer.exists && !inputs.existing && !inputs.adopt && !wasManaged(prior, inputs)) {
            const { name } = inputs;
            const claim = { owners: ownersOf(inputs) };
            return await askStore(
                context,
                connection,
                `taken ${JSON.stringify([name, claim])}`,
                async (store) => takenFindings(store, name, await readMark(store, name), claim),
            );
        }
        return answer.findings;
    },

    async create(context, inputs) {
        const instance = await ensure(context, inputs, { owners: ownersOf(inputs) }, randomUUID());
        return { id: inputs.name, state: stateOf(inputs, instance) };
    },

    async read(context, _id, state) {
        const store = await storeOf(context, state);
        const reading = await store.bucket(state.name);
        if (reading.outcome !== "present") {
            return reading.outcome === "absent" ? absent : reading;
        }
        // One that is only used may be anybody's.
        if (!state.managed) {
            return present(state);
        }
        const mark = await readMark(store, state.name);
        if (standingOf(sightingOf(mark), claimOfBucket(state)) === "theirs") {
            await context.log.warn(leftToOthers(state, mark));
            return absent;
        }
        return present(state);
    },

    async update(context, _id, state, inputs) {
        const moved = state.endpoint !== inputs.endpoint;
        const claim = claimOfBucket(state, inputs);
        const isNew = moved || !state.managed;
        // Under another address it may be the very same bucket: then its mark is the one in the state.
        const made = state.managed ? { made: { instance: state.instance } } : {};
        const instance = await ensure(
            context,
            // Ours that somebody has taken over since is not taken back: adopting is for what was not ours.
            isNew ? inputs : { ...inputs, adopt: false },
            isNew ? { owners: claim.owners, ...made } : claim,
            state.instance || randomUUID(),
        );
        const marked = stateOf(inputs, instance);
        if (moved && state.managed && (await isSameBucket(context, marked, state.endpoint)) !== true) {
            await context.log.warn(leftBehind(state));
        }
        return marked;
    },

    async delete(context, _id, state) {
        if (!state.managed) {
            return;
        }
        const store = await storeOf(context, state);
        if (!known(await store.bucket(state.name))) {
            return;
        }
        const mark = await readMark(store, state.name);
        const users = await registriesIn(context, state, state.name);
        const filled = await contentFinding(store, state.name);
        const succeeded = context.history.hasSuccessor(state);
        const disposition = dispositionOf({
            ...OURS_ALONE,
            standing: standingOf(sightingOf(mark), claimOfBucket(state)),
            declared: await isDeclaredElsewhere(context, state),
            succeeded,
            users: users.filter((name) => name !== state.registry),
            usedByOwn: users.some((name) => name === state.registry),
            content: filled ? "filled" : "none",
            // A replacement never empties: the registry lives in the new bucket, and what the old one holds is not for us
            // to delete.
            mayEmpty: state.forceDestroy === true && !succeeded,
        });
        await carryOut(context, store, state, disposition, { mark, users, filled });
    },
};

/** Whether the program declares this very bucket at another address. Where that cannot be told, it may be so. */
async function isDeclaredElsewhere(context: Context, state: BucketState): Promise<boolean> {
    const named = context.history
        .declaredOf(bucketDescription.type)
        .map(({ subject: [endpoint, name] }) => ({ endpoint, name }))
        .filter(({ endpoint, name }) => name === state.name && endpoint !== state.endpoint);
    for (const { endpoint } of named) {
        const isSame =
            typeof endpoint === "string" ? await isSameBucket(context, state, endpoint) : "unknown";
        if (isSame !== false) {
            return true;
        }
    }
    return false;
}

function leftBehind({ name, endpoint }: BucketState): string {
    return `The bucket "${name}" at ${urlOf(endpoint)} is left as it is: this stack now uses the one at the other endpoint. Delete it by hand if nothing needs it.`;
}

/** What the state knows of the bucket. Without a mark, which somebody may have deleted, it is the one in the state. */
function claimOfBucket(state: BucketState, inputs: { owner?: string } = {}): Claim {
    return claimOf({ ...state, uid: UNMARKED }, inputs);
}

/** Stands for the UID that a bucket does not have, so that an unmarked one counts as the one in the state. */
const UNMARKED = "unmarked";

function sightingOf(marks: BucketMark): Sighting {
    return { uid: UNMARKED, marks, terminating: false };
}

/** Whether the bucket of that name at another endpoint is this one: its server knows these keys, and shows its mark. */
async function isSameBucket(
    context: Context,
    state: BucketState,
    endpoint: string,
): Promise<boolean | "unknown"> {
    try {
        const store = await storeOf(context, { ...state, endpoint });
        return (await readMark(store, state.name)).instance === state.instance;
    } catch (error) {
        const { code } = findingOf(error);
        return ELSEWHERE.has(code) ? false : "unknown";
    }
}

/** What another server than that of the bucket says, when it is asked with the bucket's keys. */
const ELSEWHERE = new Set<FindingCode>(["unknown-key", "wrong-secret", "no-such-bucket"]);

/** Asked here already, because the registry's own question comes after the new bucket has been made. */
async function usedFindings(
    context: Context,
    inputs: KnownPart<BucketInputs>,
    prior: KnownPart<BucketInputs> | undefined,
): Promise<Finding[]> {
    const { registry, name: bucketName, ...rest } = inputs;
    const name = prior?.registry ?? registry;
    if (!prior || name === undefined) {
        return [];
    }
    const moved = { ...rest, name, ...(bucketName !== undefined && { bucket: bucketName }) };
    return await explained(async () =>
        movingFindings(await context.clusterReader(inputs.cluster), moved, {
            ...prior,
            bucket: prior.name ?? "",
        }),
    );
}

/** Whether the stack manages this very bucket already. */
function wasManaged(prior: KnownPart<BucketInputs> | undefined, inputs: KnownPart<BucketInputs>): boolean {
    return !prior?.existing && prior?.name === inputs.name && prior?.endpoint === inputs.endpoint;
}

/**
 * Makes the bucket and marks it, or sees that it may be used. Safe to run again. Gives the creation that its mark names,
 * none for a bucket that is only used.
 */
async function ensure(
    context: Context,
    inputs: BucketInputs,
    claim: Claim,
    instance: string,
): Promise<string> {
    const store = await storeOf(context, inputs);
    const exists = known(await store.bucket(inputs.name)) === true;
    if (inputs.existing) {
        if (!exists) {
            throw failureOf(noBucket(inputs.endpoint, inputs.name));
        }
        return "";
    }
    if (!exists) {
        await store.createBucket(inputs.name);
    }
    const before = await readMark(store, inputs.name);
    // To make a bucket of the same account again is no error: another stack may have been faster.
    if (!inputs.adopt && (exists || before.instance !== undefined)) {
        const [taken] = await takenFindings(store, inputs.name, before, claim);
        if (taken) {
            throw failureOf(taken);
        }
    }
    const mark = { owner: inputs.owner, instance, cluster: inputs.clusterId };
    if (!isDeepStrictEqual(before, mark)) {
        await writeMark(store, inputs.name, mark);
    }
    return instance;
}

function stateOf(inputs: BucketInputs, instance: string): BucketState {
    const url = `${urlOf(inputs.endpoint)}/${inputs.name}`;
    return { ...inputs, url, managed: !inputs.existing, instance };
}

/**
 * Why an existing bucket is not taken over without `adopt`. One that is empty, unmarked and has no CORS rules is taken:
 * it is what a run of ours leaves that was ended between making the bucket and marking it, and there is nothing in it
 * that anyone could lose.
 */
async function takenFindings(
    store: ObjectStore,
    name: string,
    mark: BucketMark,
    claim: Claim,
): Promise<Finding[]> {
    if (standingOf(sightingOf(mark), claim) === "ours") {
        return [];
    }
    const isMarked = mark.instance !== undefined;
    const filled = (await contentFinding(store, name)) !== undefined;
    if (!isMarked && !filled && !(await hasCors(store, name))) {
        return [];
    }
    const what = filled ? "holds objects" : isMarked ? "bears a mark" : "has CORS rules";
    const maker = mark.owner ? ownerWords(mark.owner, claim.owners) : undefined;
    return [
        failure("bucket-taken", {
            found: `The bucket "${name}" exists already and ${what}; it was ${maker ? `made by ${maker}, not by this resource` : "not made by this stack"}`,
            where: `${urlOf(store.connection.endpoint)}/${name}`,
            why: "Taking it over would put somebody else's data under this stack's control.",
            next: insteadOfTakingBucket(mark.owner, claim),
            property: "name",
        }).finding,
    ];
}

function insteadOfTakingBucket(owner: string | undefined, { owners, made }: Claim): string {
    if (made?.uid !== undefined) {
        return "Run `pulumi refresh`: it takes the bucket out of the stack. Then choose another name, or set adopt: true to let this stack manage the one that is there.";
    }
    return isOfStackOf(owner, owners)
        ? ALIASES
        : "Use it as it is (existing: true), or set adopt: true to let this stack manage it.";
}

/** A server without bucket CORS has no rules to lose. */
async function hasCors(store: ObjectStore, name: string): Promise<boolean> {
    const reading = await store.cors(name);
    if (reading.outcome === "unknown" && reading.error.finding.code !== "cors-not-implemented") {
        throw reading.error;
    }
    return reading.outcome === "present";
}

/** `Bucket`: the S3 bucket behind a registry, made by us, adopted, or used as it is. */
import {
    bucketName,
    cluster,
    credentials,
    type Guarded,
    guardedFields,
    type Owned,
    objectName,
    ownedFields,
    s3ServerFields,
} from "../arguments";
import { explained, type Finding, failure, failureOf } from "../errors";
import { flag, optional, remembered, required, text, withDefault } from "../fields";
import type { Context, KnownPart, Lifecycle } from "../lifecycle";
import { askForBucket, noBucket } from "../preflight/bucket";
import { askEndpoint } from "../preflight/endpoint";
import { movingFindings } from "../preflight/registry";
import { absent, present } from "../reading";
import { askableConnection, identifyHolder, type S3Access, standsFor, storeOf } from "../s3/access";
import { urlOf } from "../s3/client";
import { emptyBucket } from "../s3/emptying";
import { isStillStored } from "../s3/inUse";
import { type ObjectStore, OWN_PREFIX } from "../s3/objectStore";

/** Arguments of a `Bucket`. */
export interface BucketInputs extends S3Access, Guarded, Owned {
    /** Bucket name (S3 "Bucket naming rules"). Another name is another bucket: replacement. */
    name: string;
    /** Default true: make it. False: it must exist, and is never deleted. */
    create?: boolean;
    /**
     * Delete the bucket with all that is in it. Default false. Counts only once it has been applied by an
     * `up`, so that one edit and one destroy cannot lose data.
     */
    forceDestroy?: boolean;
    /**
     * Name of the Registry that stores in it: the bucket is not exchanged while models or datasets use that, and not deleted
     * while it stores there. Without it, `pulumi up --replace` of everything deletes a bucket that it has just taken over.
     */
    registry?: string;
    /** Says that the content has been moved: lets the bucket be exchanged although the registry is used. */
    relocate?: boolean;
}

/** State of a `Bucket`. */
export interface BucketState extends BucketInputs {
    /** URL of the bucket, path style. */
    url: string;
    /** This stack made it or adopted it, and deletes it when it is empty. */
    managed: boolean;
}

export const bucket: Lifecycle<BucketInputs, BucketState> = {
    type: "Bucket",

    asks: ["name", "endpoint", "credentials", "caBundle"],

    fields: {
        name: { ...bucketName, onChange: "replace" },
        // Another endpoint may be another address of the same server: a replacement would delete the very bucket that is
        // used now, so that it is an update, and the old bucket is left.
        ...s3ServerFields,
        credentials: required(credentials),
        create: withDefault(flag, true),
        forceDestroy: withDefault(flag, false, "store"),
        registry: optional(text(objectName), "store"),
        relocate: optional(flag, "store"),
        cluster,
        clusterId: remembered(text(), "store"),
        ...guardedFields,
        ...ownedFields,
    },

    computed: { url: required(text()), managed: required(flag) },

    subject({ endpoint, name }) {
        return [endpoint, name];
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
        if (answer.exists === false && inputs.create === false && !inputs.awaits?.includes("name")) {
            return [noBucket(connection.endpoint, inputs.name)];
        }
        if (answer.exists && inputs.create && !inputs.adopt && !wasManaged(prior, inputs)) {
            return await takenFindings(await context.objectStore(connection), inputs.name);
        }
        return answer.findings;
    },

    async create(context, inputs) {
        await ensure(context, inputs);
        context.history.created.add(inputs.owner ?? "").add(standsFor("Bucket", inputs.name));
        return { id: inputs.name, state: stateOf(inputs) };
    },

    async read(context, _id, state) {
        const store = await storeOf(context, state);
        const reading = await store.bucket(state.name);
        return reading.outcome === "present"
            ? present(state)
            : reading.outcome === "absent"
              ? absent
              : reading;
    },

    async update(context, _id, state, inputs) {
        const moved = state.endpoint !== inputs.endpoint;
        if (moved || !state.managed) {
            await ensure(context, inputs);
        }
        if (moved && state.managed) {
            await context.log.warn(leftAsItIs(state));
        }
        return stateOf(inputs);
    },

    async delete(context, _id, state) {
        if (!state.managed) {
            return;
        }
        const replaced = context.history.created.has(standsFor("Bucket", state.name));
        if (replaced || (await isStillStored(context, state, state.name))) {
            await context.log.warn(leftAsItIs(state));
            return;
        }
        const store = await storeOf(context, state);
        if (!isPresent(await store.bucket(state.name))) {
            return;
        }
        if (state.forceDestroy && !context.history.created.has(state.owner ?? "")) {
            await emptyBucket(context, store, state.name);
        }
        await deleteUnlessFilled(context, store, state);
        context.questions.forget("bucket ");
    },
};

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
        movingFindings(await context.cluster(inputs.cluster), moved, { ...prior, bucket: prior.name ?? "" }),
    );
}

/** Whether the stack manages this very bucket already. */
function wasManaged(prior: KnownPart<BucketInputs> | undefined, inputs: KnownPart<BucketInputs>): boolean {
    return prior?.create !== false && prior?.name === inputs.name && prior?.endpoint === inputs.endpoint;
}

/** Managing an existing bucket needs `adopt`, unless there is nothing in it to lose. */
async function refuseForeign(store: ObjectStore, inputs: BucketInputs): Promise<void> {
    const managed = inputs.create !== false;
    const [taken] = managed && !inputs.adopt ? await takenFindings(store, inputs.name) : [];
    if (taken) {
        throw failureOf(taken);
    }
}

/** Makes the bucket, or sees that it may be used. Safe to run again. */
async function ensure(context: Context, inputs: BucketInputs): Promise<void> {
    const store = await storeOf(context, inputs);
    const exists = isPresent(await store.bucket(inputs.name));
    if (exists) {
        await refuseForeign(store, inputs);
    } else if (inputs.create === false) {
        throw failureOf(noBucket(inputs.endpoint, inputs.name));
    } else {
        await store.createBucket(inputs.name);
        context.questions.forget("bucket ");
    }
}

function leftAsItIs({ name, endpoint }: BucketState): string {
    return `The bucket "${name}" at ${urlOf(endpoint)} is left as it is: it may be the one that is used now, under another address. Delete it by hand if it is not.`;
}

function stateOf(inputs: BucketInputs): BucketState {
    return { ...inputs, url: `${urlOf(inputs.endpoint)}/${inputs.name}`, managed: inputs.create !== false };
}

function isPresent(reading: Awaited<ReturnType<ObjectStore["bucket"]>>): boolean {
    if (reading.outcome === "unknown") {
        throw reading.error;
    }
    return reading.outcome === "present";
}

async function deleteUnlessFilled(context: Context, store: ObjectStore, state: BucketState): Promise<void> {
    const filled = await contentFinding(store, state.name);
    if (!filled) {
        await store.deleteBucket(state.name);
    } else if (context.history.created.has(state.owner ?? "")) {
        // The end of a replacement: the registry lives in the new bucket, and what the old one holds is not
        // for us to delete.
        await context.log.warn(
            `The bucket "${state.name}" at ${urlOf(state.endpoint)} is kept: it is no longer used, but it is not empty.`,
        );
    } else {
        throw failureOf(filled);
    }
}

/**
 * Why a bucket may not be deleted; undefined when it is empty, versions and open uploads included. Where nothing but our
 * own objects is left, they go: proofs that were ended halfway, and manifests of contents that are gone.
 */
async function contentFinding(store: ObjectStore, name: string): Promise<Finding | undefined> {
    const listed = await store.someObjects(name, 1000);
    const objects = listed.filter((key) => !key.startsWith(OWN_PREFIX));
    if (objects.length === 0) {
        await store.discardOwn(name);
    }
    const versions = objects.length > 0 ? [] : await store.someVersions(name, 1000);
    const uploads = objects.length + versions.length > 0 ? [] : await store.uploads(name);
    const count = objects.length || versions.length || uploads.length;
    if (count === 0) {
        return undefined;
    }
    const kind =
        objects.length > 0
            ? "object"
            : versions.length > 0
              ? "old version or delete marker"
              : "open multipart upload";
    const many = count === 1 ? `1 ${kind}` : `${count >= 1000 ? "at least 1000" : count} ${kind}s`;
    return failure("bucket-not-empty", {
        found: `The bucket "${name}" holds ${many} and is not deleted`,
        where: `${urlOf(store.connection.endpoint)}/${name}, the first is "${objects[0] ?? versions[0]?.Key ?? uploads[0]?.Key}"`,
        why: "Deleting it would delete the models and datasets stored there.",
        next: "Empty it by hand; or set forceDestroy: true, run `pulumi up`, then delete it; or keep it and run `pulumi state delete` for this resource.",
    }).finding;
}

/**
 * Why an existing bucket is not taken over without `adopt`. One that is empty and has no CORS rules is taken:
 * it is what a run of ours leaves that was ended between making the bucket and saying so, and there is nothing
 * in it that anyone could lose.
 */
async function takenFindings(store: ObjectStore, name: string): Promise<Finding[]> {
    const objects = await store.someObjects(name, 1);
    const versions = objects.length > 0 ? [] : await store.someVersions(name, 1);
    const filled = objects.length + versions.length > 0;
    if (!filled && !(await hasCors(store, name))) {
        return [];
    }
    const what = filled ? "holds objects" : "has CORS rules";
    return [
        failure("bucket-taken", {
            found: `The bucket "${name}" exists already and ${what}; it was not made by this stack`,
            where: `${urlOf(store.connection.endpoint)}/${name}`,
            why: "Taking it over would put somebody else's data under this stack's control.",
            next: `Use it as it is (bucket: "${name}"), or set adopt: true to let this stack manage it.`,
            property: "name",
        }).finding,
    ];
}

/** A server without bucket CORS has no rules to lose. */
async function hasCors(store: ObjectStore, name: string): Promise<boolean> {
    const reading = await store.cors(name);
    if (reading.outcome === "unknown" && reading.error.finding.code !== "cors-not-implemented") {
        throw reading.error;
    }
    return reading.outcome === "present";
}

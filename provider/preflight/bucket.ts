/** Do the keys work, and is the bucket there? */
import { type Finding, failure } from "../finding";
import type { Context } from "../lifecycle";
import { type S3Connection, urlOf } from "../s3/client";
import { askEndpoint } from "./endpoint";

/** What the questions to one bucket found out. */
export interface BucketAnswer {
    readonly findings: Finding[];
    /** Undefined when it could not be found out. */
    readonly exists?: boolean;
}

/**
 * Asks the endpoint, then for the bucket with the given keys: a request that is answered at all proves that
 * the keys are known and the signature is right.
 */
export async function askForBucket(
    context: Context,
    connection: S3Connection,
    bucket: string,
): Promise<BucketAnswer> {
    const unreachable = await askEndpoint(context, connection);
    if (unreachable.length > 0) {
        return { findings: unreachable };
    }
    const { endpoint, region, addressing, keys } = connection;
    const key = `bucket ${JSON.stringify([endpoint, bucket, region, addressing, keys])}`;
    // Opened before the time for the answer runs: loading the client is not the server's delay.
    const store = await context.objectStore(connection);
    return await context.questions.once(key, async (signal): Promise<BucketAnswer> => {
        const reading = await store.bucket(bucket, signal);
        return reading.outcome === "unknown"
            ? { findings: [reading.error.finding] }
            : { findings: [], exists: reading.outcome === "present" };
    });
}

/** The bucket is not there. */
export function noBucket(endpoint: string, bucket: string): Finding {
    return failure("no-such-bucket", {
        found: `The bucket "${bucket}" does not exist`,
        where: urlOf(endpoint),
        why: "The registry stores models and datasets in it.",
        next: "Correct the name, or leave out existing: true to have it made.",
        property: "name",
    }).finding;
}

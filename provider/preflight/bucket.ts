/** Do the keys work, and is the bucket there? */

import { askStore } from "../access/bucket";
import { type Finding, failure, findingOf } from "../finding";
import type { Context } from "../lifecycle";
import { known } from "../reading";
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
    try {
        const found = await askStore(context, connection, `bucket ${bucket}`, async (store) =>
            known(await store.bucket(bucket)),
        );
        return { findings: [], exists: found === true };
    } catch (error) {
        return { findings: [findingOf(error)] };
    }
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

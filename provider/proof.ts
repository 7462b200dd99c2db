/** Proof that keys work on a bucket, for reading and writing, before anything relies on them. */
import type { Keys, S3Server } from "./arguments";
import { failure } from "./errors";
import { type Context, known } from "./lifecycle";
import { connectionWith } from "./s3/access";
import { urlOf } from "./s3/client";

/** The bucket that keys are for. */
export interface ProofTarget extends S3Server {
    bucket: string;
}

/** What was proved, and when: recorded in the stack. */
export interface Check {
    /** For example `keys-read` or `keys-write`. */
    name: string;
    /** What was asked, of whom. */
    detail: string;
    /** ISO 8601 time. */
    at: string;
}

/**
 * Proves keys on the real server, once a process for the same keys and bucket: the bucket is there for them,
 * and, with `writing`, one small object of `owner` can be put, read back and deleted. Throws what stands in the way.
 */
export async function proveKeys(
    context: Context,
    target: ProofTarget,
    keys: Keys,
    writing: boolean,
    owner = "",
): Promise<Check[]> {
    const key = `proof ${JSON.stringify([target.endpoint, target.bucket, keys, writing])}`;
    return await context.questions.once(key, async () => {
        const store = await context.objectStore(connectionWith(context, target, keys));
        if (!known(await store.bucket(target.bucket))) {
            throw noBucket(target);
        }
        const detail = `${urlOf(target.endpoint)}/${target.bucket}`;
        const at = new Date(context.clock.now()).toISOString();
        if (!writing) {
            return [{ name: "keys-read", detail, at }];
        }
        await store.proveWriting(target.bucket, owner);
        return [
            { name: "keys-read", detail, at },
            { name: "keys-write", detail, at },
        ];
    });
}

function noBucket(target: ProofTarget): Error {
    return failure("no-such-bucket", {
        found: `The bucket "${target.bucket}" does not exist`,
        where: urlOf(target.endpoint),
        why: "The registry stores models and datasets in it.",
        next: "Correct the name, or have it made first (a Bucket resource, or bucket: { name, create: true }).",
        property: "bucket",
    });
}

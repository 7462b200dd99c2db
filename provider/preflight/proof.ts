/** Proof that keys work on a bucket, for reading and writing, before anything relies on them. */

import { connectionWith } from "../access/bucket";
import type { Keys, ProofTarget } from "../description/arguments";
import { failureOf } from "../finding";
import type { Context } from "../lifecycle";
import { known } from "../reading";
import { urlOf } from "../s3/client";
import { noBucket } from "./bucket";
import { type Check, judged } from "./checks";

/**
 * Proves keys on the real server, once a process for the same keys and bucket: the endpoint is there, the bucket is
 * there for them, and, with `writing`, one small object of `owner` can be put, read back and deleted. Throws what stands in
 * the way.
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
        const connection = connectionWith(context, target, keys);
        const store = await context.objectStore(connection);
        if (!known(await store.bucket(target.bucket))) {
            throw failureOf(noBucket(target.endpoint, target.bucket));
        }
        if (writing) {
            await store.proveWriting(target.bucket, owner);
        }
        // An answer to a signed request proves name, connection, TLS and clock as well.
        const url = urlOf(target.endpoint);
        return [
            judged(context, "endpoint", url, []),
            judged(context, "keys", `${url}/${target.bucket}`, []),
            ...(writing ? [judged(context, "keys-write", `${url}/${target.bucket}`, [])] : []),
        ];
    });
}

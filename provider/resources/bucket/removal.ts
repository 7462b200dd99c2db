/** The end of a bucket, once it is decided what is to become of it. */

import { usedFinding } from "../../access/inUse";
import { type Finding, failureOf } from "../../finding";
import type { Context } from "../../lifecycle";
import type { Disposition, KeepReason } from "../../lifecycle/disposition";
import { ownerWords } from "../../lifecycle/owner";
import { ownersOf } from "../../lifecycle/ownership";
import type { BucketMark } from "../../s3/bucketMark";
import { urlOf } from "../../s3/client";
import { emptyBucket } from "../../s3/emptying";
import type { ObjectStore } from "../../s3/objectStore";

/** Which bucket. */
interface ManagedBucket {
    readonly name: string;
    readonly endpoint: string;
    readonly owner?: string;
}

/** What was found, for the words. */
export interface Found {
    readonly mark: BucketMark;
    readonly users: readonly string[];
    readonly filled: Finding | undefined;
}

/** Does with the bucket what was decided, or says why it is left. */
export async function carryOut(
    context: Context,
    store: ObjectStore,
    state: ManagedBucket,
    disposition: Disposition,
    found: Found,
): Promise<void> {
    switch (disposition.act) {
        case "refuse":
            throw failureOf(
                disposition.reason === "filled" && found.filled
                    ? found.filled
                    : usedFinding({
                          what: `bucket "${state.name}"`,
                          where: `${urlOf(state.endpoint)}/${state.name}`,
                          registries: found.users,
                          why: "Their models and datasets are stored there.",
                      }),
            );
        case "keep":
            await context.log.warn(keptWords(state, disposition.reason, found));
            return;
        case "empty":
            await emptyBucket(context.log, store, state.name);
            await store.deleteBucket(state.name);
            return;
        case "delete":
            await store.discardOwn(state.name);
            await store.deleteBucket(state.name);
    }
}

function keptWords(state: ManagedBucket, reason: KeepReason, { mark, users }: Found): string {
    const bucket = `The bucket "${state.name}" at ${urlOf(state.endpoint)} is kept`;
    switch (reason) {
        case "theirs":
            return mark.owner === state.owner
                ? `${bucket}: a later creation of the same resource, a replacement or one whose run was ended, has taken it over.`
                : leftToOthers(state, mark);
        case "declared":
            return `${bucket}, and is no longer in the stack as this resource: the program declares a bucket of this name at another address, which is the same one or cannot be told from it.`;
        case "used-by-own":
        case "used":
            return `${bucket}: ${countOf(users.length, "registry", "registries")} of the cluster (${users.join(", ")}) ${users.length === 1 ? "stores" : "store"} in it.`;
        default:
            return `${bucket}: it has been replaced, but it is not empty.`;
    }
}

function countOf(count: number, one: string, many: string): string {
    return `${count} ${count === 1 ? one : many}`;
}

export function leftToOthers(state: ManagedBucket, mark: BucketMark): string {
    return `The bucket "${state.name}" at ${urlOf(state.endpoint)} is left alone: it is not the one in the stack, it was made, or taken over, by ${mark.owner ? ownerWords(mark.owner, ownersOf(state)) : "someone else"}.`;
}

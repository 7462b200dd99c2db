/** Emptying a bucket for `forceDestroy`: objects, old versions, delete markers and open uploads, in batches. */
import type { Context } from "../lifecycle";
import type { ObjectStore } from "./objectStore";

/** Most objects that one DeleteObjects request takes (S3 documentation). */
const BATCH = 1_000;

/** Deletes everything in the bucket, with a progress line a batch. */
export async function emptyBucket(context: Context, store: ObjectStore, bucket: string): Promise<void> {
    for (const upload of await store.uploads(bucket)) {
        await store.abortUpload(bucket, upload);
    }
    let deleted = 0;
    for (;;) {
        const versions = await store.someVersions(bucket, BATCH);
        const batch = versions.length > 0 ? versions : await store.someObjects(bucket, BATCH).then(asObjects);
        if (batch.length === 0) {
            return;
        }
        await store.deleteObjects(bucket, batch);
        deleted += batch.length;
        await context.log.info(`Emptying bucket "${bucket}": ${deleted} objects and versions deleted.`);
    }
}

function asObjects(keys: string[]): { Key: string }[] {
    return keys.map((Key) => ({ Key }));
}

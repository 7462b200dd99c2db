/** Emptying a bucket for `forceDestroy`: objects, old versions, delete markers and open uploads, in batches. */
import { failure, type LlmosError } from "../finding";
import { urlOf } from "./client";
import type { ObjectStore } from "./objectStore";

/** Most objects that one DeleteObjects request takes (S3 documentation). */
const BATCH = 1_000;

/** The version of what was stored before a bucket had versioning (S3 documentation, "Versioning"). */
const NULL_VERSION = "null";

type Entry = Awaited<ReturnType<ObjectStore["someVersions"]>>[number];

/** Deletes everything in the bucket, with a progress line a batch. */
export async function emptyBucket(
    log: { info(message: string): Promise<void> },
    store: ObjectStore,
    bucket: string,
): Promise<void> {
    for (const upload of await store.uploads(bucket)) {
        await store.abortUpload(bucket, upload);
    }
    let deleted = 0;
    /** What the last batch began with, and how often it has come back. */
    let first = "";
    let returned = 0;
    for (;;) {
        const versions = await store.someVersions(bucket, BATCH);
        const batch = versions.length > 0 ? versions : await store.someObjects(bucket, BATCH).then(asObjects);
        if (batch.length === 0) {
            return;
        }
        returned = JSON.stringify(batch[0]) === first ? returned + 1 : 0;
        first = JSON.stringify(batch[0]);
        if (returned > 1) {
            throw comesBack(store, bucket, batch[0]?.Key ?? "");
        }
        // S3Mock lists the null version without a version, and without one a deletion only hides it (measured).
        await store.deleteObjects(bucket, returned === 1 ? batch.map(asNullVersion) : batch);
        deleted += batch.length;
        await log.info(`Emptying bucket "${bucket}": ${deleted} objects and versions deleted.`);
    }
}

function asObjects(keys: string[]): Entry[] {
    return keys.map((Key) => ({ Key }));
}

function asNullVersion({ Key, VersionId = NULL_VERSION }: Entry): Entry {
    return { Key, VersionId };
}

function comesBack(store: ObjectStore, bucket: string, key: string): LlmosError {
    return failure("s3-failed", {
        found: `The S3 server says that it deletes "${key}", and lists it again`,
        where: `${urlOf(store.connection.endpoint)}, bucket "${bucket}"`,
        why: "A bucket can only be deleted when it is empty.",
        next: "Look for somebody who writes there, and for object locks; empty the bucket by hand, then run again.",
    });
}

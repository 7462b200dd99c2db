/**
 * The mark of a bucket. A bucket has no UID and no annotations: a small object of ours in it says whose it is, and that
 * two endpoints lead to the same one.
 */
import { known } from "../reading";
import { type ObjectStore, OWN_PREFIX } from "./objectStore";

/** Key of the mark. */
export const MARK_KEY = `${OWN_PREFIX}bucket.json`;

/** What the mark says. */
export interface BucketMark {
    /** The program resource that made or adopted the bucket. */
    readonly owner?: string | undefined;
    /** The one creation that it comes from. */
    readonly instance?: string | undefined;
    /** Identity of the cluster that the resource belongs to, where it has one. */
    readonly cluster?: string | undefined;
}

/** The mark of a bucket that is there; none where nothing, or something that is no mark, lies at its key. */
export async function readMark(store: ObjectStore, bucket: string): Promise<BucketMark> {
    return markOf(known(await store.text(bucket, MARK_KEY)));
}

export async function writeMark(store: ObjectStore, bucket: string, mark: BucketMark): Promise<void> {
    await store.putText(bucket, MARK_KEY, `${JSON.stringify(mark)}\n`);
}

function markOf(text: string | undefined): BucketMark {
    try {
        const { owner, instance, cluster } = JSON.parse(text ?? "{}") as Record<string, unknown>;
        return { owner: textOf(owner), instance: textOf(instance), cluster: textOf(cluster) };
    } catch {
        return {};
    }
}

function textOf(value: unknown): string | undefined {
    return typeof value === "string" ? value : undefined;
}

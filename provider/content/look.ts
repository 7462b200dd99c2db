/** A look at what lies below a path of the bucket: one listing and one small read. */
import { LlmosError } from "../finding";
import { known } from "../reading";
import type { ListedObject } from "../s3/bucketRequests";
import { urlOf } from "../s3/client";
import type { ContentStore } from "../s3/contentStore";
import { type Manifest, manifestKey, readManifest, type StoredFiles } from "./manifest";

/** What lies there, and what is known of it. */
export interface Look {
    readonly store: ContentStore;
    /** Prefix of the keys, with a slash at its end. */
    readonly root: string;
    readonly listed: ReadonlyMap<string, ListedObject>;
    readonly manifest: Manifest;
}

export async function lookAt(store: ContentStore, path: string): Promise<Look> {
    const root = `${path}/`;
    const [listed, manifest] = await Promise.all([store.list(root), manifestOf(store, path)]);
    return { store, root, listed: await asAnswered(store, root, listed, manifest.files), manifest };
}

/** What lies below `root` now, where that is to be compared with these files. */
export async function listedBelow(
    store: ContentStore,
    root: string,
    files: StoredFiles,
): Promise<Map<string, ListedObject>> {
    return await asAnswered(store, root, await store.list(root), files);
}

/**
 * A listing without the folders of the LLMOS page, which are empty objects with a slash at their end. An object that is
 * listed with another ETag than the one that the server has answered for it is asked for by itself: a server may list
 * others than it answers.
 */
async function asAnswered(
    store: ContentStore,
    root: string,
    all: ReadonlyMap<string, ListedObject>,
    files: StoredFiles,
): Promise<Map<string, ListedObject>> {
    const listed = new Map([...all].filter(([path]) => path !== "" && !path.endsWith("/")));
    const others = [...listed].filter(([path, { size, etag }]) => {
        const stored = files.get(path);
        return stored?.size === size && stored.etag !== etag;
    });
    const etags = await store.etags(others.map(([path]) => root + path));
    for (const [index, [path, { size }]] of others.entries()) {
        listed.set(path, { size, etag: etags[index] ?? "" });
    }
    return listed;
}

/** Nothing where the bucket is missing. */
export async function lookIfThere(store: ContentStore, path: string): Promise<Look | undefined> {
    try {
        return await lookAt(store, path);
    } catch (error) {
        if (error instanceof LlmosError && error.finding.code === "no-such-bucket") {
            return undefined;
        }
        throw error;
    }
}

export async function manifestOf(store: ContentStore, path: string): Promise<Manifest> {
    return readManifest(known(await store.text(manifestKey(path))));
}

/** For messages. */
export function placeOf(store: ContentStore, path: string): string {
    return `${urlOf(store.connection.endpoint)}/${store.bucket}/${path}`;
}

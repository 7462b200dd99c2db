/** A look at what lies below a path of the bucket: one listing and one small read. */
import { LlmosError } from "../finding";
import { known } from "../reading";
import { urlOf } from "../s3/client";
import type { ContentStore, ListedObject } from "../s3/contentStore";
import { type Manifest, manifestKey, readManifest } from "./manifest";

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
    const [listed, manifest] = await Promise.all([listedBelow(store, root), manifestOf(store, path)]);
    return { store, root, listed, manifest };
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

/** Without the folders of the LLMOS page, which are empty objects with a slash at their end. */
export async function listedBelow(store: ContentStore, root: string): Promise<Map<string, ListedObject>> {
    const listed = await store.list(root);
    return new Map([...listed].filter(([path]) => path !== "" && !path.endsWith("/")));
}

/** For messages. */
export function placeOf(store: ContentStore, path: string): string {
    return `${urlOf(store.connection.endpoint)}/${store.bucket}/${path}`;
}

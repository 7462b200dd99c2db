/** Content as a part of a model or a dataset version: looked at, and forgotten. */
import type { ListedObject } from "../s3/bucketRequests";
import type { ContentStore } from "../s3/contentStore";
import { bytesOf, driftOf } from "./comparison";
import type { ContentState } from "./description";
import { lookAt, lookIfThere } from "./look";
import { contentDigest, type Manifest, manifestKey, NO_MANIFEST } from "./manifest";
import { type ContentClaim, isOurs, ownerOf } from "./ownership";
import { Sessions } from "./sessions";

/** What refresh finds. `stored` is the content as the stack knows it. */
export async function readContent(
    store: ContentStore,
    claim: ContentClaim,
    stored: Pick<ContentState, "contentDigest">,
): Promise<ContentState> {
    const seen = await lookIfThere(store, claim.path);
    const { manifest = NO_MANIFEST, listed = new Map() } = seen ?? {};
    const now = contentState(manifest, listed);
    if (stored.contentDigest === "") {
        return { ...now, contentDigest: "", contentDrift: [] };
    }
    const { owner } = manifest;
    const lines = [
        ...(owner && !isOurs(owner, claim) ? [`it belongs now to ${ownerOf(owner)}`] : []),
        ...(now.contentDigest === stored.contentDigest ? [] : ["the manifest speaks of another content"]),
    ];
    return { ...now, contentDrift: [...lines, ...now.contentDrift] };
}

/** Objects there that `known` does not have as they are: whoever deletes them loses them. */
export async function unknownObjects(
    store: ContentStore,
    path: string,
    known: "declared" | "nothing" | { readonly copyOf: string },
): Promise<string[]> {
    const { manifest, listed } = await lookAt(store, path);
    const source = typeof known === "object" ? await store.list(`${known.copyOf}/`) : undefined;
    return [...listed].flatMap(([name, { size, etag }]) => {
        const sent = known === "declared" ? manifest.files.get(name) : undefined;
        const from = source?.get(name);
        const isCopy = from?.size === size && (from.etag === etag || partsOf(from.etag) !== partsOf(etag));
        return isCopy || (sent?.size === size && sent.etag === etag) ? [] : [name];
    });
}

/** In how many parts an object was sent: a copy that was made in others has another ETag than what it was copied from. */
function partsOf(etag: string): string {
    return etag.split("-")[1] ?? "";
}

/** What lies below a path, folders left out. */
export async function objectsBelow(store: ContentStore, path: string): Promise<string[]> {
    return [...((await lookIfThere(store, path))?.listed.keys() ?? [])];
}

/** Removes what this provider keeps of a content that is gone, and what was never completed of it. */
export async function forgetContent(store: ContentStore, path: string): Promise<void> {
    await (await Sessions.of(store, path)).sweep();
    for (const upload of await store.uploads.list(`${path}/`)) {
        await store.uploads.abort(upload);
    }
    await store.remove([manifestKey(path)]);
}

/** Most lines that tell of drift. */
const MOST_LINES = 20;

/** What the state tells of a content. */
export function contentState(manifest: Manifest, listed: ReadonlyMap<string, ListedObject>): ContentState {
    const drift = driftOf(manifest, listed);
    const more = drift.length - MOST_LINES;
    return {
        size: bytesOf([...listed.values()]),
        fileCount: listed.size,
        contentDigest: contentDigest(manifest.files),
        contentDrift: more > 0 ? [...drift.slice(0, MOST_LINES), `and ${more} more`] : drift,
    };
}

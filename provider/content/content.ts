/** Content as a part of a model or a dataset version: declared as a path, compared, stored, and looked at. */

import { createHash } from "node:crypto";
import { failure, LlmosError } from "../finding";
import type { Context } from "../lifecycle";
import { known } from "../reading";
import { urlOf } from "../s3/client";
import type { ContentStore, ListedObject } from "../s3/contentStore";
import { type Comparison, compare, driftOf } from "./comparison";
import type { ContentInputs, ContentState, Pending } from "./description";
import { localFiles } from "./localFiles";
import {
    contentDigest,
    type Manifest,
    manifestKey,
    readManifest,
    type StoredFile,
    writeManifest,
} from "./manifest";
import { countOf, Progress, sizeOf, someOf } from "./progress";
import { upload } from "./upload";

/** What the content there and the content here come to. */
interface Look {
    readonly store: ContentStore;
    readonly root: string;
    readonly listed: ReadonlyMap<string, ListedObject>;
    readonly manifest: Manifest;
}

/** Looks at what lies below `path`: one listing and one small read. */
async function look(store: ContentStore, path: string): Promise<Look> {
    const root = `${path}/`;
    const [listed, manifest] = await Promise.all([
        store.list(root),
        store.text(manifestKey(path)).then((reading) => readManifest(known(reading))),
    ]);
    return { store, root, listed: withoutFolders(listed), manifest };
}

/** Folders of the LLMOS page are empty objects with a slash at their end. */
function withoutFolders(listed: Map<string, ListedObject>): Map<string, ListedObject> {
    return new Map([...listed].filter(([path]) => path !== "" && !path.endsWith("/")));
}

/** What an update would have to do; undefined for nothing. `open` gives no store where there is none yet. */
export async function pendingContent(
    context: Context,
    inputs: ContentInputs,
    path: string,
    open: () => Promise<ContentStore | undefined>,
): Promise<Pending | undefined> {
    if (inputs.content === undefined) {
        return undefined;
    }
    const local = await localFiles({ ...inputs, content: inputs.content });
    const seen = await open().then((store) => store && lookIfThere(store, path));
    if (!seen) {
        return { files: local.length, bytes: bytesOf(local), removals: 0, changes: local.length };
    }
    const comparison = await compare(local, seen.manifest, seen.listed, context.interruption);
    const { send, same, extra } = comparison;
    const removals = inputs.prune ? extra.length : 0;
    const changes = changesOf(comparison, inputs.prune === true);
    const isKnown = contentDigest(same) === contentDigest(seen.manifest);
    return send.length + removals === 0 && isKnown
        ? undefined
        : { files: send.length, bytes: bytesOf(send), removals, changes };
}

/**
 * How many files and removals make another content than the one that was stored. An object that no file here stands for
 * may be one that was stored, and kept.
 */
function changesOf({ send, restored, extra }: Comparison, prune: boolean): number {
    return send.length - restored + (prune ? extra.length : 0);
}

/** Nothing where the bucket is missing: then everything is to be sent. */
async function lookIfThere(store: ContentStore, path: string): Promise<Look | undefined> {
    try {
        return await look(store, path);
    } catch (error) {
        if (error instanceof LlmosError && error.finding.code === "no-such-bucket") {
            return undefined;
        }
        throw error;
    }
}

/** In words, for preview. */
export function describePending(what: string, { files, bytes, removals }: Pending, path: string): string {
    const sending = `${countOf(files, "file")} (${sizeOf(bytes)}) to send to ${path}`;
    return `${what}: ${sending}${removals > 0 ? `, ${countOf(removals, "object")} to remove` : ""}.`;
}

/**
 * Makes what lies there the declared content, and says what it came to. `beforeChange` is called once, before anything of
 * it becomes another content than the one that was stored.
 */
export async function storeContent(
    context: Context,
    inputs: ContentInputs & { content: string },
    what: string,
    path: string,
    store: ContentStore,
    beforeChange: () => Promise<void> = async () => {},
): Promise<ContentState> {
    const seen = await look(store, path);
    const local = await localFiles(inputs);
    const comparison = await compare(local, seen.manifest, seen.listed, context.interruption).catch(
        (error: unknown) => {
            throw context.interruption.aborted ? interrupted(store, path, "comparing it") : error;
        },
    );
    const { send, extra } = comparison;
    if (changesOf(comparison, inputs.prune === true) > 0) {
        await beforeChange();
    }
    const stored = await sendAll(context, what, path, seen, comparison);
    if (inputs.prune) {
        await store.remove(extra.map((key) => seen.root + key));
    }
    await tellExtra(context, what, extra, inputs.prune === true);
    const changed = send.length > 0 || (inputs.prune && extra.length > 0);
    const listed = changed ? withoutFolders(await store.list(seen.root)) : seen.listed;
    const manifest = asListed(stored, listed, store, path);
    if (writeManifest(manifest) !== writeManifest(seen.manifest)) {
        await saveManifest(store, path, manifest);
    }
    return contentState(manifest, listed);
}

/** Sends, and remembers what has arrived if it does not come to its end: the next run need not read that again. */
async function sendAll(
    context: Context,
    what: string,
    path: string,
    { store, root }: Look,
    { send, same }: Comparison,
): Promise<Map<string, StoredFile>> {
    const stored = new Map(same);
    if (send.length === 0) {
        return stored;
    }
    const bytes = bytesOf(send);
    const progress = new Progress(context, what, send.length, bytes);
    const { limiter, interruption: signal } = context;
    const onStored = (name: string, file: StoredFile) => stored.set(name, file);
    await context.log.info(`${what}: sending ${countOf(send.length, "file")}, ${sizeOf(bytes)}, to ${path}.`);
    progress.start();
    try {
        await upload(send, { store, root, progress, limiter, signal, onStored });
    } catch (error) {
        await saveManifest(store, path, stored).catch(() => undefined);
        throw signal.aborted ? interrupted(store, path, progress.reached) : error;
    } finally {
        progress.stop();
    }
    await context.log.info(progress.summary);
    return stored;
}

/** The manifest of what was sent, with the ETags of the listing, which a later look will see. */
function asListed(
    stored: Manifest,
    listed: ReadonlyMap<string, ListedObject>,
    store: ContentStore,
    path: string,
): Manifest {
    const rows = [...stored].map(([name, file]): [string, StoredFile] => {
        const there = listed.get(name);
        if (there?.size !== file.size) {
            throw notThere(store, `${path}/${name}`);
        }
        return [name, { ...file, etag: there.etag }];
    });
    // In one order, whoever was first to arrive.
    return new Map(rows.sort(([left], [right]) => (left < right ? -1 : 1)));
}

async function saveManifest(store: ContentStore, path: string, manifest: Manifest): Promise<void> {
    const body = Buffer.from(writeManifest(manifest));
    const headers = {
        "content-type": "application/json",
        "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
    };
    // Written after an interruption too.
    const signal = AbortSignal.timeout(MANIFEST_DEADLINE_MS);
    await store.put(manifestKey(path), body, { headers, signal });
}

const MANIFEST_DEADLINE_MS = 60_000;

async function tellExtra(
    context: Context,
    what: string,
    extra: readonly string[],
    removed: boolean,
): Promise<void> {
    if (extra.length === 0) {
        return;
    }
    const objects = `${countOf(extra.length, "object")} that the content does not have (${someOf(extra)})`;
    await (removed
        ? context.log.info(`${what}: removed ${objects}.`)
        : context.log.warn(`${what}: kept ${objects}. With prune: true they are removed.`));
}

/** What refresh finds. `stored` is the content as the stack knows it. */
export async function readContent(
    store: ContentStore,
    path: string,
    stored: Pick<ContentState, "contentDigest">,
): Promise<ContentState> {
    const seen = await lookIfThere(store, path);
    const { manifest = new Map(), listed = new Map() } = seen ?? {};
    const now = contentState(manifest, listed);
    if (stored.contentDigest === "") {
        return { ...now, contentDigest: "", contentDrift: [] };
    }
    return now.contentDigest === stored.contentDigest
        ? now
        : { ...now, contentDrift: ["the manifest speaks of another content", ...now.contentDrift] };
}

/** Objects there that `known` does not have as they are: whoever deletes them loses them. */
export async function unknownObjects(
    store: ContentStore,
    path: string,
    known: "declared" | "nothing" | { readonly copyOf: string },
): Promise<string[]> {
    const { manifest, listed } = await look(store, path);
    const source = typeof known === "object" ? await store.list(`${known.copyOf}/`) : undefined;
    return [...listed].flatMap(([name, { size, etag }]) => {
        const sent = known === "declared" ? manifest.get(name) : undefined;
        // A copy of several parts has another ETag than what it was copied from.
        const isCopy = source?.get(name)?.size === size;
        return isCopy || (sent?.size === size && sent.etag === etag) ? [] : [name];
    });
}

/** What lies below a path, folders left out. */
export async function objectsBelow(store: ContentStore, path: string): Promise<string[]> {
    return [...((await lookIfThere(store, path))?.listed.keys() ?? [])];
}

/** Removes what this provider keeps of a content that is gone, and what was never completed of it. */
export async function forgetContent(store: ContentStore, path: string): Promise<void> {
    for (const upload of await store.openUploads(`${path}/`)) {
        await store.abortUpload(upload);
    }
    await store.remove([manifestKey(path)]);
}

/** Most lines that tell of drift. */
const MOST_LINES = 20;

function contentState(manifest: Manifest, listed: ReadonlyMap<string, ListedObject>): ContentState {
    const drift = driftOf(manifest, listed);
    const more = drift.length - MOST_LINES;
    return {
        size: bytesOf([...listed.values()]),
        fileCount: listed.size,
        contentDigest: contentDigest(manifest),
        contentDrift: more > 0 ? [...drift.slice(0, MOST_LINES), `and ${more} more`] : drift,
    };
}

/** The state of what has no content declared: what lies there, and nothing to compare it with. */
export async function undeclaredContent(store: ContentStore, path: string): Promise<ContentState> {
    return await readContent(store, path, { contentDigest: "" });
}

function bytesOf(files: readonly { readonly size: number }[]): number {
    return files.reduce((sum, { size }) => sum + size, 0);
}

function placeOf(store: ContentStore, path: string): string {
    return `${urlOf(store.connection.endpoint)}/${store.bucket}/${path}`;
}

function interrupted(store: ContentStore, path: string, reached: string): LlmosError {
    return failure("content-interrupted", {
        found: `The upload was interrupted after ${reached}`,
        where: placeOf(store, path),
        why: "The content is not whole yet.",
        next: "Run `pulumi up` again: what has arrived is not sent again.",
    });
}

function notThere(store: ContentStore, key: string): LlmosError {
    return failure("content-damaged", {
        found: "An object that was just stored is not listed with its size",
        where: placeOf(store, key),
        why: "LLMOS would not find it, or find another.",
        next: "See who else writes there, then run `pulumi up` again; if it lasts, check the server.",
    });
}

/** What is to be sent and what may go: the files here, compared with what lies in the bucket. */
import type { ListedObject } from "../s3/contentStore";
import type { LocalFile } from "./localFiles";
import type { Manifest, StoredFile } from "./manifest";
import { digestsOf, isComparable } from "./parts";

/** The outcome of comparing. */
export interface Comparison {
    /** Files to be sent: new or changed here, or changed or missing there. */
    readonly send: readonly LocalFile[];
    /** Files that lie there as they are here. */
    readonly same: Manifest;
    /** Paths of objects that no file here stands for. */
    readonly extra: readonly string[];
}

/**
 * Compares by size and modification time with the manifest, as long as the object there is the one that the manifest
 * speaks of; otherwise by content. What was sent by a run that was ended is found by its ETag.
 */
export async function compare(
    local: readonly LocalFile[],
    manifest: Manifest,
    listed: ReadonlyMap<string, ListedObject>,
    signal?: AbortSignal,
): Promise<Comparison> {
    const send: LocalFile[] = [];
    const same = new Map<string, StoredFile>();
    for (const file of local) {
        const stored = await sameThere(file, manifest.get(file.path), listed.get(file.path), signal);
        if (stored) {
            same.set(file.path, stored);
        } else {
            send.push(file);
        }
    }
    const here = new Set(local.map(({ path }) => path));
    return { send, same, extra: [...listed.keys()].filter((path) => !here.has(path)) };
}

/** What the manifest is to hold of a file that lies there already; undefined when it does not. */
async function sameThere(
    { file, size, mtimeMs }: LocalFile,
    stored: StoredFile | undefined,
    there: ListedObject | undefined,
    signal: AbortSignal | undefined,
): Promise<StoredFile | undefined> {
    if (!there || there.size !== size) {
        return undefined;
    }
    const { etag } = there;
    if (stored && stored.etag === etag && stored.size === size) {
        const { sha256 } = stored.mtimeMs === mtimeMs ? stored : await digestsOf(file, size, false, signal);
        return sha256 === stored.sha256 ? { size, mtimeMs, sha256, etag } : undefined;
    }
    if (!isComparable(etag, size)) {
        return undefined;
    }
    const digests = await digestsOf(file, size, true, signal);
    return digests.etag === etag ? { size, mtimeMs, sha256: digests.sha256, etag } : undefined;
}

/** How a content there differs from its manifest, a line a file, as refresh shows it. */
export function driftOf(manifest: Manifest, listed: ReadonlyMap<string, ListedObject>): string[] {
    const lines = [...manifest].flatMap(([path, { size, etag }]) => {
        const there = listed.get(path);
        return there
            ? there.size === size && there.etag === etag
                ? []
                : [`changed: ${path}`]
            : [`missing: ${path}`];
    });
    const added = [...listed.keys()].filter((path) => !manifest.has(path)).map((path) => `added: ${path}`);
    return [...lines, ...added];
}

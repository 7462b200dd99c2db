/** What is to be sent and what may go: the files here, compared with what lies in the bucket. */
import type { ListedObject } from "../s3/bucketRequests";
import type { Digests } from "./digests";
import type { LocalFile } from "./localFiles";
import type { Manifest, StoredFile, StoredFiles } from "./manifest";
import { isComparable } from "./parts";

/** The outcome of comparing. */
export interface Comparison {
    /** Files to be sent: new or changed here, or changed or missing there. */
    readonly send: readonly LocalFile[];
    /** How many of those are here as the manifest says: they were changed there, or are missing. */
    readonly restored: number;
    /** Files that lie there as they are here. */
    readonly same: StoredFiles;
    /** Paths of objects that neither a file here stands for, nor LLMOS has copied there. */
    readonly extra: readonly string[];
}

/**
 * Compares by size and modification time with the manifest, as long as the object there is the one that the manifest
 * speaks of; otherwise by content. What was sent by a run that was ended is found by its ETag.
 */
export async function compare(
    local: readonly LocalFile[],
    files: StoredFiles,
    listed: ReadonlyMap<string, ListedObject>,
    digests: Digests,
    signal?: AbortSignal,
    copied: ReadonlyMap<string, unknown> = new Map(),
): Promise<Comparison> {
    const send: LocalFile[] = [];
    let restored = 0;
    const same = new Map<string, StoredFile>();
    for (const file of local) {
        const stored = files.get(file.path);
        const look = await lookAt(file, stored, listed.get(file.path), digests, signal);
        if (look.same) {
            same.set(file.path, look.same);
        } else {
            send.push(file);
            restored += (await isAsStored(file, stored, look.sha256, digests, signal)) ? 1 : 0;
        }
    }
    const here = new Set(local.map(({ path }) => path));
    const extra = [...listed.keys()].filter((path) => !here.has(path) && !copied.has(path));
    return { send, restored, same, extra };
}

/**
 * How many files and removals make another content than the one that was stored. An object that no file here stands for
 * may be one that was stored, and kept.
 */
export function changesOf({ send, restored, extra }: Comparison, prune: boolean): number {
    return send.length - restored + (prune ? extra.length : 0);
}

export function bytesOf(files: readonly { readonly size: number }[]): number {
    return files.reduce((sum, { size }) => sum + size, 0);
}

/** What was found of a file. */
interface FileLook {
    /** What the manifest is to hold of a file that lies there already. */
    readonly same?: StoredFile;
    /** Of its content here, where that was read. */
    readonly sha256?: string;
}

async function lookAt(
    file: LocalFile,
    stored: StoredFile | undefined,
    there: ListedObject | undefined,
    digests: Digests,
    signal: AbortSignal | undefined,
): Promise<FileLook> {
    const { size, mtimeMs } = file;
    if (!there || there.size !== size) {
        return {};
    }
    const { etag } = there;
    if (stored && stored.etag === etag && stored.size === size) {
        const isTrusted = stored.mtimeMs === mtimeMs && digests.trustsTimes(file);
        if (isTrusted) {
            digests.note(file);
        }
        const { sha256 } = isTrusted ? stored : await digests.of(file, false, signal);
        return sha256 === stored.sha256 ? { same: { size, mtimeMs, sha256, etag } } : { sha256 };
    }
    if (!isComparable(etag, size)) {
        return {};
    }
    const { sha256, etag: own } = await digests.of(file, true, signal);
    return own === etag ? { same: { size, mtimeMs, sha256, etag } } : { sha256 };
}

/** Whether a file here is the one that was stored; reads it only where nothing else tells. */
async function isAsStored(
    file: LocalFile,
    stored: StoredFile | undefined,
    sha256: string | undefined,
    digests: Digests,
    signal: AbortSignal | undefined,
): Promise<boolean> {
    if (stored?.size !== file.size) {
        return false;
    }
    if (sha256 === undefined && stored.mtimeMs === file.mtimeMs && digests.trustsTimes(file)) {
        return true;
    }
    return stored.sha256 === (sha256 ?? (await digests.of(file, false, signal)).sha256);
}

/** How a content there differs from its manifest, a line a file, as refresh shows it. */
export function driftOf(
    { files, copied }: Pick<Manifest, "files" | "copied">,
    listed: ReadonlyMap<string, ListedObject>,
): string[] {
    const known = new Map<string, ListedObject>([...copied, ...files]);
    const lines = [...known].flatMap(([path, { size, etag }]) => {
        const there = listed.get(path);
        return there
            ? there.size === size && there.etag === etag
                ? []
                : [`changed: ${path}`]
            : [`missing: ${path}`];
    });
    const added = [...listed.keys()].filter((path) => !known.has(path)).map((path) => `added: ${path}`);
    return [...lines, ...added];
}

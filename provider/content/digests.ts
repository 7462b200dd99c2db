/**
 * Digests of the files of one content, as this machine remembers them from run to run: a file that is as it was is not read
 * again, and one that was replaced is, whatever its size and time of modification say. It is a cache: without it, more is read.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Decoding } from "../description/decoding";
import { decodeFields, type Fields, optional, required } from "../description/fields";
import { list, number, object, text } from "../description/kinds";
import type { ContentInputs } from "./description";
import type { LocalFile } from "./localFiles";
import { digestsOf, type FileDigests } from "./parts";

/** A file as it was when it was last read, or taken for the one that was stored. */
interface SeenFile extends Pick<LocalFile, "path" | "size" | "mtimeMs" | "ctimeMs" | "inode"> {
    /** Undefined for one that was not read. */
    readonly sha256?: string;
    /** As in `FileDigests`. */
    readonly etag?: string;
}

/** Version of the shape. */
const VERSION = 1;

const fields: Fields<{ files: SeenFile[] }> = {
    files: required(
        list(
            object<SeenFile>("SeenFile", {
                path: required(text()),
                size: required(number(0)),
                mtimeMs: required(number()),
                ctimeMs: required(number()),
                inode: required(number(0)),
                sha256: optional(text()),
                etag: optional(text()),
            }),
        ),
    ),
};

export class Digests {
    private isChanged = false;

    private constructor(
        private readonly file: string,
        private readonly seen: Map<string, SeenFile>,
        private readonly readsAll: boolean,
    ) {}

    /** Those of a content, kept below `folder`. */
    static async open(
        folder: string,
        {
            content,
            verify,
            ...which
        }: Pick<ContentInputs, "verify" | "ignore" | "followSymlinks"> & { content: string },
    ): Promise<Digests> {
        const root = await realpath(content).catch(() => content);
        // Others may take other files of the folder: what they do not know would be forgotten.
        const of = JSON.stringify([root, which.ignore ?? [], which.followSymlinks === true]);
        const name = createHash("sha256").update(of).digest("hex").slice(0, 32);
        const file = join(folder, "digests", `${name}.json`);
        const seen = await readFile(file, "utf8").then(seenFiles, () => new Map<string, SeenFile>());
        return new Digests(file, seen, verify === "content");
    }

    /**
     * Whether size and time of modification are enough to take a file for the one that was stored with them: nothing is known
     * of what it holds, and it is as it was when it was taken for that before.
     */
    trustsTimes(file: LocalFile): boolean {
        const seen = this.seen.get(file.path);
        return !this.readsAll && (seen === undefined || (isSame(seen, file) && seen.sha256 === undefined));
    }

    /** Reads a file, unless it is as it was when it was read before. */
    async of(file: LocalFile, withEtag: boolean, signal: AbortSignal | undefined): Promise<FileDigests> {
        const seen = this.seen.get(file.path);
        const isKnown = seen !== undefined && !this.readsAll && isSame(seen, file);
        if (isKnown && seen.sha256 !== undefined && (!withEtag || seen.etag !== undefined)) {
            return { sha256: seen.sha256, etag: seen.etag };
        }
        const digests = await digestsOf(file.file, file.size, withEtag, signal);
        this.note(file, digests);
        return digests;
    }

    /** Notes what a file comes to; nothing of one that was taken for the one that was stored. */
    note(
        { path, size, mtimeMs, ctimeMs, inode }: LocalFile,
        { sha256, etag }: { readonly sha256?: string; readonly etag?: string | undefined } = {},
    ): void {
        const before = this.seen.get(path);
        const now = {
            ...{ path, size, mtimeMs, ctimeMs, inode },
            ...(sha256 !== undefined && { sha256 }),
            ...(etag !== undefined && { etag }),
        };
        this.seen.set(path, now);
        this.isChanged ||= !isDeepStrictEqual(before, now);
    }

    /** Keeps them for the next run, as far as that can be done. */
    async save(local: readonly LocalFile[]): Promise<void> {
        if (!this.isChanged) {
            return;
        }
        const files = local.flatMap(({ path }) => this.seen.get(path) ?? []);
        const half = `${this.file}.${randomUUID()}`;
        try {
            await mkdir(join(this.file, ".."), { recursive: true, mode: 0o700 });
            await writeFile(half, JSON.stringify({ version: VERSION, files }), { mode: 0o600 });
            await rename(half, this.file);
        } catch {
            await rm(half, { force: true }).catch(() => undefined);
        }
    }
}

type Stamp = Pick<SeenFile, "size" | "mtimeMs" | "ctimeMs" | "inode">;

/** A program can set the time of modification, and not that of the last change of the inode. */
function isSame(one: Stamp, other: Stamp): boolean {
    return (["size", "mtimeMs", "ctimeMs", "inode"] as const).every((name) => one[name] === other[name]);
}

/** Total: what was not written by this version is nothing. */
function seenFiles(content: string): Map<string, SeenFile> {
    const into: Decoding = { problems: [], unknowns: [] };
    try {
        const { version, ...rest } = JSON.parse(content);
        const { files = [] } = version === VERSION ? decodeFields(fields, rest, "", into) : {};
        return new Map(into.problems.length > 0 ? [] : files.map((seen) => [seen.path, seen]));
    } catch {
        return new Map();
    }
}

/** The files below a content path, as they are to be stored: which there are, and which cannot be. */
import type { Stats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Ignore } from "ignore";
import { failure, type LlmosError } from "../finding";

/** One file to be stored. */
export interface LocalFile {
    /** Path below the content path, with `/`, as it is to stand in the bucket. */
    readonly path: string;
    /** Where it lies here. */
    readonly file: string;
    /** Bytes. */
    readonly size: number;
    /** Last modification, whole milliseconds since the epoch. */
    readonly mtimeMs: number;
    /** Last change of the inode, in milliseconds since the epoch. */
    readonly ctimeMs: number;
    readonly inode: number;
}

/** What a content path stands for. */
export interface ContentSource {
    /** A folder, or one file; relative to the program's folder. */
    readonly content: string;
    /** Patterns of what is left out, with the meaning of `.gitignore`. */
    readonly ignore?: readonly string[] | undefined;
    /** Store what symbolic links lead to. Default false: a link is an error. */
    readonly followSymlinks?: boolean | undefined;
}

/** Left out unless a pattern of the user's takes it back: what tools leave beside the files of a model. */
const ALWAYS_IGNORED = [".git", ".cache/huggingface", ".DS_Store", "Thumbs.db"];

/** All files, by path. */
export async function localFiles(source: ContentSource): Promise<LocalFile[]> {
    const root = await targetOf(source.content);
    if (!root) {
        throw missing(source.content);
    }
    if (!root.isDirectory()) {
        return [await fileAt(source.content, basename(source.content))];
    }
    const walk = new Walk(source, await ignored(source.ignore));
    await walk.folder(source.content, "", [await realpath(source.content)]);
    if (walk.files.length === 0) {
        throw empty(source.content);
    }
    return walk.files.sort(byPath);
}

/** Reads something of a file or folder; what the file system refuses is explained. */
export async function reading<T>(file: string, read: () => Promise<T>): Promise<T> {
    try {
        return await read();
    } catch (error) {
        const { code, syscall } = error as NodeJS.ErrnoException;
        throw syscall === undefined ? error : unreadable(file, code ?? "unknown error");
    }
}

/** What a path leads to; undefined where that does not exist. */
async function targetOf(file: string): Promise<Stats | undefined> {
    return await reading(file, () =>
        stat(file).catch((error: NodeJS.ErrnoException) => {
            if (error.code === "ENOENT" || error.code === "ENOTDIR") {
                return undefined;
            }
            throw error;
        }),
    );
}

/** In the order of S3 listings: by UTF-8 bytes, which differs from JavaScript's beyond the basic plane. */
function byPath(left: LocalFile, right: LocalFile): number {
    return Buffer.compare(Buffer.from(left.path), Buffer.from(right.path));
}

async function ignored(patterns: readonly string[] = []): Promise<Ignore> {
    const { default: ignore } = await import("ignore");
    return ignore({ allowRelativePaths: true, ignorecase: false })
        .add(ALWAYS_IGNORED)
        .add([...patterns]);
}

class Walk {
    readonly files: LocalFile[] = [];

    constructor(
        private readonly source: ContentSource,
        private readonly out: Ignore,
    ) {}

    /** `above` are the real paths of the folders on the way here: a link back to one of them would have no end. */
    async folder(folder: string, prefix: string, above: readonly string[]): Promise<void> {
        const entries = await reading(folder, () =>
            readdir(folder, { withFileTypes: true, encoding: "buffer" }),
        );
        await Promise.all(
            entries.map(async (entry) => {
                const name = nameOf(entry.name as unknown as Buffer, folder);
                await this.entry(join(folder, name), prefix + name, above);
            }),
        );
    }

    private async entry(file: string, path: string, above: readonly string[]): Promise<void> {
        const seen = await reading(file, () => lstat(file));
        const isLink = seen.isSymbolicLink();
        const target = isLink ? await stat(file).catch(() => undefined) : seen;
        if (this.out.ignores(target?.isDirectory() ? `${path}/` : path)) {
            return;
        }
        if (isLink && !this.source.followSymlinks) {
            throw linked(file);
        }
        if (!target) {
            // Fails in its own words where the place exists and may not be looked at.
            await targetOf(file);
            throw unusable(file, "is a symbolic link that leads nowhere");
        }
        if (target.isDirectory()) {
            await this.below(file, path, above);
        } else if (target.isFile()) {
            this.files.push(fileOf(file, path, target));
        } else {
            throw unusable(file, "is neither a file nor a folder");
        }
    }

    private async below(folder: string, path: string, above: readonly string[]): Promise<void> {
        const real = await realpath(folder);
        if (above.includes(real)) {
            throw unusable(folder, "is a symbolic link to a folder that it lies in");
        }
        await this.folder(folder, `${path}/`, [...above, real]);
    }
}

async function fileAt(file: string, path: string): Promise<LocalFile> {
    const seen = await stat(file);
    if (!seen.isFile()) {
        throw unusable(file, "is neither a file nor a folder");
    }
    return fileOf(file, path, seen);
}

function fileOf(file: string, path: string, { size, mtimeMs, ctimeMs, ino }: Stats): LocalFile {
    return { path, file, size, mtimeMs: Math.floor(mtimeMs), ctimeMs, inode: ino };
}

/** Keys are UTF-8 (S3 documentation); a name in another encoding would come back as another name. */
function nameOf(bytes: Buffer, folder: string): string {
    const name = bytes.toString("utf8");
    if (!Buffer.from(name).equals(bytes)) {
        throw unusable(join(folder, name), "has a name that is not valid UTF-8");
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    if (/[\u0000-\u001f\u007f\ufffe\uffff\\]/.test(name)) {
        throw unusable(
            join(folder, JSON.stringify(name)),
            "has a control character, a backslash, or what no list in XML can hold in its name",
        );
    }
    return name;
}

const WHY = "It is the content of a model or dataset, which LLMOS reads from the bucket by its path.";

function missing(content: string): LlmosError {
    return failure("content-missing", {
        found: `The content "${content}" does not exist`,
        where: `the folder ${process.cwd()}`,
        why: WHY,
        next: "Correct the path; a relative one starts at the program's folder.",
        property: "content",
    });
}

/** A folder that was not mounted or not filled looks like this; with `prune` it would empty the bucket's one. */
function empty(content: string): LlmosError {
    return failure("content-missing", {
        found: `The content "${content}" holds no file`,
        where: `the folder ${process.cwd()}, less what is ignored`,
        why: WHY,
        next: "See that it is mounted and filled, and that no ignore pattern leaves all of it out; or leave content out.",
        property: "content",
    });
}

function linked(file: string): LlmosError {
    return failure("content-unusable", {
        found: `"${file}" is a symbolic link`,
        where: "content",
        why: "S3 has no links: what it leads to would be stored as a copy, wherever it lies.",
        next: "Set followSymlinks: true to store what links lead to, or leave it out with an ignore pattern.",
        property: "content",
    });
}

function unreadable(file: string, code: string): LlmosError {
    return failure("content-unusable", {
        found: `"${file}" cannot be read (${code})`,
        where: "content",
        why: WHY,
        next: "Give this user the right to read it, see that its disk is there, or leave it out with an ignore pattern.",
        property: "content",
    });
}

function unusable(file: string, reason: string): LlmosError {
    return failure("content-unusable", {
        found: `"${file}" ${reason}`,
        where: "content",
        why: WHY,
        next: "Rename or remove it, or leave it out with an ignore pattern.",
        property: "content",
    });
}

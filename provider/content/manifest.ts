/**
 * The manifest: what was stored, file by file, kept in the bucket beside the content, so that the run of another machine
 * knows it too. It is a memory, never the truth: what lies in the bucket is compared with it on every look.
 */

import { createHash } from "node:crypto";
import type { Decoding } from "../description/decoding";
import { decodeFields, type Fields, optional, required } from "../description/fields";
import { list, number, object, text } from "../description/kinds";
import type { ListedObject } from "../s3/bucketRequests";
import { OWN_PREFIX } from "../s3/objectStore";

/** One stored file. */
export interface StoredFile {
    /** Bytes. */
    readonly size: number;
    /** Last modification of the file that was stored, whole milliseconds since the epoch. */
    readonly mtimeMs: number;
    /** SHA-256 of the content, hex. */
    readonly sha256: string;
    /** ETag that the server answered when it took the object from us. */
    readonly etag: string;
}

/** Stored files by path. A map, not an object: `__proto__` is a good file name. */
export type StoredFiles = ReadonlyMap<string, StoredFile>;

/** The Model or DatasetVersion that a content belongs to. */
export interface ContentOwner {
    /** Identity of its cluster. */
    readonly cluster: string;
    /** Its UID. */
    readonly uid: string;
    /** The program resource that declares it, for messages and for a move to another cluster. */
    readonly resource?: string | undefined;
}

/** What is known of a content. */
export interface Manifest {
    /** Whose it is; undefined where nobody has stored it. */
    readonly owner: ContentOwner | undefined;
    /** What was stored of it. */
    readonly files: StoredFiles;
    /** What LLMOS has copied there from another version, by path. It belongs to the content, and is in no folder here. */
    readonly copied: ReadonlyMap<string, ListedObject>;
}

/** Version of the shape; another one is read as no manifest: everything is then compared by content. */
const VERSION = 2;

interface Document {
    readonly owner?: ContentOwner;
    readonly files: (StoredFile & { path: string })[];
    readonly copied: (ListedObject & { path: string })[];
}

const document: Fields<Document> = {
    owner: optional(
        object<ContentOwner>("ContentOwner", {
            cluster: required(text()),
            uid: required(text()),
            resource: optional(text()),
        }),
    ),
    files: required(
        list(
            object<StoredFile & { path: string }>("StoredFile", {
                path: required(text()),
                size: required(number(0)),
                mtimeMs: required(number()),
                sha256: required(text()),
                etag: required(text()),
            }),
        ),
    ),
    copied: required(
        list(
            object<ListedObject & { path: string }>("CopiedObject", {
                path: required(text()),
                size: required(number(0)),
                etag: required(text()),
            }),
        ),
    ),
};

/** Key of the manifest for the content below `root`. Outside of it: LLMOS shows and copies what lies there. */
export function manifestKey(root: string): string {
    return `${OWN_PREFIX}manifests/${root}.json`;
}

export function writeManifest({ owner, files, copied }: Manifest): string {
    const content: Document = {
        ...(owner && { owner }),
        files: [...files].map(([path, file]) => ({ path, ...file })),
        copied: [...copied].map(([path, seen]) => ({ path, ...seen })),
    };
    return `${JSON.stringify({ version: VERSION, ...content })}\n`;
}

/** Total: what is no manifest of this version is none. */
export function readManifest(content: string | undefined): Manifest {
    const { version, ...rest } = parsed(content);
    const into: Decoding = { problems: [], unknowns: [] };
    const {
        owner,
        files = [],
        copied = [],
    } = version === VERSION ? decodeFields(document, rest, "", into) : {};
    return into.problems.length > 0 ? NO_MANIFEST : { owner, files: byPath(files), copied: byPath(copied) };
}

export const NO_MANIFEST: Manifest = { owner: undefined, files: new Map(), copied: new Map() };

function byPath<T>(rows: readonly (T & { path: string })[]): Map<string, Omit<T & { path: string }, "path">> {
    return new Map(rows.map(({ path, ...row }) => [path, row]));
}

function parsed(content = ""): Record<string, unknown> {
    try {
        const value: unknown = JSON.parse(content);
        return typeof value === "object" && value !== null ? { ...value } : {};
    } catch {
        return {};
    }
}

/**
 * Digest of a whole content: SHA-256, in hex, of the lines that `sha256sum` prints for its files, in the order of their
 * paths as bytes. The same files give the same digest wherever they lie.
 */
export function contentDigest(files: StoredFiles): string {
    const hash = createHash("sha256");
    const paths = [...files.keys()].map((path) => Buffer.from(path)).sort(Buffer.compare);
    for (const path of paths.map((bytes) => bytes.toString("utf8"))) {
        hash.update(`${files.get(path)?.sha256}  ${path}\n`);
    }
    return hash.digest("hex");
}

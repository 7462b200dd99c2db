/**
 * The manifest: what was stored, file by file, kept in the bucket beside the content, so that the run of another machine
 * knows it too. It is a memory, never the truth: what lies in the bucket is compared with it on every look.
 */

import { createHash } from "node:crypto";
import type { Decoding } from "../description/decoding";
import { required } from "../description/fields";
import { list, number, object, text } from "../description/kinds";
import { OWN_PREFIX } from "../s3/objectStore";

/** One stored file. */
export interface StoredFile {
    /** Bytes. */
    readonly size: number;
    /** Last modification of the file that was stored, whole milliseconds since the epoch. */
    readonly mtimeMs: number;
    /** SHA-256 of the content, hex. */
    readonly sha256: string;
    /** ETag of the object as the server listed it afterwards. */
    readonly etag: string;
}

/** Stored files by path. A map, not an object: `__proto__` is a good file name. */
export type Manifest = ReadonlyMap<string, StoredFile>;

/** Version of the shape; another one is read as no manifest, and everything is then compared by content. */
const VERSION = 1;

type Row = StoredFile & { path: string };

const rows = list<Row>(
    object<Row>("StoredFile", {
        path: required(text()),
        size: required(number(0)),
        mtimeMs: required(number(0)),
        sha256: required(text()),
        etag: required(text()),
    }),
);

/** Key of the manifest for the content below `root`. Outside of it: LLMOS shows and copies what lies there. */
export function manifestKey(root: string): string {
    return `${OWN_PREFIX}manifests/${root}.json`;
}

export function writeManifest(manifest: Manifest): string {
    const files = [...manifest].map(([path, file]) => ({ path, ...file }));
    return `${JSON.stringify({ version: VERSION, files })}\n`;
}

/** Total: what is no manifest of this version is none. */
export function readManifest(content: string | undefined): Manifest {
    const { version, files } = parsed(content);
    const into: Decoding = { problems: [], unknowns: [] };
    const decoded = version === VERSION ? rows.decode(files, "files", into) : undefined;
    return new Map(
        (into.problems.length > 0 ? [] : (decoded ?? [])).map(({ path, ...file }) => [path, file]),
    );
}

function parsed(content = ""): { version?: unknown; files?: unknown } {
    try {
        const value: unknown = JSON.parse(content);
        return typeof value === "object" && value !== null ? value : {};
    } catch {
        return {};
    }
}

/**
 * Digest of a whole content: SHA-256, in hex, of the lines that `sha256sum` prints for its files, in the order of their
 * paths as bytes. The same files give the same digest wherever they lie.
 */
export function contentDigest(manifest: Manifest): string {
    const hash = createHash("sha256");
    const paths = [...manifest.keys()].map((path) => Buffer.from(path)).sort(Buffer.compare);
    for (const path of paths.map((bytes) => bytes.toString("utf8"))) {
        hash.update(`${manifest.get(path)?.sha256}  ${path}\n`);
    }
    return hash.digest("hex");
}

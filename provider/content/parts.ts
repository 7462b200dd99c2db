/** How a file is cut into parts, and what S3 makes of them: the same file is always cut the same way. */
import { createHash, type Hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { reading } from "./localFiles";

const MIB = 1024 * 1024;

/** Size of a part, unless the file is too large for 10,000 of them (S3 documentation, "Multipart upload limits"). */
export const PART_BYTES = 16 * MIB;
const MOST_PARTS = 10_000;

/** Bytes of each part but the last; a file that is not larger goes as one object. */
export function partBytes(size: number): number {
    return Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS / MIB) * MIB);
}

/** Bytes of part `number`, from 1, of a file. */
export function bytesOfPart(size: number, number: number): number {
    return Math.min(partBytes(size), size - (number - 1) * partBytes(size));
}

export function partCount(size: number): number {
    return Math.max(1, Math.ceil(size / partBytes(size)));
}

/** What a file's content comes to. */
export interface FileDigests {
    /** SHA-256, hex. */
    readonly sha256: string;
    /**
     * The ETag that S3 gives a file which is sent in these parts: the MD5 of one object, or that of the parts' MD5s and
     * their number (S3 documentation, "Checking object integrity"). Undefined when it was not asked for.
     */
    readonly etag: string | undefined;
}

/** Whether an ETag can be compared: a server that encrypts gives one which has nothing to do with the content. */
export function isComparable(etag: string, size: number): boolean {
    const parts = /^[0-9a-f]{32}(?:-(\d+))?$/.exec(etag);
    const asParts = size > PART_BYTES ? String(partCount(size)) : undefined;
    return parts !== null && parts[1] === asParts;
}

/** Reads a file once. */
export function digestsOf(
    file: string,
    size: number,
    withEtag: boolean,
    signal?: AbortSignal,
): Promise<FileDigests> {
    return reading(file, () => digested(file, size, withEtag, signal));
}

async function digested(
    file: string,
    size: number,
    withEtag: boolean,
    signal: AbortSignal | undefined,
): Promise<FileDigests> {
    const sha256 = createHash("sha256");
    const etag = withEtag ? new EtagHash(size) : undefined;
    const handle = await open(file);
    try {
        const buffer = Buffer.allocUnsafe(Math.min(MIB, Math.max(size, 1)));
        for (let position = 0; position < size; ) {
            signal?.throwIfAborted();
            const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
            if (bytesRead === 0) {
                break;
            }
            const read = buffer.subarray(0, bytesRead);
            sha256.update(read);
            etag?.update(read);
            position += bytesRead;
        }
    } finally {
        await handle.close();
    }
    return { sha256: sha256.digest("hex"), etag: etag?.digest() };
}

/** The ETag of a file that comes piece by piece. */
class EtagHash {
    private readonly parts: Buffer[] = [];
    private part: Hash = createHash("md5");
    private left: number;

    constructor(private readonly size: number) {
        this.left = partBytes(size);
    }

    update(bytes: Buffer): void {
        let rest = bytes;
        while (rest.length >= this.left) {
            this.part.update(rest.subarray(0, this.left));
            rest = rest.subarray(this.left);
            this.endPart();
        }
        this.part.update(rest);
        this.left -= rest.length;
    }

    digest(): string {
        if (this.size <= PART_BYTES) {
            return this.parts[0]?.toString("hex") ?? this.part.digest("hex");
        }
        if (this.left < partBytes(this.size)) {
            this.endPart();
        }
        return `${md5(Buffer.concat(this.parts))}-${this.parts.length}`;
    }

    private endPart(): void {
        this.parts.push(this.part.digest());
        this.part = createHash("md5");
        this.left = partBytes(this.size);
    }
}

/** MD5, hex: what S3's ETags are made of, never a proof against intent. */
export function md5(bytes: Uint8Array): string {
    return createHash("md5").update(bytes).digest("hex");
}

/** Up to here a file is read at once: what its content costs is less than what waiting for it four times would. */
const SMALL_BYTES = 64 * 1024;

/** Fills `target` with a file's beginning; gives what the file is after that, undefined when it is shorter. */
export function readWhole(file: string, target: Buffer): Promise<Stats | undefined> {
    return reading(file, async () => {
        if (target.length <= SMALL_BYTES) {
            return readAtOnce(file, target);
        }
        const handle = await open(file);
        try {
            return (await readFully(handle, target, 0)) ? await handle.stat() : undefined;
        } finally {
            await handle.close();
        }
    });
}

function readAtOnce(file: string, target: Buffer): Stats | undefined {
    const descriptor = openSync(file, "r");
    try {
        const read = readSync(descriptor, target, 0, target.length, 0);
        return read === target.length ? fstatSync(descriptor) : undefined;
    } finally {
        closeSync(descriptor);
    }
}

/** Fills `target` from `position` on; false when the file ends before that. */
export async function readFully(handle: FileHandle, target: Buffer, position: number): Promise<boolean> {
    for (let done = 0; done < target.length; ) {
        const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
        if (bytesRead === 0) {
            return false;
        }
        done += bytesRead;
    }
    return true;
}

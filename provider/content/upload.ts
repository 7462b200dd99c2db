/** Sending files to a bucket: several at once, within the limiter; what has arrived before is not sent again. */
import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { type FileHandle, open } from "node:fs/promises";
import { extname } from "node:path/posix";
import { crc32 } from "node:zlib";
import { contentType } from "mime-types";
import { failure, type LlmosError } from "../finding";
import type { Limiter } from "../network/limiter";
import { urlOf } from "../s3/client";
import type { ContentStore, OpenUpload, UploadedPart } from "../s3/contentStore";
import { type LocalFile, reading } from "./localFiles";
import type { StoredFile } from "./manifest";
import { bytesOfPart, md5, PART_BYTES, partBytes, partCount, readFully, readWhole } from "./parts";
import type { Progress } from "./progress";

/** Where to, and what with. */
export interface Transfer {
    readonly store: ContentStore;
    /** Prefix of the keys, with a slash at its end. */
    readonly root: string;
    readonly limiter: Limiter;
    readonly progress: Progress;
    /** Ends the transfer; what is on its way is given up. */
    readonly signal: AbortSignal;
    /** Told of each file once it is there. */
    readonly onStored: (path: string, stored: StoredFile) => void;
}

/** Files that are worked on at once; what moves at once, the limiter decides. */
const FILES_AT_ONCE = 32;

/** Sends all files, or throws the first failure. */
export async function upload(files: readonly LocalFile[], transfer: Transfer): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([transfer.signal, failed.signal]);
    // Every request on its way listens to it.
    setMaxListeners(0, signal);
    const large = files.some(({ size }) => size > PART_BYTES);
    const open = large ? await openUploads(transfer) : new Map<string, OpenUpload[]>();
    const queue = files.values();
    const work = async () => {
        for (const file of queue) {
            signal.throwIfAborted();
            const sending = new FileSending(file, { ...transfer, signal });
            const stored = await sending.send(await leftOf(file, transfer, open));
            transfer.progress.fileDone();
            transfer.onStored(file.path, stored);
        }
    };
    const workers = Array.from({ length: FILES_AT_ONCE }, () =>
        work().catch((error: unknown) => {
            failed.abort(error);
            throw error;
        }),
    );
    const outcomes = await Promise.allSettled(workers);
    if (outcomes.some(({ status }) => status === "rejected")) {
        throw transfer.signal.aborted ? transfer.signal.reason : failed.signal.reason;
    }
}

async function openUploads({ store, root }: Transfer): Promise<Map<string, OpenUpload[]>> {
    const uploads = new Map<string, OpenUpload[]>();
    for (const upload of await store.openUploads(root)) {
        uploads.set(upload.key, [...(uploads.get(upload.key) ?? []), upload]);
    }
    return uploads;
}

/** From this size on a file is asked for by itself: what there is to save is worth a request. */
const WORTH_ASKING = 4 * PART_BYTES;

/** Uploads of this file that were not completed. */
async function leftOf(
    { path, size }: LocalFile,
    { store, root }: Transfer,
    open: ReadonlyMap<string, OpenUpload[]>,
): Promise<OpenUpload[]> {
    const key = root + path;
    const known = open.get(key) ?? [];
    return known.length > 0 || size < WORTH_ASKING
        ? known
        : (await store.openUploads(key)).filter((upload) => upload.key === key);
}

/** A part that has arrived. */
interface SentPart {
    readonly number: number;
    readonly etag: string;
    readonly crc32: string;
}

class FileSending {
    private readonly key: string;
    private readonly type: string;

    constructor(
        private readonly file: LocalFile,
        private readonly transfer: Transfer,
    ) {
        this.key = transfer.root + file.path;
        this.type = contentType(extname(file.path)) || "application/octet-stream";
    }

    /** `left` are uploads to this key that were not completed, the latest last. */
    async send(left: readonly OpenUpload[]): Promise<StoredFile> {
        const { file, size, mtimeMs } = this.file;
        if (size <= PART_BYTES) {
            return { size, mtimeMs, ...(await this.whole()) };
        }
        const handle = await reading(file, () => open(file));
        try {
            return { size, mtimeMs, ...(await this.inParts(handle, left)) };
        } finally {
            await handle.close();
        }
    }

    /**
     * The signature holds the SHA-256 of the body, which the server compares with what arrives (S3 documentation,
     * "x-amz-content-sha256").
     */
    private async whole(): Promise<{ sha256: string; etag: string }> {
        const { limiter, store, progress, signal } = this.transfer;
        const { buffer, release } = await limiter.acquire(this.file.size);
        try {
            this.refuseOther(await readWhole(this.file.file, buffer));
            const sha256 = createHash("sha256").update(buffer).digest("hex");
            const headers = { "content-type": this.type, "x-amz-content-sha256": sha256 };
            const { etag } = await store.put(this.key, buffer, { headers, signal, onBytes: progress.sent });
            return { sha256, etag: unquoted(etag) };
        } finally {
            release();
        }
    }

    private async inParts(
        handle: FileHandle,
        left: readonly OpenUpload[],
    ): Promise<{ sha256: string; etag: string }> {
        const { store } = this.transfer;
        const { resumed, arrived } = await this.resume(left);
        const upload = resumed ?? (await store.startUpload(this.key, this.type));
        const { sha256, parts } = await this.sendParts(handle, upload, arrived);
        await this.refuseChanged(handle);
        const etag = compositeEtag(parts);
        if ((await store.completeUpload(upload, parts)) === "unknown-upload") {
            await this.expectThere(etag);
        }
        for (const other of left.filter(({ uploadId }) => uploadId !== upload.uploadId)) {
            await store.abortUpload(other);
        }
        return { sha256, etag };
    }

    /** The latest upload that was cut as this one would be: one by another tool has other parts, and is none of ours. */
    private async resume(
        left: readonly OpenUpload[],
    ): Promise<{ resumed?: OpenUpload; arrived: Map<number, UploadedPart> }> {
        for (const upload of [...left].reverse()) {
            const parts = await this.transfer.store.parts(upload);
            const isOurs = parts.every(({ number, size }) => size === bytesOfPart(this.file.size, number));
            if (parts.length > 0 && isOurs) {
                return { resumed: upload, arrived: new Map(parts.map((part) => [part.number, part])) };
            }
        }
        return { arrived: new Map() };
    }

    /** Reads the parts in their order, which the file's SHA-256 needs, and lets them arrive in any. */
    private async sendParts(
        handle: FileHandle,
        upload: OpenUpload,
        arrived: ReadonlyMap<number, UploadedPart>,
    ): Promise<{ sha256: string; parts: SentPart[] }> {
        const { limiter, progress, signal } = this.transfer;
        const sha256 = createHash("sha256");
        const failed = new AbortController();
        const sending: Promise<SentPart>[] = [];
        try {
            for (let number = 1; number <= partCount(this.file.size); number += 1) {
                const { buffer, release } = await limiter.acquire(bytesOfPart(this.file.size, number));
                try {
                    signal.throwIfAborted();
                    failed.signal.throwIfAborted();
                    await this.read(handle, buffer, (number - 1) * partBytes(this.file.size));
                } catch (error) {
                    release();
                    throw error;
                }
                sha256.update(buffer);
                const there = arrived.get(number);
                if (there && there.etag === md5(buffer)) {
                    progress.found(buffer.length);
                    sending.push(Promise.resolve({ number, etag: there.etag, crc32: crc32Of(buffer) }));
                    release();
                    continue;
                }
                const part = this.sendPart(upload, number, buffer).finally(release);
                part.catch((error: unknown) => failed.abort(error));
                sending.push(part);
            }
            return { sha256: sha256.digest("hex"), parts: await Promise.all(sending) };
        } finally {
            // What is still on its way holds the buffers.
            await Promise.allSettled(sending);
        }
    }

    private async sendPart(upload: OpenUpload, number: number, body: Buffer): Promise<SentPart> {
        const { store, progress, signal } = this.transfer;
        const sum = crc32Of(body);
        const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-checksum-crc32": sum };
        const answer = await store.putPart(upload, number, body, { headers, signal, onBytes: progress.sent });
        const etag = unquoted(answer["etag"]);
        const echoed = answer["x-amz-checksum-crc32"];
        // A server that does not know the sum does not tell it; its ETag then says what has arrived.
        const arrived =
            echoed === undefined ? !/^[0-9a-f]{32}$/.test(etag) || etag === md5(body) : echoed === sum;
        if (!arrived) {
            throw damaged(store, this.key);
        }
        return { number, etag, crc32: sum };
    }

    /** The answer to an earlier completion was lost, if the object is there as it should be. */
    private async expectThere(etag: string): Promise<void> {
        const { store } = this.transfer;
        const there = (await store.list(this.key)).get("");
        if (there?.size !== this.file.size || there.etag !== etag) {
            throw damaged(store, this.key);
        }
    }

    private async read(handle: FileHandle, buffer: Buffer, position: number): Promise<void> {
        if (!(await reading(this.file.file, () => readFully(handle, buffer, position)))) {
            throw changed(this.file);
        }
    }

    private async refuseChanged(handle: FileHandle): Promise<void> {
        this.refuseOther(await handle.stat());
    }

    /** `found`: the file after it was read; undefined when it has become shorter meanwhile. */
    private refuseOther(found: { size: number; mtimeMs: number } | undefined): void {
        const { size = -1, mtimeMs = -1 } = found ?? {};
        if (size !== this.file.size || Math.floor(mtimeMs) !== this.file.mtimeMs) {
            throw changed(this.file);
        }
    }
}

/** As S3 sends it: big-endian, in base64. */
function crc32Of(body: Buffer): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString("base64");
}

/** What S3 makes of the parts' ETags (S3 documentation, "Checking object integrity"). */
function compositeEtag(parts: readonly SentPart[]): string {
    return `${md5(Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, "hex"))))}-${parts.length}`;
}

function unquoted(etag: unknown): string {
    return String(etag ?? "").replace(/^"|"$/g, "");
}

function changed({ file }: LocalFile): LlmosError {
    return failure("content-changed", {
        found: `"${file}" changed while it was read`,
        where: "content",
        why: "What arrives would be half of the old file and half of the new one.",
        next: "Let what writes it come to its end, then run `pulumi up` again.",
        property: "content",
    });
}

function damaged(store: ContentStore, key: string): LlmosError {
    return failure("content-damaged", {
        found: `What arrived is not what was sent: "${key}"`,
        where: `${urlOf(store.connection.endpoint)}, bucket "${store.bucket}"`,
        why: "The checksums differ: LLMOS would serve damaged content.",
        next: "Run `pulumi up` again; if it lasts, check the server, and the proxies before it.",
    });
}

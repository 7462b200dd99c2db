/** Sending one file to a bucket, whole or in parts, within the limiter; what has arrived before is not sent again. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { extname } from "node:path/posix";
import { crc32 } from "node:zlib";
import { contentType } from "mime-types";
import { failure, type LlmosError } from "../finding";
import type { Limiter } from "../network/limiter";
import { unquoted } from "../s3/bucketRequests";
import { urlOf } from "../s3/client";
import type { ContentStore } from "../s3/contentStore";
import {
    endsUpload,
    isRefused,
    isUnknownUpload,
    type OpenUpload,
    type UploadedPart,
} from "../s3/multipartUploads";
import { type LocalFile, reading } from "./localFiles";
import type { StoredFile } from "./manifest";
import { bytesOfPart, md5, PART_BYTES, partBytes, partCount, readFully, readWhole } from "./parts";
import type { Progress } from "./progress";
import type { Session, Sessions } from "./sessions";

/** Where to, and what with. */
export interface Transfer {
    readonly store: ContentStore;
    /** Prefix of the keys, with a slash at its end. */
    readonly root: string;
    readonly sessions: Sessions;
    readonly limiter: Limiter;
    readonly progress: Progress;
    /** Ends the transfer; what is on its way is given up. */
    readonly signal: AbortSignal;
    /** Told of each file once it is there. */
    readonly onStored: (file: LocalFile, stored: StoredFile) => void;
}

/** A part that has arrived. */
interface SentPart {
    readonly number: number;
    readonly etag: string;
    readonly crc32: string;
}

/** Sessions that are tried for one file: that of a former run, a fresh one, and another one if that was given up by others. */
const MOST_SESSIONS = 3;

/** What one session has moved; taken back when it cannot go on. */
class Tally {
    private moved = 0;
    private known = 0;

    constructor(private readonly progress: Progress) {}

    readonly sent = (count: number): void => {
        this.moved += count;
        this.progress.sent(count);
    };

    found(count: number): void {
        this.known += count;
        this.progress.found(count);
    }

    takeBack(): void {
        this.progress.sent(-this.moved);
        this.progress.found(-this.known);
    }
}

export class FileSending {
    private readonly key: string;
    private readonly type: string;

    constructor(
        private readonly file: LocalFile,
        private readonly transfer: Transfer,
    ) {
        this.key = transfer.root + file.path;
        this.type = contentType(extname(file.path)) || "application/octet-stream";
    }

    async send(): Promise<StoredFile> {
        const { file, size, mtimeMs } = this.file;
        if (size <= PART_BYTES) {
            return { size, mtimeMs, ...(await this.whole()) };
        }
        const handle = await reading(file, () => open(file));
        try {
            return { size, mtimeMs, ...(await this.inParts(handle)) };
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
            // Where a proxy drops it, it is that of an object in one piece.
            return { sha256, etag: unquoted(etag) || md5(buffer) };
        } finally {
            release();
        }
    }

    /** Through the session of a former run, if there is one; one that cannot go on gives way to a fresh one. */
    private async inParts(handle: FileHandle): Promise<{ sha256: string; etag: string }> {
        const { sessions } = this.transfer;
        let left = await sessions.resumable(this.key, this.file.size);
        for (let chance = 1; ; chance += 1) {
            const session = left?.session ?? (await sessions.start(this.key, this.file.size, this.type));
            const tally = new Tally(this.transfer.progress);
            try {
                const stored = await this.through(handle, session, left?.arrived ?? [], tally);
                sessions.complete(session);
                return stored;
            } catch (error) {
                if (!endsUpload(error)) {
                    if (isRefused(error)) {
                        await sessions.record(session).catch(() => undefined);
                    }
                    throw error;
                }
                tally.takeBack();
                await sessions.end(session);
                left = undefined;
                if (chance === MOST_SESSIONS) {
                    throw ended(this.transfer.store, this.key, error);
                }
            }
        }
    }

    private async through(
        handle: FileHandle,
        session: Session,
        arrived: readonly UploadedPart[],
        tally: Tally,
    ): Promise<{ sha256: string; etag: string }> {
        const { sha256, parts } = await this.sendParts(handle, session, arrived, tally);
        await this.refuseChanged(handle);
        const composite = compositeEtag(parts);
        const { store } = this.transfer;
        const etag = await store.uploads.complete(session, parts).catch(async (error: unknown) => {
            // The answer to an earlier try was lost, if the object is there as it should be.
            const [there] = isUnknownUpload(error) ? await store.etags([this.key]) : [];
            if (there !== composite) {
                throw error;
            }
            return there;
        });
        return { sha256, etag: etag || composite };
    }

    /** Reads the parts in their order, which the file's SHA-256 needs, and lets them arrive in any. */
    private async sendParts(
        handle: FileHandle,
        upload: OpenUpload,
        arrived: readonly UploadedPart[],
        tally: Tally,
    ): Promise<{ sha256: string; parts: SentPart[] }> {
        const { limiter, signal } = this.transfer;
        const etags = new Map(arrived.map((part) => [part.number, part.etag]));
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
                const etag = etags.get(number);
                if (etag !== undefined && etag === md5(buffer)) {
                    tally.found(buffer.length);
                    sending.push(Promise.resolve({ number, etag, crc32: crc32Of(buffer) }));
                    release();
                    continue;
                }
                const part = this.sendPart(upload, number, buffer, tally).finally(release);
                part.catch((error: unknown) => failed.abort(error));
                sending.push(part);
            }
            return { sha256: sha256.digest("hex"), parts: await Promise.all(sending) };
        } finally {
            // What is still on its way holds the buffers.
            await Promise.allSettled(sending);
        }
    }

    private async sendPart(
        upload: OpenUpload,
        number: number,
        body: Buffer,
        tally: Tally,
    ): Promise<SentPart> {
        const { store, signal } = this.transfer;
        const sum = crc32Of(body);
        const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-checksum-crc32": sum };
        const answer = await store.uploads.putPart(upload, number, body, {
            headers,
            signal,
            onBytes: tally.sent,
        });
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

function changed({ file }: LocalFile): LlmosError {
    return failure("content-changed", {
        found: `"${file}" changed while it was read`,
        where: "content",
        why: "What arrives would be half of the old file and half of the new one.",
        next: "Let what writes it come to its end, then run `pulumi up` again.",
        property: "content",
    });
}

function ended(store: ContentStore, key: string, error: unknown): LlmosError {
    const said = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
    return failure("content-damaged", {
        found: `The upload of "${key}" was ended ${MOST_SESSIONS} times before it was whole. The last time: ${said}`,
        where: `${urlOf(store.connection.endpoint)}, bucket "${store.bucket}"`,
        why: "Its parts are given up by somebody, or the server does not keep them.",
        next: "See who else writes there, and whether a lifecycle rule of the bucket ends uploads; then run `pulumi up` again.",
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

/** The content of models and datasets in one bucket: listed, sent, and removed; every failure explained. */
import type { S3Client } from "@aws-sdk/client-s3";
import { failure } from "../finding";
import type { Tries } from "../network/retry";
import { absent, present, type Reading } from "../reading";
import { openClient, type S3Connection, urlOf } from "./client";
import { attemptOver, explaining, isNotOffered, s3Failure } from "./failures";
import type { ObjectStore } from "./objectStore";
import { Sender, type Sending } from "./sender";
import { serverError } from "./serverWords";

/** An object as a listing shows it. */
export interface ListedObject {
    /** Bytes. */
    readonly size: number;
    /** Without its quotes. */
    readonly etag: string;
}

/** A part of an upload that the server has. */
export interface UploadedPart extends ListedObject {
    /** From 1. */
    readonly number: number;
}

/** An upload that was started and not completed. */
export interface OpenUpload {
    readonly key: string;
    readonly uploadId: string;
}

/** How something is sent: beside what it is. */
export type SendOptions = Pick<Sending, "headers" | "signal" | "onBytes">;

/** The server joins the parts before it answers, which takes minutes where it copies them (S3 documentation). */
const JOINING: Tries = { pausesMs: [1_000, 5_000, 20_000], tryMs: 1_800_000, requestMs: 3_600_000 };

/** Most objects that one DeleteObjects request takes (S3 documentation). */
const BATCH = 1_000;

/** Objects that are asked for their ETag at once. */
const ASKED_AT_ONCE = 32;

export class ContentStore {
    private constructor(
        readonly bucket: string,
        private readonly objects: ObjectStore,
        private readonly client: S3Client,
        private readonly patient: S3Client,
        private readonly sdk: typeof import("@aws-sdk/client-s3"),
        private readonly sender: Sender,
    ) {}

    static async open(objects: ObjectStore, bucket: string): Promise<ContentStore> {
        const { connection } = objects;
        const [client, patient, sender] = await Promise.all([
            openClient(connection),
            openClient(connection, JOINING),
            Sender.open(connection),
        ]);
        const sdk = await import("@aws-sdk/client-s3");
        return new ContentStore(bucket, objects, client, patient, sdk, sender);
    }

    get connection(): S3Connection {
        return this.objects.connection;
    }

    /**
     * All objects whose key starts with `prefix`, by what follows it. S3 lists each with its ETag; a server that leaves the
     * ETags out (s3s-fs) is asked for them, object by object: without them nothing that lies there can be compared.
     */
    async list(prefix: string): Promise<Map<string, ListedObject>> {
        const objects = await this.listed(prefix);
        const silent = [...objects].filter(([, { etag }]) => etag === "");
        for (let start = 0; start < silent.length; start += ASKED_AT_ONCE) {
            const batch = silent.slice(start, start + ASKED_AT_ONCE);
            const etags = await Promise.all(batch.map(([name]) => this.etag(prefix + name)));
            for (const [index, [name, { size }]] of batch.entries()) {
                objects.set(name, { size, etag: etags[index] ?? "" });
            }
        }
        return objects;
    }

    private async listed(prefix: string): Promise<Map<string, ListedObject>> {
        const objects = new Map<string, ListedObject>();
        let token: string | undefined;
        do {
            const page = await this.explain("s3:ListBucket", () =>
                this.client.send(
                    new this.sdk.ListObjectsV2Command({
                        ...this.place,
                        Prefix: prefix,
                        ...(token !== undefined && { ContinuationToken: token }),
                    }),
                ),
            );
            for (const { Key = "", Size = 0, ETag = "" } of page.Contents ?? []) {
                objects.set(Key.slice(prefix.length), { size: Size, etag: unquoted(ETag) });
            }
            token = page.IsTruncated ? this.goesOn(page.NextContinuationToken) : undefined;
        } while (token !== undefined);
        return objects;
    }

    /** The ETag of an object; empty when the object is gone, or has none. */
    private async etag(key: string): Promise<string> {
        return await this.explain(
            "s3:GetObject",
            async () => {
                try {
                    const asked = new this.sdk.HeadObjectCommand({ ...this.place, Key: key });
                    const { ETag = "" } = await this.client.send(asked);
                    return unquoted(ETag);
                } catch (error) {
                    if (serverError(error)?.status === 404) {
                        return "";
                    }
                    throw error;
                }
            },
            key,
        );
    }

    /** The text of an object. */
    async text(key: string): Promise<Reading<string>> {
        try {
            const answer = await this.client.send(new this.sdk.GetObjectCommand({ ...this.place, Key: key }));
            return present((await answer.Body?.transformToString()) ?? "");
        } catch (error) {
            const refusal = serverError(error);
            return refusal?.status === 404 && refusal.code === "NoSuchKey"
                ? absent
                : { outcome: "unknown", error: s3Failure(error, this.attempt("s3:GetObject", key)) };
        }
    }

    /** Puts an object; gives the answer's headers. */
    put(key: string, body: Uint8Array, options: SendOptions): Promise<NodeJS.Dict<string | string[]>> {
        return this.explain(
            "s3:PutObject",
            () => this.sender.put({ ...options, bucket: this.bucket, key, body }),
            key,
        );
    }

    /** Puts one part of an upload; gives the answer's headers. */
    putPart(
        { key, uploadId }: OpenUpload,
        number: number,
        body: Uint8Array,
        options: SendOptions,
    ): Promise<NodeJS.Dict<string | string[]>> {
        const query = { partNumber: String(number), uploadId };
        return this.explain(
            "s3:PutObject",
            () => this.sender.put({ ...options, bucket: this.bucket, key, query, body }),
            key,
        );
    }

    /** Opens a multipart upload whose parts carry a CRC-32 (S3 documentation, "Checking object integrity"). */
    async startUpload(key: string, contentType: string): Promise<OpenUpload> {
        const command = new this.sdk.CreateMultipartUploadCommand({
            ...this.place,
            Key: key,
            ContentType: contentType,
            ChecksumAlgorithm: "CRC32",
        });
        const { UploadId = "" } = await this.explain("s3:PutObject", () => this.client.send(command), key);
        return { key, uploadId: UploadId };
    }

    /**
     * Uploads below `prefix` that were not completed, the latest last; none where the server cannot list them. MinIO gives
     * those of one key only, when the prefix is that key.
     */
    async openUploads(prefix: string): Promise<OpenUpload[]> {
        const uploads: (OpenUpload & { at: number })[] = [];
        let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
        while (marker) {
            const asked: object = { ...this.place, Prefix: prefix, ...marker };
            const page = await this.explain("s3:ListBucketMultipartUploads", () =>
                this.client
                    .send(new this.sdk.ListMultipartUploadsCommand(asked as { Bucket: string }))
                    .catch(emptyWhereNotOffered),
            );
            for (const { Key = "", UploadId = "", Initiated } of page.Uploads ?? []) {
                uploads.push({ key: Key, uploadId: UploadId, at: Initiated?.getTime() ?? 0 });
            }
            const { NextKeyMarker, NextUploadIdMarker = "" } = page;
            marker = page.IsTruncated
                ? { KeyMarker: this.goesOn(NextKeyMarker), UploadIdMarker: NextUploadIdMarker }
                : undefined;
        }
        return uploads.sort((left, right) => left.at - right.at);
    }

    /** What the server has of an upload; none of one that it does not know any more. */
    async parts({ key, uploadId }: OpenUpload): Promise<UploadedPart[]> {
        const parts: UploadedPart[] = [];
        let after: string | undefined;
        do {
            const asked = { ...this.place, Key: key, UploadId: uploadId };
            const page = await this.explain(
                "s3:ListMultipartUploadParts",
                () =>
                    this.client
                        .send(
                            new this.sdk.ListPartsCommand({
                                ...asked,
                                ...(after !== undefined && { PartNumberMarker: after }),
                            }),
                        )
                        .catch(emptyWhereNotOffered),
                key,
            );
            for (const { PartNumber = 0, Size = 0, ETag = "" } of page.Parts ?? []) {
                parts.push({ number: PartNumber, size: Size, etag: unquoted(ETag) });
            }
            after = page.IsTruncated ? this.goesOn(page.NextPartNumberMarker) : undefined;
        } while (after !== undefined);
        return parts;
    }

    /** Makes one object of the parts. That the upload is not known any more may mean that an answer was lost. */
    async completeUpload(
        { key, uploadId }: OpenUpload,
        parts: readonly { number: number; etag: string; crc32?: string }[],
    ): Promise<"completed" | "unknown-upload"> {
        const Parts = parts.map(({ number, etag, crc32 }) => ({
            PartNumber: number,
            ETag: `"${etag}"`,
            ...(crc32 !== undefined && { ChecksumCRC32: crc32 }),
        }));
        const command = new this.sdk.CompleteMultipartUploadCommand({
            ...this.place,
            Key: key,
            UploadId: uploadId,
            MultipartUpload: { Parts },
        });
        return await this.explain(
            "s3:PutObject",
            async () => {
                try {
                    await this.patient.send(command);
                    return "completed";
                } catch (error) {
                    if (serverError(error)?.code === "NoSuchUpload") {
                        return "unknown-upload";
                    }
                    throw error;
                }
            },
            key,
        );
    }

    /** Gives up an upload; one that is not known any more is given up. */
    abortUpload({ key, uploadId }: OpenUpload): Promise<void> {
        return this.objects.abortUpload(this.bucket, { Key: key, UploadId: uploadId });
    }

    /** Removes objects, in batches. */
    async remove(keys: readonly string[]): Promise<void> {
        for (let start = 0; start < keys.length; start += BATCH) {
            const batch = keys.slice(start, start + BATCH);
            await this.objects.deleteObjects(
                this.bucket,
                batch.map((Key) => ({ Key })),
            );
        }
    }

    /** Where a list goes on. Half a list is never taken for a whole one. */
    private goesOn(next: string | undefined): string {
        if (!next) {
            throw failure("s3-failed", {
                found: "The S3 server gives a part of a list, and does not say where the list goes on",
                where: `${urlOf(this.connection.endpoint)}, bucket "${this.bucket}"`,
                why: "What lies there has to be known whole before it is compared, changed or removed.",
                next: "Check that no proxy before the server changes requests (list-type=2); if none does, use a server that has it.",
            });
        }
        return next;
    }

    private get place(): { Bucket: string } {
        return { Bucket: this.bucket };
    }

    private explain<T>(action: string, send: () => Promise<T>, key?: string): Promise<T> {
        return explaining(this.attempt(action, key), send);
    }

    private attempt(action: string, key?: string) {
        const at = { bucket: this.bucket, ...(key !== undefined && { key }) };
        return attemptOver(this.connection, action, at);
    }
}

function unquoted(etag: string): string {
    return etag.replace(/^"|"$/g, "");
}

/** A server that cannot list what is open has nothing to go on with; an upload that is gone neither. */
function emptyWhereNotOffered(error: unknown): Record<string, undefined> {
    if (isNotOffered(error) || serverError(error)?.code === "NoSuchUpload") {
        return {};
    }
    throw error;
}

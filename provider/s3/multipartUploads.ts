/** Objects that are sent in parts: uploads that are started, filled, completed or given up. */
import type { S3Client } from "@aws-sdk/client-s3";
import { LlmosError } from "../finding";
import type { Tries } from "../network/retry";
import { type BucketRequests, type ListedObject, type SendOptions, unquoted } from "./bucketRequests";
import { openClient } from "./client";
import { isNotOffered } from "./failures";
import type { ObjectStore } from "./objectStore";
import type { Sender } from "./sender";
import { serverError } from "./serverWords";

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

/** The same as a list shows it. */
interface StartedUpload extends OpenUpload {
    /** By the server's clock, since the epoch. */
    readonly initiatedMs: number;
}

/** Servers tell the time of an upload to the second. */
const INITIATED_MS = 1_000;

/** The server joins the parts before it answers, which takes minutes where it copies them (S3 documentation). */
const JOINING: Tries = { pausesMs: [1_000, 5_000, 20_000], tryMs: 1_800_000, requestMs: 3_600_000 };

/** Codes for an upload that is gone, or whose parts or checksums are others than ours. S3Mock says BadRequest of the latter. */
const ENDED = new Set(["NoSuchUpload", "InvalidPart", "InvalidPartOrder", "InvalidRequest", "BadRequest"]);

/** Whether a failure means that this upload cannot go on, and another one could. */
export function endsUpload(error: unknown): boolean {
    return ENDED.has(refusalOf(error) ?? "");
}

/** Whether a failure means that the server does not know the upload: an answer to its completion may have been lost. */
export function isUnknownUpload(error: unknown): boolean {
    return refusalOf(error) === "NoSuchUpload";
}

/** Whether a failure is an answer of the server. */
export function isRefused(error: unknown): boolean {
    return refusalOf(error) !== undefined;
}

function refusalOf(error: unknown): string | undefined {
    return serverError(error instanceof LlmosError ? error.cause : error)?.code;
}

export class MultipartUploads {
    private constructor(
        private readonly objects: ObjectStore,
        private readonly requests: BucketRequests,
        private readonly sender: Sender,
        private readonly patient: S3Client,
    ) {}

    /** @internal */
    static async open(
        objects: ObjectStore,
        requests: BucketRequests,
        sender: Sender,
    ): Promise<MultipartUploads> {
        const patient = await openClient(requests.connection, JOINING);
        return new MultipartUploads(objects, requests, sender, patient);
    }

    /** Puts one part of an upload; gives the answer's headers. */
    putPart(
        { key, uploadId }: OpenUpload,
        number: number,
        body: Uint8Array,
        options: SendOptions,
    ): Promise<NodeJS.Dict<string | string[]>> {
        const query = { partNumber: String(number), uploadId };
        const { bucket } = this.requests;
        return this.requests.explain(
            "s3:PutObject",
            () => this.sender.put({ ...options, bucket, key, query, body }),
            key,
        );
    }

    /**
     * Opens a multipart upload whose parts carry a CRC-32 (S3 documentation, "Checking object integrity"). A server may have
     * opened one for a try whose answer was lost: nobody else would ever give that up.
     */
    async start(key: string, contentType: string): Promise<OpenUpload> {
        const command = new this.requests.sdk.CreateMultipartUploadCommand({
            ...this.requests.place,
            Key: key,
            ContentType: contentType,
            ChecksumAlgorithm: "CRC32",
        });
        let tries = 0;
        command.middlewareStack.add(
            (next) => (args) => {
                tries += 1;
                return next(args);
            },
            { step: "initialize", name: "countTries" },
        );
        const began = performance.now();
        const { UploadId = "" } = await this.requests.explain(
            "s3:PutObject",
            () => this.requests.client.send(command),
            key,
        );
        const upload = { key, uploadId: UploadId };
        if (tries > 1) {
            await this.abortUnheard(upload, performance.now() - began);
        }
        return upload;
    }

    /** Gives up what the earlier tries of `upload` have opened: without a part, and in the milliseconds that they took. */
    private async abortUnheard({ key, uploadId }: OpenUpload, tookMs: number): Promise<void> {
        const open = (await this.list(key)).filter((each) => each.key === key);
        const last = open.find((each) => each.uploadId === uploadId)?.initiatedMs || Number.NaN;
        const since = last - tookMs - INITIATED_MS;
        for (const other of open) {
            // Never true where the server does not tell the times.
            const isOfTries = other.initiatedMs >= since && other.initiatedMs <= last;
            if (other.uploadId !== uploadId && isOfTries && (await this.parts(other)).length === 0) {
                await this.abort(other);
            }
        }
    }

    /**
     * Uploads below `prefix` that were not completed, whoever has started them; none where the server cannot list them. MinIO
     * gives those of one key only, when the prefix is that key.
     */
    async list(prefix: string): Promise<StartedUpload[]> {
        const uploads: StartedUpload[] = [];
        let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
        while (marker) {
            const asked: object = { ...this.requests.place, Prefix: prefix, ...marker };
            const page = await this.requests.explain("s3:ListBucketMultipartUploads", () =>
                this.requests.client
                    .send(new this.requests.sdk.ListMultipartUploadsCommand(asked as { Bucket: string }))
                    .catch(emptyWhereNotOffered),
            );
            for (const { Key = "", UploadId = "", Initiated } of page.Uploads ?? []) {
                uploads.push({ key: Key, uploadId: UploadId, initiatedMs: Initiated?.getTime() ?? 0 });
            }
            const { NextKeyMarker, NextUploadIdMarker = "" } = page;
            marker = page.IsTruncated
                ? { KeyMarker: this.requests.goesOn(NextKeyMarker), UploadIdMarker: NextUploadIdMarker }
                : undefined;
        }
        return uploads;
    }

    /** What the server has of an upload; none of one that it does not know any more. */
    async parts({ key, uploadId }: OpenUpload): Promise<UploadedPart[]> {
        const parts: UploadedPart[] = [];
        let after: string | undefined;
        do {
            const asked = { ...this.requests.place, Key: key, UploadId: uploadId };
            const page = await this.requests.explain(
                "s3:ListMultipartUploadParts",
                () =>
                    this.requests.client
                        .send(
                            new this.requests.sdk.ListPartsCommand({
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
            after = page.IsTruncated ? this.requests.goesOn(page.NextPartNumberMarker) : undefined;
        } while (after !== undefined);
        return parts;
    }

    /** Makes one object of the parts; gives its ETag, empty where the server does not tell it (Ceph RGW, measured). */
    async complete(
        { key, uploadId }: OpenUpload,
        parts: readonly { number: number; etag: string; crc32?: string }[],
    ): Promise<string> {
        const Parts = parts.map(({ number, etag, crc32 }) => ({
            PartNumber: number,
            ETag: `"${etag}"`,
            ...(crc32 !== undefined && { ChecksumCRC32: crc32 }),
        }));
        const command = new this.requests.sdk.CompleteMultipartUploadCommand({
            ...this.requests.place,
            Key: key,
            UploadId: uploadId,
            MultipartUpload: { Parts },
        });
        const { ETag } = await this.requests.explain("s3:PutObject", () => this.patient.send(command), key);
        return unquoted(ETag);
    }

    /** Gives up an upload; one that is not known any more is given up. */
    abort({ key, uploadId }: OpenUpload): Promise<void> {
        return this.objects.abortUpload(this.requests.bucket, { Key: key, UploadId: uploadId });
    }
}

/** A server that cannot list what is open has nothing to go on with; an upload that is gone neither. */
function emptyWhereNotOffered(error: unknown): Record<string, undefined> {
    const isGone = ["NoSuchUpload", "NoSuchKey"].includes(serverError(error)?.code ?? "");
    if (isNotOffered(error) || isGone) {
        return {};
    }
    throw error;
}

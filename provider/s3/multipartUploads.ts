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

    /** Opens a multipart upload whose parts carry a CRC-32 (S3 documentation, "Checking object integrity"). */
    async start(key: string, contentType: string): Promise<OpenUpload> {
        const command = new this.requests.sdk.CreateMultipartUploadCommand({
            ...this.requests.place,
            Key: key,
            ContentType: contentType,
            ChecksumAlgorithm: "CRC32",
        });
        const { UploadId = "" } = await this.requests.explain(
            "s3:PutObject",
            () => this.requests.client.send(command),
            key,
        );
        return { key, uploadId: UploadId };
    }

    /**
     * Uploads below `prefix` that were not completed, whoever has started them; none where the server cannot list them. MinIO
     * gives those of one key only, when the prefix is that key.
     */
    async list(prefix: string): Promise<OpenUpload[]> {
        const uploads: OpenUpload[] = [];
        let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
        while (marker) {
            const asked: object = { ...this.requests.place, Prefix: prefix, ...marker };
            const page = await this.requests.explain("s3:ListBucketMultipartUploads", () =>
                this.requests.client
                    .send(new this.requests.sdk.ListMultipartUploadsCommand(asked as { Bucket: string }))
                    .catch(emptyWhereNotOffered),
            );
            for (const { Key = "", UploadId = "" } of page.Uploads ?? []) {
                uploads.push({ key: Key, uploadId: UploadId });
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

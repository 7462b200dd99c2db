/** The content of models and datasets in one bucket: listed, sent, and removed; every failure explained. */
import { createHash } from "node:crypto";
import { absent, present, type Reading } from "../reading";
import { BucketRequests, type ListedObject, type SendOptions, unquoted } from "./bucketRequests";
import { openClient, type S3Connection } from "./client";
import { s3Failure } from "./failures";
import { MultipartUploads } from "./multipartUploads";
import type { ObjectStore } from "./objectStore";
import { Sender } from "./sender";
import { serverError } from "./serverWords";

/** Most objects that one DeleteObjects request takes (S3 documentation). */
const BATCH = 1_000;

/** Longest time for a text, in milliseconds. */
const TEXT_DEADLINE_MS = 60_000;

/** Objects that are asked for their ETag at once. */
const ASKED_AT_ONCE = 32;

export class ContentStore {
    private constructor(
        private readonly objects: ObjectStore,
        private readonly requests: BucketRequests,
        private readonly sender: Sender,
        /** Objects that are sent in parts. */
        readonly uploads: MultipartUploads,
    ) {}

    static async open(objects: ObjectStore, bucket: string): Promise<ContentStore> {
        const { connection } = objects;
        const [client, sender] = await Promise.all([openClient(connection), Sender.open(connection)]);
        const sdk = await import("@aws-sdk/client-s3");
        const requests = new BucketRequests(bucket, connection, client, sdk);
        const uploads = await MultipartUploads.open(objects, requests, sender);
        return new ContentStore(objects, requests, sender, uploads);
    }

    get bucket(): string {
        return this.requests.bucket;
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
        const silent = [...objects].filter(([, { etag }]) => etag === "").map(([name]) => name);
        const etags = await this.etags(silent.map((name) => prefix + name));
        for (const [index, name] of silent.entries()) {
            objects.set(name, { size: objects.get(name)?.size ?? 0, etag: etags[index] ?? "" });
        }
        return objects;
    }

    /** The ETags of objects, asked one by one; empty for one that is gone, or has none. */
    async etags(keys: readonly string[]): Promise<string[]> {
        const etags: string[] = [];
        for (let start = 0; start < keys.length; start += ASKED_AT_ONCE) {
            const batch = keys.slice(start, start + ASKED_AT_ONCE);
            etags.push(...(await Promise.all(batch.map((key) => this.etag(key)))));
        }
        return etags;
    }

    private async listed(prefix: string): Promise<Map<string, ListedObject>> {
        const objects = new Map<string, ListedObject>();
        let token: string | undefined;
        do {
            const page = await this.requests.explain("s3:ListBucket", () =>
                this.requests.client.send(
                    new this.requests.sdk.ListObjectsV2Command({
                        ...this.requests.place,
                        Prefix: prefix,
                        ...(token !== undefined && { ContinuationToken: token }),
                    }),
                ),
            );
            for (const { Key = "", Size = 0, ETag = "" } of page.Contents ?? []) {
                objects.set(Key.slice(prefix.length), { size: Size, etag: unquoted(ETag) });
            }
            token = page.IsTruncated ? this.requests.goesOn(page.NextContinuationToken) : undefined;
        } while (token !== undefined);
        return objects;
    }

    private async etag(key: string): Promise<string> {
        return await this.requests.explain(
            "s3:GetObject",
            async () => {
                try {
                    const asked = new this.requests.sdk.HeadObjectCommand({
                        ...this.requests.place,
                        Key: key,
                    });
                    const { ETag = "" } = await this.requests.client.send(asked);
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
            const answer = await this.requests.client.send(
                new this.requests.sdk.GetObjectCommand({ ...this.requests.place, Key: key }),
            );
            return present((await answer.Body?.transformToString()) ?? "");
        } catch (error) {
            const refusal = serverError(error);
            return refusal?.status === 404 && refusal.code === "NoSuchKey"
                ? absent
                : { outcome: "unknown", error: s3Failure(error, this.requests.attempt("s3:GetObject", key)) };
        }
    }

    /** Puts an object; gives the answer's headers. */
    put(key: string, body: Uint8Array, options: SendOptions): Promise<NodeJS.Dict<string | string[]>> {
        return this.requests.explain(
            "s3:PutObject",
            () => this.sender.put({ ...options, bucket: this.bucket, key, body }),
            key,
        );
    }

    /** Puts a small text of our own, after an interruption too. */
    async putText(key: string, text: string): Promise<void> {
        const body = Buffer.from(text);
        const headers = {
            "content-type": "application/json",
            "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
        };
        await this.put(key, body, { headers, signal: AbortSignal.timeout(TEXT_DEADLINE_MS) });
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
}

/** One S3 server with one set of keys: the few calls that this provider makes, every failure explained. */
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { CORSRule, S3Client } from "@aws-sdk/client-s3";
import { failure, type LlmosError } from "../finding";
import { type Deadline, type Outcome, withRetries } from "../network/retry";
import { absent, present, type Reading } from "../reading";
import { DEFAULT_REGION, limited, openClient, type S3Connection, urlOf } from "./client";
import { attemptOver, corsNotOffered, explaining, isNotOffered, s3Failure } from "./failures";
import { serverError } from "./serverWords";
import { WebPage } from "./wholeAnswer";

/** Prefix of our own objects: the bucket's mark, proofs of writing, and manifests of contents. Never a model or dataset. */
export const OWN_PREFIX = ".pulumi-llmos/";

/** The code that says, for certain, that there is no such bucket; a bare 404 may come from a proxy. */
const GONE = "NoSuchBucket";

/** Codes of "this bucket has no CORS document". */
const NO_CORS = new Set(["NoSuchCORSConfiguration", "NoSuchCORSConfigurationError"]);

/** Most names of one bucket that are taken from it on deletion: one of the key, and one of the whole server. */
const MAX_NAMES = 2;

/** Which keys of a bucket. */
interface Listed {
    readonly prefix?: string;
    /** Only keys that sort after this one. */
    readonly after?: string;
}

export class ObjectStore {
    private constructor(
        readonly connection: S3Connection,
        private readonly client: S3Client,
        private readonly sdk: typeof import("@aws-sdk/client-s3"),
    ) {}

    static async open(connection: S3Connection): Promise<ObjectStore> {
        const client = await openClient(connection);
        return new ObjectStore(connection, client, await import("@aws-sdk/client-s3"));
    }

    /** The same store, each request to which has this deadline. */
    within(deadline: Deadline): ObjectStore {
        return new ObjectStore(this.connection, limited(this.client, deadline), this.sdk);
    }

    /**
     * Whether the bucket is there. A HEAD answer has no body, so that a failed one says nothing of its cause;
     * listing one object does (measured on versitygw, Ceph RGW, MinIO and Garage).
     */
    async bucket(bucket: string): Promise<Reading<true>> {
        try {
            await this.client.send(new this.sdk.HeadBucketCommand({ Bucket: bucket }));
            return present(true);
        } catch (error) {
            // Some servers (moto) call the empty answer a page.
            if (serverError(error) === undefined && !(error instanceof WebPage)) {
                return this.unknown(error, "s3:ListBucket", bucket);
            }
        }
        try {
            await this.client.send(new this.sdk.ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }));
            return present(true);
        } catch (error) {
            const answer = serverError(error);
            return answer && answer.status === 404 && answer.code === GONE
                ? absent
                : this.unknown(error, "s3:ListBucket", bucket);
        }
    }

    /** Makes the bucket; one that these keys own already is no error. */
    async createBucket(bucket: string): Promise<void> {
        const region = this.connection.region ?? DEFAULT_REGION;
        const location =
            region === DEFAULT_REGION
                ? {}
                : { CreateBucketConfiguration: { LocationConstraint: region as never } };
        await this.explain("s3:CreateBucket", bucket, async () => {
            try {
                await this.client.send(new this.sdk.CreateBucketCommand({ Bucket: bucket, ...location }));
            } catch (error) {
                if (serverError(error)?.code !== "BucketAlreadyOwnedByYou") {
                    throw error;
                }
            }
        });
    }

    /**
     * Deletes the bucket. Garage takes only one of its names where it has several, as one with a global alias does:
     * the bucket is still there, and its next name has to go too.
     */
    async deleteBucket(bucket: string): Promise<void> {
        for (let name = 0; name < MAX_NAMES; name += 1) {
            await this.explain("s3:DeleteBucket", bucket, () => this.deleteName(bucket));
            if ((await this.bucket(bucket)).outcome !== "present") {
                return;
            }
        }
    }

    private async deleteName(bucket: string): Promise<void> {
        try {
            await this.client.send(new this.sdk.DeleteBucketCommand({ Bucket: bucket }));
        } catch (error) {
            if (serverError(error)?.code !== "NoSuchBucket") {
                throw error;
            }
        }
    }

    /** The keys of up to `limit` objects. */
    async someObjects(
        bucket: string,
        limit: number,
        { prefix = "", after = "" }: Listed = {},
    ): Promise<string[]> {
        return await this.explain("s3:ListBucket", bucket, async () => {
            const page = await this.client.send(
                new this.sdk.ListObjectsV2Command({
                    Bucket: bucket,
                    MaxKeys: limit,
                    ...startingWith(prefix),
                    ...(after !== "" && { StartAfter: after }),
                }),
            );
            return (page.Contents ?? []).map((object) => object.Key ?? "");
        });
    }

    /** A small object as text; absent when the bucket has no such key. */
    async text(bucket: string, key: string): Promise<Reading<string>> {
        try {
            const answer = await this.client.send(
                new this.sdk.GetObjectCommand({ Bucket: bucket, Key: key }),
            );
            return present((await answer.Body?.transformToString()) ?? "");
        } catch (error) {
            return serverError(error)?.code === "NoSuchKey"
                ? absent
                : this.unknown(error, "s3:GetObject", bucket, key);
        }
    }

    /** Stores a small object of our own. */
    async putText(bucket: string, key: string, text: string): Promise<void> {
        const object = { Bucket: bucket, Key: key, Body: text, ContentType: "application/json" };
        await this.explain(
            "s3:PutObject",
            bucket,
            () => this.client.send(new this.sdk.PutObjectCommand(object)),
            key,
        );
    }

    /** Up to `limit` versions and delete markers; empty where the server has no versioning. */
    async someVersions(
        bucket: string,
        limit: number,
        { prefix = "", after = "" }: Listed = {},
    ): Promise<{ Key: string; VersionId?: string }[]> {
        const from = after === "" ? {} : { KeyMarker: after };
        const asked = { Bucket: bucket, MaxKeys: limit, ...startingWith(prefix), ...from };
        return await this.explain("s3:ListBucketVersions", bucket, async () => {
            const page = await this.client
                .send(new this.sdk.ListObjectVersionsCommand(asked))
                .catch(emptyWhereNotOffered);
            return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map((version) => ({
                Key: version.Key ?? "",
                ...(version.VersionId && { VersionId: version.VersionId }),
            }));
        });
    }

    /** Open multipart uploads; empty where the server cannot list them. */
    async uploads(bucket: string): Promise<{ Key: string; UploadId: string }[]> {
        return await this.explain("s3:ListBucketMultipartUploads", bucket, async () => {
            const page = await this.client
                .send(new this.sdk.ListMultipartUploadsCommand({ Bucket: bucket }))
                .catch(emptyWhereNotOffered);
            return (page.Uploads ?? []).map(({ Key = "", UploadId = "" }) => ({ Key, UploadId }));
        });
    }

    async abortUpload(bucket: string, upload: { Key: string; UploadId: string }): Promise<void> {
        const aborted = new this.sdk.AbortMultipartUploadCommand({ Bucket: bucket, ...upload });
        await this.explain(
            "s3:AbortMultipartUpload",
            bucket,
            async () => {
                try {
                    await this.client.send(aborted);
                } catch (error) {
                    // The answer to an earlier try was lost.
                    if (serverError(error)?.code !== "NoSuchUpload") {
                        throw error;
                    }
                }
            },
            upload.Key,
        );
    }

    async deleteObjects(bucket: string, objects: { Key: string; VersionId?: string }[]): Promise<void> {
        await this.explain("s3:DeleteObject", bucket, async () => {
            const answer = await this.client.send(
                new this.sdk.DeleteObjectsCommand({
                    Bucket: bucket,
                    Delete: { Objects: objects, Quiet: true },
                }),
            );
            const first = answer.Errors?.[0];
            if (first) {
                const reason = `${first.Code}: ${first.Message}`;
                throw failure("s3-failed", {
                    found: `${answer.Errors?.length} objects could not be deleted, the first with ${reason}`,
                    where: `${urlOf(this.connection.endpoint)}, bucket "${bucket}", object "${first.Key}"`,
                    why: "They are to go; and a bucket can only be deleted when it is empty.",
                    next: "Look for object locks and for denied s3:DeleteObject, then run again.",
                });
            }
        });
    }

    /**
     * The CORS document: its rules, or absent. Unknown when the bucket or the right to read it is missing.
     *
     * @internal
     */
    async cors(bucket: string): Promise<Reading<CORSRule[]>> {
        try {
            const answer = await this.client.send(new this.sdk.GetBucketCorsCommand({ Bucket: bucket }));
            return answer.CORSRules?.length ? present(answer.CORSRules) : absent;
        } catch (error) {
            return NO_CORS.has(serverError(error)?.code ?? "")
                ? absent
                : this.unknown(this.namedCors(error, bucket), "s3:GetBucketCORS", bucket);
        }
    }

    /** @internal */
    async putCors(bucket: string, rules: CORSRule[]): Promise<void> {
        const command = new this.sdk.PutBucketCorsCommand({
            Bucket: bucket,
            CORSConfiguration: { CORSRules: rules },
        });
        await this.explain("s3:PutBucketCORS", bucket, async () => {
            await this.client.send(command).catch((error: unknown) => {
                throw this.namedCors(error, bucket);
            });
        });
    }

    async deleteCors(bucket: string): Promise<void> {
        await this.explain("s3:PutBucketCORS", bucket, () =>
            this.client.send(new this.sdk.DeleteBucketCorsCommand({ Bucket: bucket })),
        );
    }

    /**
     * Proves that the keys can write: puts, reads back and deletes one small object of our own. The operator
     * only asks whether the bucket exists, so that keys which may only read pass it and the first model fails.
     * What a proof for the same `owner` has left that was ended halfway goes with it.
     */
    async proveWriting(bucket: string, owner: string): Promise<void> {
        const Key = `${proofPrefix(owner)}${randomUUID()}`;
        const Body = `pulumi-llmos proves that these keys can write: ${Key}\n`;
        const object = { Bucket: bucket, Key };
        const put = await this.explain("s3:PutObject", bucket, () =>
            this.client.send(new this.sdk.PutObjectCommand({ ...object, Body, ContentType: "text/plain" })),
        );
        const read = await this.explain("s3:GetObject", bucket, () => this.readBack(object, Body)).catch(
            async (error: unknown) => {
                await this.discard(object, put.VersionId).catch(() => undefined);
                throw error;
            },
        );
        await this.explain("s3:DeleteObject", bucket, () => this.discard(object, put.VersionId));
        // Not what was to be proved: keys that may not list have passed.
        await this.discardOwn(bucket, owner).catch(() => undefined);
        if (read !== Body) {
            throw failure("s3-failed", {
                found: "The S3 server gave back something else than what was just written",
                where: `${urlOf(this.connection.endpoint)}, bucket "${bucket}", object "${Key}"`,
                why: "Models and datasets would not be read as they were stored.",
                next: "Check the server, and any cache or proxy before it.",
            });
        }
    }

    /** Deletes, versions too, what is left of one owner's proofs, or, in a bucket that is to go, all of our own. */
    async discardOwn(bucket: string, owner?: string): Promise<void> {
        const prefix = owner === undefined ? OWN_PREFIX : proofPrefix(owner);
        const versions = await this.someVersions(bucket, 1000, { prefix }).catch(() => []);
        const keys = versions.length > 0 ? [] : await this.someObjects(bucket, 1000, { prefix });
        const left = [...versions, ...keys.map((Key) => ({ Key }))];
        if (left.length > 0) {
            await this.deleteObjects(bucket, left);
        }
    }

    /** What is there, asked again when it is not `expected`: half an object in a whole answer is a proxy's fault. */
    private readBack(object: { Bucket: string; Key: string }, expected: string): Promise<string | undefined> {
        const read = async (signal: AbortSignal) => {
            const asked = new this.sdk.GetObjectCommand(object);
            const answer = await this.client.send(asked, { abortSignal: signal });
            return await answer.Body?.transformToString();
        };
        const differs = (outcome: Outcome<string | undefined>) =>
            "value" in outcome && outcome.value !== expected ? 0 : undefined;
        return withRetries(read, differs, { sleep });
    }

    /** On a bucket with versioning the version itself, where allowed: a delete marker would keep the bucket filled. */
    private async discard(
        object: { Bucket: string; Key: string },
        version: string | undefined,
    ): Promise<void> {
        if (version) {
            const exact = new this.sdk.DeleteObjectCommand({ ...object, VersionId: version });
            const gone = await this.client.send(exact).then(
                () => true,
                () => false,
            );
            if (gone) {
                return;
            }
        }
        await this.client.send(new this.sdk.DeleteObjectCommand(object));
    }

    private namedCors(error: unknown, bucket: string): unknown {
        return isNotOffered(error) ? corsNotOffered(this.connection.endpoint, bucket) : error;
    }

    private explain<T>(action: string, bucket: string, send: () => Promise<T>, key?: string): Promise<T> {
        return explaining(this.attempt(action, bucket, key), send);
    }

    private unknown(
        error: unknown,
        action: string,
        bucket: string,
        key?: string,
    ): { outcome: "unknown"; error: LlmosError } {
        return { outcome: "unknown", error: s3Failure(error, this.attempt(action, bucket, key)) };
    }

    private attempt(action: string, bucket: string, key: string | undefined) {
        return attemptOver(this.connection, action, { bucket, ...(key !== undefined && { key }) });
    }
}

/** A stack is locked while it is worked on, so that whatever lies under its own prefix is left from before. */
function proofPrefix(owner: string): string {
    return `${OWN_PREFIX}${createHash("sha256").update(owner).digest("hex").slice(0, 16)}/`;
}

function startingWith(prefix: string): { Prefix?: string } {
    return prefix === "" ? {} : { Prefix: prefix };
}

function emptyWhereNotOffered(error: unknown): Record<string, undefined> {
    if (isNotOffered(error)) {
        return {};
    }
    throw error;
}

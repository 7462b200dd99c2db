import { Agent as PlainAgent } from "node:http";
import { Agent } from "node:https";
import { posix } from "node:path";
import type { SecureContext } from "node:tls";
import type { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { within } from "./condition";
import type { Endpoint, Target } from "./minio";
import { inTries, isPassing, isPassingFailure } from "./tries";

/**
 * A bucket that the operator was let into, and what it does there. A directory is an object of no bytes whose key ends
 * in a slash. Steps and wording: llmos-ai/llmos-operator @ f29d5b9, pkg/registry/backend/s3/s3.go; what the server
 * answers comes through Amazon's client here, through minio-go there.
 */
export class Bucket {
    private client: Promise<S3Client> | undefined;

    constructor(
        private readonly endpoint: Endpoint,
        private readonly target: Target,
        private readonly region: string,
        private readonly trust: SecureContext,
        private readonly signal: AbortSignal,
    ) {}

    /** Virtual-host style whatever style is used to look: the operator's GetObjectURL does not ask minio-go. */
    get url(): string {
        return `${this.endpoint.scheme}://${this.target.bucket}.${this.endpoint.host}/`;
    }

    /** Makes a directory unless there is something in it already. */
    async createDirectory(path: string): Promise<void> {
        const { PutObjectCommand, ListObjectsV2Command } = await import("@aws-sdk/client-s3");
        const directory = `${path}/`;
        const { KeyCount = 0 } = await within("check directory existence failed", () =>
            this.send(new ListObjectsV2Command({ ...this.bucket, Prefix: directory, MaxKeys: 1 })),
        );
        if (KeyCount > 0) return;
        await this.send(new PutObjectCommand({ ...this.bucket, Key: directory, ContentLength: 0 }));
    }

    /** Deletes a directory and all that is in it; with versioning, old versions stay. */
    async delete(path: string): Promise<void> {
        const { DeleteObjectCommand } = await import("@aws-sdk/client-s3");
        const objects = await within(`list file ${path} failed`, () => this.list(path));
        for (const { Key } of objects) {
            await within(`remove file ${Key} failed`, () =>
                this.send(new DeleteObjectCommand({ ...this.bucket, Key })),
            );
        }
    }

    /** Copies all that is in a directory, within the server. */
    async copy(from: string, to: string): Promise<void> {
        const { CopyObjectCommand } = await import("@aws-sdk/client-s3");
        const objects = await within("list source directory failed", () => this.list(from));
        for (const { Key } of objects.filter(({ Key }) => Key !== `${from}/`)) {
            // As Go joins: a directory within loses its slash.
            const target = posix.join(to, Key.slice(from.length)).replace(/\/$/, "");
            const source = `${this.target.bucket}/${Key.split("/").map(encodeURIComponent).join("/")}`;
            await within(`copy file ${Key} to ${target} failed`, () =>
                this.send(new CopyObjectCommand({ ...this.bucket, Key: target, CopySource: source })),
            );
        }
    }

    /** How many bytes a directory holds. */
    async size(path: string): Promise<number> {
        const objects = await this.list(path);
        return objects.reduce((sum, { Size }) => sum + Size, 0);
    }

    private get bucket() {
        return { Bucket: this.target.bucket };
    }

    /** What lies at a path, or else in the directory of that name. */
    private async list(path: string): Promise<{ Key: string; Size: number }[]> {
        const { HeadObjectCommand, ListObjectsV2Command } = await import("@aws-sdk/client-s3");
        const head = new HeadObjectCommand({ ...this.bucket, Key: path });
        const file = await this.send(head).catch(() => undefined);
        if (file) return [{ Key: path, Size: file.ContentLength ?? 0 }];
        const found: { Key: string; Size: number }[] = [];
        for (let next: string | undefined, isOver = false; !isOver; isOver = next === undefined) {
            const page = { ...this.bucket, Prefix: `${path}/`, ContinuationToken: next };
            const answer = await this.send(new ListObjectsV2Command(page));
            for (const { Key = "", Size = 0 } of answer.Contents ?? []) found.push({ Key, Size });
            next = answer.IsTruncated ? answer.NextContinuationToken : undefined;
        }
        return found;
    }

    private get send(): S3Client["send"] {
        const send = async (command: Parameters<S3Client["send"]>[0]) => {
            const client = await this.connect();
            return inTries(() => client.send(command, { abortSignal: this.signal }), passesInS3, this.signal);
        };
        return send as S3Client["send"];
    }

    private connect(): Promise<S3Client> {
        this.client ??= this.open();
        return this.client;
    }

    private async open(): Promise<S3Client> {
        // Its notice about coming Node versions is no business of those who start a sandbox.
        process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
        const { S3Client } = await import("@aws-sdk/client-s3");
        const { NodeHttpHandler } = await import("@smithy/node-http-handler");
        return new S3Client({
            endpoint: `${this.endpoint.scheme}://${this.endpoint.host}`,
            region: this.region,
            credentials: {
                accessKeyId: this.target.accessKeyID,
                secretAccessKey: this.target.accessKeySecret,
            },
            forcePathStyle: true,
            // The tries are made as minio-go makes them.
            maxAttempts: 1,
            requestChecksumCalculation: "WHEN_REQUIRED",
            responseChecksumValidation: "WHEN_REQUIRED",
            // No connection is kept, so that none is left behind by an object that was looked at once.
            requestHandler: new NodeHttpHandler({
                httpAgent: new PlainAgent(),
                httpsAgent: new Agent({ secureContext: this.trust }),
            }),
        });
    }
}

function passesInS3(error: unknown): boolean {
    const { name, $metadata } = error as Partial<S3ServiceException>;
    const status = $metadata?.httpStatusCode;
    return status === undefined ? isPassingFailure(error as Error) : isPassing(name ?? "", status);
}

/** One server of the matrix under trial: the provider's lifecycles against it, and Amazon's own client beside them. */

import {
    CreateBucketCommand,
    CreateMultipartUploadCommand,
    DeleteObjectCommand,
    GetBucketCorsCommand,
    GetObjectCommand,
    ListMultipartUploadsCommand,
    PutBucketCorsCommand,
    PutBucketVersioningCommand,
    PutObjectCommand,
    type S3Client,
} from "@aws-sdk/client-s3";
import { LlmosError } from "../../provider/finding";
import { type Context, PartialFailure } from "../../provider/lifecycle";
import { realContext } from "../../provider/lifecycle/context";
import type { BucketInputs } from "../../provider/resources/bucket/description";
import { bucket } from "../../provider/resources/bucket/lifecycle";
import type { BucketCorsInputs } from "../../provider/resources/bucketCors/description";
import { bucketCors } from "../../provider/resources/bucketCors/lifecycle";
import { s3ClientOf } from "../support/outside";
import { testCache } from "../support/testCache";
import type { RunningServer } from "./server";

/** Address of the LLMOS page in the matrix. */
export const PAGE = "https://llmos.example.com";

export class Trial {
    readonly outside: S3Client;
    private buckets = 0;

    constructor(
        readonly server: RunningServer,
        /** What the server's operator has to do for each new bucket. */
        private readonly afterCreation: (bucket: string) => Promise<void>,
    ) {
        this.outside = s3ClientOf(server);
    }

    /** A context as a process of the engine has it, and what it warned of. */
    context(): Context & { readonly warnings: string[] } {
        const warnings: string[] = [];
        const log = { info: async () => {}, warn: async (text: string) => void warnings.push(text) };
        return { ...realContext({ caBundle: this.server.caBundle }, log, undefined, testCache()), warnings };
    }

    /** A name that no other one begins with. */
    newName(): string {
        this.buckets += 1;
        return `matrix-bucket-${String(this.buckets).padStart(3, "0")}`;
    }

    /** Arguments of a bucket of this server, with its right keys unless others are given. */
    bucketInputs(name: string, more: Partial<BucketInputs> = {}): BucketInputs {
        const { endpoint, region, accessKeyId, secretAccessKey } = this.server;
        const owner = `matrix/dev/${name}`;
        return { name, owner, endpoint, region, credentials: { accessKeyId, secretAccessKey }, ...more };
    }

    corsInputs(name: string, more: Partial<BucketCorsInputs> = {}): BucketCorsInputs {
        const { name: _name, ...access } = this.bucketInputs(name);
        return { ...access, bucket: name, allowedOrigins: [PAGE], ...more };
    }

    /** Makes a bucket with the provider, and gives its state. */
    async made(more: Partial<BucketInputs> = {}) {
        const made = await bucket.create(this.context(), this.bucketInputs(this.newName(), more));
        await this.afterCreation(made.id);
        return made.state;
    }

    /** Makes the CORS of a bucket with the provider. Its state is there even when the server then refused browsers. */
    async madeCors(name: string, context = this.context()) {
        try {
            return (await bucketCors.create(context, this.corsInputs(name))).state;
        } catch (error) {
            throw error instanceof PartialFailure ? error.reason : error;
        }
    }

    async bucketOutside(): Promise<string> {
        const Bucket = this.newName();
        await this.outside.send(new CreateBucketCommand({ Bucket }));
        await this.afterCreation(Bucket);
        return Bucket;
    }

    async put(Bucket: string, Key: string): Promise<void> {
        await this.outside.send(new PutObjectCommand({ Bucket, Key, Body: `content of ${Key}` }));
    }

    async bytes(Bucket: string, Key: string): Promise<Buffer> {
        const { Body } = await this.outside.send(new GetObjectCommand({ Bucket, Key }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
    }

    async content(Bucket: string, Key: string): Promise<string | undefined> {
        const answer = await this.outside.send(new GetObjectCommand({ Bucket, Key }));
        return await answer.Body?.transformToString();
    }

    /** Leaves an old version and a delete marker behind; false where the server keeps no versions. */
    async leaveVersions(Bucket: string, Key: string): Promise<boolean> {
        const enabled = await offered(
            this.outside.send(
                new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
            ),
        );
        if (enabled) {
            await this.put(Bucket, Key);
            await this.outside.send(new DeleteObjectCommand({ Bucket, Key }));
        }
        return enabled;
    }

    /** Leaves an upload open; false where the server does not list those. */
    async openUpload(Bucket: string, Key: string): Promise<boolean> {
        await this.outside.send(new CreateMultipartUploadCommand({ Bucket, Key }));
        return await offered(this.outside.send(new ListMultipartUploadsCommand({ Bucket })));
    }

    async setOrigins(Bucket: string, origins: string[]): Promise<void> {
        const rule = { AllowedOrigins: origins, AllowedMethods: ["GET"] };
        const CORSConfiguration = { CORSRules: [rule] };
        await this.outside.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
    }

    /** Origins of the stored document; none where there is none. */
    async origins(Bucket: string): Promise<string[]> {
        const answer = await this.outside
            .send(new GetBucketCorsCommand({ Bucket }))
            .catch((error: Error) =>
                /NoSuchCORS|NotImplemented/.test(error.name) ? undefined : raise(error),
            );
        return (answer?.CORSRules ?? []).flatMap(({ AllowedOrigins = [] }) => AllowedOrigins);
    }

    stop(): void {
        this.outside.destroy();
    }
}

/** What became of a case: the word that it gave, or the code of the finding that it was stopped by. */
export async function outcomeOf(run: () => Promise<string>): Promise<string> {
    try {
        return await run();
    } catch (error) {
        // Anything else is a fault of ours: the test fails with it.
        const explained = error instanceof PartialFailure ? error.reason : error;
        if (explained instanceof LlmosError) {
            return explained.finding.code;
        }
        throw error;
    }
}

async function offered(request: Promise<unknown>): Promise<boolean> {
    try {
        await request;
        return true;
    } catch (error) {
        const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
        return status === 501 ? false : raise(error as Error);
    }
}

function raise(error: Error): never {
    throw error;
}

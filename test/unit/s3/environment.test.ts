/** What the SDK looks at of its surroundings, recorded as it happens: a release that looks at more fails here. */
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { HttpResponse } from "@smithy/core/transport";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openClient } from "../../../provider/s3/client";

const surroundings = process.env;
const read = new Set<string>();

beforeAll(() => {
    process.env = new Proxy(surroundings, {
        get(target, name: string) {
            read.add(name);
            return target[name];
        },
        has(target, name: string) {
            read.add(name);
            return name in target;
        },
        ownKeys(target) {
            read.add("all of them");
            return Reflect.ownKeys(target);
        },
    });
});

afterAll(() => {
    process.env = surroundings;
});

/** What is read once by the loading of modules that are not used then. */
const ON_LOADING = ["AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA", "AWS_LAMBDA_BENCHMARK_MODE"];

/** A client whose server is a function. */
async function clientOf(answer: (method: string) => HttpResponse): Promise<S3Client> {
    const keys = { accessKeyId: "ENVIRONMENTKEY", secretAccessKey: "environment-secret" };
    const connection = { endpoint: "s3.registry.com:5000", keys };
    const client = await openClient(connection, { pausesMs: [], tryMs: 10_000, requestMs: 10_000 });
    client.config.requestHandler.handle = async ({ method }: { method: string }) => ({
        response: answer(method),
    });
    return client;
}

function answered(statusCode: number, text: string): HttpResponse {
    return new HttpResponse({ statusCode, headers: {}, body: Readable.from([Buffer.from(text)]) });
}

test("nothing of AWS is read but the switch that this provider sets itself", async () => {
    const sdk = await import("@aws-sdk/client-s3");
    const at = { Bucket: "models" };
    const object = { ...at, Key: "a" };
    const upload = { ...object, UploadId: "1" };
    const commands = [
        new sdk.HeadBucketCommand(at),
        new sdk.CreateBucketCommand(at),
        new sdk.DeleteBucketCommand(at),
        new sdk.ListObjectsV2Command(at),
        new sdk.ListObjectVersionsCommand(at),
        new sdk.ListMultipartUploadsCommand(at),
        new sdk.GetBucketCorsCommand(at),
        new sdk.PutBucketCorsCommand({ ...at, CORSConfiguration: { CORSRules: [] } }),
        new sdk.DeleteBucketCorsCommand(at),
        new sdk.PutObjectCommand({ ...object, Body: "text" }),
        new sdk.GetObjectCommand(object),
        new sdk.HeadObjectCommand(object),
        new sdk.DeleteObjectCommand(object),
        new sdk.DeleteObjectsCommand({ ...at, Delete: { Objects: [{ Key: "a" }] } }),
        new sdk.CreateMultipartUploadCommand({ ...object, ChecksumAlgorithm: "CRC32" }),
        new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [] } }),
        new sdk.AbortMultipartUploadCommand(upload),
        new sdk.ListPartsCommand(upload),
    ];
    const sent: string[] = [];
    for (const answer of [
        () => answered(200, ""),
        () => answered(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>"),
        () => answered(400, "<Error><Code>AuthorizationHeaderMalformed</Code></Error>"),
    ]) {
        const client = await clientOf((method) => {
            sent.push(method);
            return answer();
        });
        for (const command of commands) {
            await client.send(command as never).catch(() => undefined);
        }
    }
    // All of them came as far as to the server.
    expect(sent).toHaveLength(3 * commands.length);
    const ofAws = [...read].filter(
        (name) => /aws|amz|home|profile|all of them/i.test(name) && !ON_LOADING.includes(name),
    );
    expect(ofAws).toEqual(["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"]);
});

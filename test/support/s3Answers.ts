/** Answers of S3 servers, of what pretends to be one, and of what is none; and what is told of them. */
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { HttpResponse } from "@smithy/core/transport";
import fc from "fast-check";
import { expect } from "vitest";
import type { Finding } from "../../provider/finding";
import { openClient } from "../../provider/s3/client";
import { attemptOver, s3Finding } from "../../provider/s3/failures";
import { accepted } from "../../provider/s3/sender";

const keys = { accessKeyId: "FUZZEDKEYID012345678", secretAccessKey: "fuzzed/Secret+Key=that-is-never-told" };
const connection = { endpoint: "s3.registry.com:5000", keys };
const TOLD_NEVER = Object.values(keys).flatMap((key) => [
    key,
    encodeURIComponent(key),
    Buffer.from(key).toString("base64"),
]);

/** A client whose server is a function; one try a request. */
export async function clientOf(answer: (method: string) => HttpResponse): Promise<S3Client> {
    const client = await openClient(connection, { pausesMs: [], tryMs: 60_000, requestMs: 60_000 });
    client.config.requestHandler.handle = async ({ method }: { method: string }) => ({
        response: answer(method),
    });
    return client;
}

export function answered(
    statusCode: number,
    text: string,
    headers: Record<string, string> = {},
): HttpResponse {
    return new HttpResponse({ statusCode, headers, body: Readable.from([Buffer.from(text)]) });
}

/** One command of each kind that is sent. */
export function commandsOf(sdk: typeof import("@aws-sdk/client-s3")) {
    const at = { Bucket: "models" };
    const object = { ...at, Key: "a" };
    const upload = { ...object, UploadId: "1" };
    return [
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
}

const CODES = [
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "RequestTimeTooSkewed",
    "NoSuchBucket",
    "NoSuchKey",
    "NotFound",
    "BucketAlreadyExists",
    "QuotaExceeded",
    "OperationAborted",
    "SlowDown",
    "TimeoutError",
    "constructor",
    "__proto__",
];

/** Any text, often with a key in it. */
const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc
        .tuple(fc.string({ maxLength: 20 }), fc.constantFrom(...TOLD_NEVER), fc.string({ maxLength: 20 }))
        .map((parts) => parts.join("")),
);

const element = fc
    .tuple(
        fc.constantFrom(
            ...["Code", "Message", "Region", "AWSAccessKeyId", "StringToSign", "Endpoint", "code", "name"],
            ...["message", "Type", "Key", "BucketName", "$metadata", "__proto__", "Resource"],
        ),
        fc.oneof(fc.constantFrom(...CODES), text),
        fc.boolean(),
    )
    .map(([name, content, escaped]) => {
        const inside = escaped ? content.replace(/[<>&]/g, (each) => `&#${each.charCodeAt(0)};`) : content;
        return `<${name}>${inside}</${name}>`;
    });

const ROOTS = ["Error", "ListBucketResult", "ErrorResponse", "DeleteResult", "html", "CORSConfiguration"];

const xml = fc
    .tuple(
        fc.constantFrom('<?xml version="1.0" encoding="UTF-8"?>\n', "", "\uFEFF", "<!DOCTYPE x>"),
        fc.constantFrom("Error", ...ROOTS),
        fc.array(element, { maxLength: 5 }),
        fc.constantFrom(1, 1, 1, 0.5, 0.9),
    )
    .map(([head, root, elements, share]) => {
        const whole = `${head}<${root}>${elements.join("")}</${root}>`;
        return whole.slice(0, Math.ceil(whole.length * share));
    });

const body = fc.oneof(
    { weight: 6, arbitrary: xml },
    { weight: 1, arbitrary: text },
    { weight: 1, arbitrary: fc.json() },
    {
        weight: 1,
        arbitrary: text.map((words) => `<!DOCTYPE html>\n<html><body>${words}</body></html>`),
    },
    { weight: 1, arbitrary: fc.constant("") },
);

const status = fc.oneof(
    fc.constantFrom(200, 204, 301, 307, 400, 401, 403, 403, 403, 404, 405, 408, 409, 429, 500, 501, 503, 507),
    fc.integer({ min: 100, max: 999 }),
);

const headers = fc.dictionary(
    fc.constantFrom(
        ...[
            "content-type",
            "date",
            "retry-after",
            "x-amz-bucket-region",
            "x-amzn-errortype",
            "location",
            "age",
        ],
        ...["x-amz-request-id", "content-length", "transfer-encoding", "etag", "last-modified", "expires"],
    ),
    fc.oneof(fc.constantFrom("application/xml", "text/html", "application/json", "0", "eu-central-1"), text),
    { maxKeys: 4 },
);

/** Asks with each answer by one command, and by the sender; what fails is a finding, which tells no key. */
export async function holdsForAnyAnswer(numRuns: number, seed?: number): Promise<void> {
    const sdk = await import("@aws-sdk/client-s3");
    const commands = commandsOf(sdk);
    let answer = answered(200, "");
    const client = await clientOf(() => answer);
    const one = fc.record({ command: fc.nat(commands.length - 1), status, headers, body });
    const property = fc.asyncProperty(one, async (given) => {
        answer = answered(given.status, given.body, given.headers);
        const failed = client.send(commands[given.command] as never).then(
            () => undefined,
            (error: unknown) => error,
        );
        judge(await failed);
        judge(failureOf(() => accepted({ statusCode: given.status, headers: given.headers }, given.body)));
    });
    await fc.assert(property, { numRuns, ...(seed !== undefined && { seed }) });
}

function failureOf(act: () => unknown): unknown {
    try {
        act();
        return undefined;
    } catch (error) {
        return error;
    }
}

function judge(error: unknown): void {
    if (error === undefined) {
        return;
    }
    const finding: Finding = s3Finding(
        error,
        attemptOver(connection, "s3:PutObject", { bucket: "models", key: "llama/weights.bin" }),
    );
    for (const part of [finding.found, finding.where, finding.why, finding.next]) {
        expect(part).toMatch(/^\S.+$/u);
        expect(part).not.toMatch(/\p{Cc}|<\/?\w|Deserialization|undefined|\bat .+:\d+:\d+/u);
    }
    const told = JSON.stringify(finding);
    for (const key of TOLD_NEVER) {
        expect(told).not.toContain(key);
    }
}

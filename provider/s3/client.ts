/** An S3 client for one endpoint: static keys, the given host verbatim, and nothing that only AWS knows. */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Keys, S3Server } from "../description/arguments";
import { isTransient } from "../network/causes";
import { agentFor } from "../network/proxy";
import { type Deadline, type Outcome, retryAfterMs, type Tries, withRetries } from "../network/retry";
import { PINNED } from "./environment";
import { passes } from "./passing";
import { trust } from "./trust";
import { wholeAnswersOnly } from "./wholeAnswer";

/** A server and the keys to speak to it with. */
export interface S3Connection extends S3Server {
    readonly keys: Keys;
}

/** The region that S3-compatible servers expect when they know no regions. */
export const DEFAULT_REGION = "us-east-1";

/** Time for a connection, in milliseconds. */
const CONNECTION_TIMEOUT_MS = 5_000;

/** Operations whose body S3 wants checked, and whose CRC32 older Ceph and MinIO do not know. */
const CHECKED_BY_MD5 = new Set(["PutBucketCorsCommand", "DeleteObjectsCommand"]);

/** URL of the endpoint, for messages and for the client. */
export function urlOf(endpoint: string): string {
    return `https://${endpoint}`;
}

/** Hosts for which minio-go, the LLMOS operator's client, writes the bucket in the host name. */
const VIRTUAL_HOSTS = /(\.amazonaws\.com(\.cn)?|\.aliyuncs\.com|storage\.googleapis\.com)(:\d+)?$/;

/**
 * Whether the bucket is written in the path. `auto` does as minio-go. A bucket with a dot is never written in the host name,
 * whose certificate stands for one label more, and none is before an address; the SDK does as much by itself.
 */
export function usesPathStyle({ addressing = "auto", endpoint }: S3Server, bucket = ""): boolean {
    const hostname = endpoint.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
    if (bucket.includes(".") || isIP(hostname) !== 0) {
        return true;
    }
    return addressing === "auto" ? !VIRTUAL_HOSTS.test(endpoint) : addressing === "path";
}

/**
 * Opens a client. Nothing of it comes from the environment, from `~/.aws`, or from a metadata service. `tries` for requests that take long.
 *
 * @internal
 */
export async function openClient(connection: S3Connection, tries?: Tries): Promise<S3Client> {
    // Its notice about coming Node versions is for this provider's authors, not for users in the middle of `up`.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
    const { S3Client } = await import("@aws-sdk/client-s3");
    const { NodeHttpHandler } = await import("@smithy/node-http-handler");
    const way = { keepAlive: true, maxSockets: 64, ...trust(connection.caBundle) };
    const client = new S3Client({
        ...PINNED,
        endpoint: urlOf(connection.endpoint),
        region: connection.region ?? DEFAULT_REGION,
        credentials: { ...connection.keys },
        forcePathStyle: usesPathStyle(connection),
        // `withRetries` makes the tries: the SDK's own know no deadline, and no body that is cut off.
        maxAttempts: 1,
        requestChecksumCalculation: "WHEN_REQUIRED",
        responseChecksumValidation: "WHEN_REQUIRED",
        requestHandler: new NodeHttpHandler({
            connectionTimeout: CONNECTION_TIMEOUT_MS,
            httpsAgent: await agentFor(urlOf(connection.endpoint), way),
        }),
    });
    // It passes on the trace of AWS Lambda, which it takes from the environment.
    client.middlewareStack.remove("recursionDetectionMiddleware");
    client.middlewareStack.add(
        (next, context) => (args) => {
            if (CHECKED_BY_MD5.has(context.commandName ?? "")) {
                replaceChecksum(args.request as HttpRequest);
            }
            return next(args);
        },
        { step: "build", priority: "low", name: "contentMd5" },
    );
    wholeAnswersOnly(client);
    makeTries(client, tries);
    return client;
}

/**
 * The same client, each request of which has this deadline.
 *
 * @internal
 */
export function limited(client: S3Client, deadline: Deadline): S3Client {
    const once = client.send.bind(client) as unknown as Send;
    const send: Send = (command) =>
        deadline((signal) => once(command, { ...(signal && { abortSignal: signal }) }));
    return { send } as unknown as S3Client;
}

/** What of the SDK's `send` is used here: its overloads are for callbacks. */
type Send = (command: Sent, options?: { abortSignal?: AbortSignal }) => Promise<unknown>;

interface Sent {
    readonly input: object;
    readonly constructor: unknown;
}

/** Every request that is sent through here may safely be repeated. */
function makeTries(client: S3Client, tries: Tries | undefined): void {
    const once = client.send.bind(client) as unknown as Send;
    const send: Send = (command, options) =>
        withRetries((signal) => once(command, { abortSignal: signal }), waitBeforeNext, {
            signal: options?.abortSignal,
            sleep,
            ...(tries && { tries }),
        });
    client.send = send as unknown as S3Client["send"];
}

interface SdkError {
    readonly name?: string;
    readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
    readonly $response?: { readonly headers?: Record<string, string> };
}

/** A corrected clock skew: the SDK has learnt the server's time from the refusal, and signs with it from now on. */
function waitBeforeNext(outcome: Outcome<unknown>): number | undefined {
    if (!("error" in outcome)) {
        return undefined;
    }
    const { name, $metadata, $response } = (outcome.error ?? {}) as SdkError;
    const refusalPasses = passes(name ?? "", $metadata?.httpStatusCode ?? 0);
    if (refusalPasses || $metadata?.clockSkewCorrected || isTransient(outcome.error)) {
        return retryAfterMs($response?.headers?.["retry-after"]);
    }
    return undefined;
}

interface HttpRequest {
    headers: Record<string, string>;
    body?: string | Uint8Array;
}

/** Content-MD5 (S3 documentation, "PutBucketCors") is what every S3 server understands. */
function replaceChecksum(request: HttpRequest): void {
    for (const name of Object.keys(request.headers)) {
        if (/^x-amz-(sdk-)?checksum-/i.test(name)) {
            delete request.headers[name];
        }
    }
    request.headers["content-md5"] = createHash("md5")
        .update(request.body ?? "")
        .digest("base64");
}

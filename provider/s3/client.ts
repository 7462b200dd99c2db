/** An S3 client for one endpoint: static keys, the given host verbatim, and nothing that only AWS knows. */
import { createHash } from "node:crypto";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Keys, S3Server } from "../arguments";

/** A server and the keys to speak to it with. */
export interface S3Connection extends S3Server {
    readonly keys: Keys;
}

/** The region that S3-compatible servers expect when they know no regions. */
export const DEFAULT_REGION = "us-east-1";

/** Time for a connection and for an answer, in milliseconds. */
const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** Tries for a request that failed for a passing reason (reset, 500, 503 SlowDown). */
const MAX_ATTEMPTS = 5;

/** Operations whose body S3 wants checked, and whose CRC32 older Ceph and MinIO do not know. */
const CHECKED_BY_MD5 = new Set(["PutBucketCorsCommand", "DeleteObjectsCommand"]);

/** URL of the endpoint, for messages and for the client. */
export function urlOf(endpoint: string): string {
    return `https://${endpoint}`;
}

/** Hosts for which minio-go, the LLMOS operator's client, writes the bucket in the host name. */
const VIRTUAL_HOSTS = /(\.amazonaws\.com(\.cn)?|\.aliyuncs\.com|storage\.googleapis\.com)(:\d+)?$/;

/** Whether the bucket is written in the path. `auto` does as minio-go. */
export function usesPathStyle({ addressing = "auto", endpoint }: S3Server): boolean {
    return addressing === "auto" ? !VIRTUAL_HOSTS.test(endpoint) : addressing === "path";
}

/**
 * Opens a client. Neither the environment nor a metadata service is asked for keys.
 *
 * @internal
 */
export async function openClient(connection: S3Connection): Promise<S3Client> {
    // Its notice about coming Node versions is for this provider's authors, not for users in the middle of `up`.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
    const { S3Client } = await import("@aws-sdk/client-s3");
    const { NodeHttpHandler } = await import("@smithy/node-http-handler");
    const { Agent } = await import("node:https");
    const client = new S3Client({
        endpoint: urlOf(connection.endpoint),
        region: connection.region ?? DEFAULT_REGION,
        credentials: { ...connection.keys },
        forcePathStyle: usesPathStyle(connection),
        maxAttempts: MAX_ATTEMPTS,
        requestChecksumCalculation: "WHEN_REQUIRED",
        responseChecksumValidation: "WHEN_REQUIRED",
        requestHandler: new NodeHttpHandler({
            connectionTimeout: CONNECTION_TIMEOUT_MS,
            requestTimeout: REQUEST_TIMEOUT_MS,
            throwOnRequestTimeout: true,
            httpsAgent: new Agent({ keepAlive: true, maxSockets: 64, ...trust(connection.caBundle) }),
        }),
    });
    client.middlewareStack.add(
        (next, context) => (args) => {
            if (CHECKED_BY_MD5.has(context.commandName ?? "")) {
                replaceChecksum(args.request as HttpRequest);
            }
            return next(args);
        },
        { step: "build", priority: "low", name: "contentMd5" },
    );
    return client;
}

/**
 * Node's authorities and the given ones. Made once: reading some 150 certificates for each new connection costs more
 * than the request that it is for.
 */
export function trust(caBundle: string | undefined): { secureContext?: SecureContext } {
    if (caBundle === undefined) {
        return {};
    }
    const secureContext =
        contexts.get(caBundle) ?? createSecureContext({ ca: [...rootCertificates, caBundle] });
    contexts.set(caBundle, secureContext);
    return { secureContext };
}

const contexts = new Map<string, SecureContext>();

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

import { createHash, createHmac } from "node:crypto";

/** One request to be signed; `path` and `query` as they go over the wire. */
export interface UnsignedRequest {
    method: string;
    host: string;
    path: string;
    query: string;
    region: string;
    secure: boolean;
}

const emptyBody = sha256("");

/**
 * Headers of one S3 request without a body, with AWS Signature Version 4 and the payload hash that minio-go picks.
 * No signature when either key is empty, as minio-go's static credentials then count as anonymous.
 */
export function signedHeaders(
    request: UnsignedRequest,
    keys: { accessKeyID: string; accessKeySecret: string },
    now = new Date(),
): Record<string, string> {
    const { method, host, path, query, region } = request;
    const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
    const date = time.slice(0, 8);
    const payload = request.secure ? "UNSIGNED-PAYLOAD" : emptyBody;
    const headers = { host, "x-amz-content-sha256": payload, "x-amz-date": time };
    if (keys.accessKeyID === "" || keys.accessKeySecret === "") return { host };

    const names = Object.keys(headers).join(";");
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const canonical = [method, path, query, lines.join(""), names, payload].join("\n");
    const scope = `${date}/${region}/s3/aws4_request`;
    const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
    const key = [date, region, "s3", "aws4_request"].reduce<string | Buffer>(
        (key, part) => hmac(key, part),
        `AWS4${keys.accessKeySecret}`,
    );
    const signature = hmac(key, toSign).toString("hex");
    const credential = `Credential=${keys.accessKeyID}/${scope}`;
    return {
        ...headers,
        authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
    };
}

function sha256(text: string): string {
    return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
    return createHmac("sha256", key).update(text).digest();
}

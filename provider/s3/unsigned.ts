/** Requests without a signature: what anybody, a browser among them, may ask of an S3 server. */
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { S3Server } from "../arguments";
import { trust, urlOf, usesPathStyle } from "./client";

/** URL of a bucket in the style in which the LLMOS operator and browsers address it. */
export function bucketUrl(server: S3Server, bucket: string): string {
    return usesPathStyle(server)
        ? `${urlOf(server.endpoint)}/${bucket}`
        : urlOf(`${bucket}.${server.endpoint}`);
}

/** Asks, and gives the head of the answer, whatever its status; its body is thrown away. */
export function askUnsigned(
    { caBundle }: Pick<S3Server, "caBundle">,
    method: "HEAD" | "OPTIONS",
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal,
): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
        const options = { method, headers, signal, agent: false, ...trust(caBundle) } as const;
        const outgoing = request(url, options, (response) => {
            response.resume();
            resolve(response);
        });
        outgoing.on("error", (error) => reject(signal.aborted ? signal.reason : error));
        outgoing.end();
    });
}

/** Requests without a signature: what anybody, a browser among them, may ask of an S3 server. */
import type { IncomingMessage } from "node:http";
import { type Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Server } from "../description/arguments";
import { isTransient } from "../network/causes";
import { agentFor } from "../network/proxy";
import { type Deadline, isBusy, type Outcome, retryAfterMs, withRetries } from "../network/retry";
import { urlOf, usesPathStyle } from "./client";
import { trust } from "./trust";

/** A request that changes nothing. */
export interface UnsignedRequest {
    readonly method: "HEAD" | "OPTIONS";
    readonly url: string;
    readonly headers?: Record<string, string>;
}

/** URL of a bucket in the style in which the LLMOS operator and browsers address it. */
export function bucketUrl(server: S3Server, bucket: string): string {
    return usesPathStyle(server, bucket)
        ? `${urlOf(server.endpoint)}/${bucket}`
        : urlOf(`${bucket}.${server.endpoint}`);
}

/**
 * Asks, and gives the head of the answer, whatever its status; its body is thrown away. A connection that breaks off is
 * tried again within the deadline, and so is a busy server, unless any answer will do.
 */
export async function askUnsigned(
    { caBundle }: Pick<S3Server, "caBundle">,
    asked: UnsignedRequest,
    deadline: Deadline,
): Promise<IncomingMessage> {
    const agent = await agentFor(asked.url, trust(caBundle));
    const again = asked.method === "HEAD" ? unlessAnswered : unlessItsWord;
    return await deadline((signal) =>
        withRetries((each) => askOnce(asked, agent, each), again, { signal, sleep }),
    );
}

/** To HEAD any answer will do, a refusal too: only the way there is in question. */
function unlessAnswered(outcome: Outcome<IncomingMessage>): number | undefined {
    return "error" in outcome && isTransient(outcome.error) ? 0 : undefined;
}

/** A busy server has not said yet what it means. */
function unlessItsWord(outcome: Outcome<IncomingMessage>): number | undefined {
    return "value" in outcome && isBusy(outcome.value.statusCode ?? 0)
        ? retryAfterMs(outcome.value.headers["retry-after"])
        : unlessAnswered(outcome);
}

function askOnce(
    { method, url, headers = {} }: UnsignedRequest,
    agent: Agent,
    signal: AbortSignal,
): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
        const outgoing = request(url, { method, headers, signal, agent }, (response) => {
            response.resume();
            resolve(response);
        });
        outgoing.on("error", reject);
        outgoing.end();
    });
}

/** Is the endpoint there, over TLS that can be trusted, with a clock like ours? */
import type { IncomingMessage } from "node:http";
import { type Agent, request } from "node:https";
import type { S3Server } from "../arguments";
import type { Finding } from "../errors";
import type { Context } from "../lifecycle";
import { isTransient, networkFinding } from "../network";
import { agentFor } from "../proxy";
import { type Outcome, rideOut } from "../retries";
import { trust, urlOf } from "../s3/client";
import { s3Peer } from "../s3/failures";

/** A signature is refused when the clocks differ by more (S3 documentation, RequestTimeTooSkewed). */
const MAX_SKEW_MS = 15 * 60 * 1_000;

/** Asks the endpoint, once a process: name, connection, TLS and clock in one unsigned HEAD request. */
export function askEndpoint(context: Context, server: S3Server): Promise<Finding[]> {
    const key = `endpoint ${server.endpoint} ${server.caBundle ?? ""}`;
    return context.questions.once(key, async (signal) => {
        try {
            const { sleep } = context.clock;
            const agent = await agentFor(urlOf(server.endpoint), trust(server.caBundle));
            const response = await rideOut((each) => head(server, agent, each), again, { signal, sleep });
            return clockFindings(response, server, context.clock.now());
        } catch (error) {
            const finding = networkFinding(error, s3Peer(server.endpoint));
            if (!finding) {
                throw error;
            }
            return [{ ...finding, property: "endpoint" }];
        }
    });
}

/** Any answer will do, a refusal too: only the way there is in question. */
function again(outcome: Outcome<IncomingMessage>): number | undefined {
    return "error" in outcome && isTransient(outcome.error) ? 0 : undefined;
}

function head(server: S3Server, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
        const outgoing = request(urlOf(server.endpoint), { method: "HEAD", signal, agent }, (response) => {
            response.resume();
            resolve(response);
        });
        outgoing.on("error", reject);
        outgoing.end();
    });
}

function clockFindings(response: IncomingMessage, server: S3Server, now: number): Finding[] {
    const theirs = Date.parse(response.headers.date ?? "");
    const skew = Math.abs(theirs - now);
    if (!(skew > MAX_SKEW_MS)) {
        return [];
    }
    return [
        {
            code: "clock-skew",
            severity: "error",
            found: `The S3 server's clock and this machine's differ by ${Math.round(skew / 60_000)} minutes`,
            where: `${urlOf(server.endpoint)}: ${response.headers.date}`,
            why: "Signatures hold the time; one that is more than 15 minutes off is refused.",
            next: "Set the clock (NTP) on this machine or on the server.",
            property: "endpoint",
        },
    ];
}

/** Is the endpoint there, over TLS that can be trusted, with a clock like ours? */
import type { IncomingMessage } from "node:http";
import type { S3Server } from "../description/arguments";
import { explained, type Finding, failureOf } from "../finding";
import type { Context } from "../lifecycle";
import { networkFinding } from "../network/causes";
import { urlOf } from "../s3/client";
import { s3Peer } from "../s3/failures";
import { askUnsigned } from "../s3/unsigned";

/** A signature is refused when the clocks differ by more (S3 documentation, RequestTimeTooSkewed). */
const MAX_SKEW_MS = 15 * 60 * 1_000;

/** Asks the endpoint, once a process: name, connection, TLS and clock in one unsigned HEAD request. */
export function askEndpoint(context: Context, server: S3Server): Promise<Finding[]> {
    const url = urlOf(server.endpoint);
    const key = `endpoint ${server.endpoint} ${server.caBundle ?? ""}`;
    return explained(() =>
        context.questions.ask(url, key, async (deadline) => {
            try {
                const response = await askUnsigned(server, { method: "HEAD", url }, deadline);
                return clockFindings(response, server, context.clock.now());
            } catch (error) {
                const finding = networkFinding(error, s3Peer(server.endpoint));
                throw finding ? failureOf({ ...finding, property: "endpoint" }) : error;
            }
        }),
    );
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

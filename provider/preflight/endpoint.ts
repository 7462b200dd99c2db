/** Is the endpoint there, over TLS that can be trusted, with a clock like ours? */
import type { IncomingMessage } from "node:http";
import type { S3Server } from "../description/arguments";
import { expiredIn } from "../description/certificates";
import { describe, explained, type Finding, failureOf } from "../finding";
import type { Context } from "../lifecycle";
import { networkFinding } from "../network/causes";
import { urlOf } from "../s3/client";
import { s3Peer } from "../s3/failures";
import { askUnsigned } from "../s3/unsigned";

/** A signature is refused when the clocks differ by more (S3 documentation, RequestTimeTooSkewed). */
const MAX_SKEW_MS = 15 * 60 * 1_000;

/** Asks the endpoint, once a process: name, connection, TLS and clock in one unsigned HEAD request. */
export async function askEndpoint(context: Context, server: S3Server): Promise<Finding[]> {
    await warnOfExpired(context, server);
    const url = urlOf(server.endpoint);
    const key = `endpoint ${server.endpoint} ${server.caBundle ?? ""}`;
    return await explained(() =>
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

/** A bundle may hold an expired certificate beside valid ones: told once, because it does no harm until its successor is missing. */
async function warnOfExpired(context: Context, { endpoint, caBundle }: S3Server): Promise<void> {
    const expired = caBundle === undefined ? [] : expiredIn(caBundle);
    if (expired.length === 0) {
        return;
    }
    await context.questions.once(`expired ${expired.join()}`, () =>
        context.log.warn(
            describe({
                code: "tls-expired",
                severity: "warning",
                found: `The certificates that are trusted hold expired ones: ${expired.join("; ")}`,
                where: `caBundle or llmos:caBundle, for ${urlOf(endpoint)}`,
                why: "A server whose certificate depends on one of them is not trusted any more.",
                next: "Take them out of the bundle, and put in their successors if there are any.",
            }),
        ),
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

/** What an S3 server's refusal means, matched on its error code, never on its text. */
import { type Finding, failure, LlmosError } from "../finding";
import { networkFinding, type Peer } from "../network/causes";
import { throughProxy } from "../network/proxy";
import { DEFAULT_REGION, type S3Connection, urlOf } from "./client";
import { type Attempt, NEEDED, refusalOf } from "./refusals";
import { serverError, serverWords } from "./serverWords";
import { OtherAnswer, WebPage } from "./wholeAnswer";

/** What is asked over a connection, for the words of its failure. */
export function attemptOver(
    { endpoint, region = DEFAULT_REGION, keys }: S3Connection,
    action: string,
    at: Pick<Attempt, "bucket" | "key">,
): Attempt {
    return { endpoint, region, keys, action, ...at };
}

/** The server does not offer the operation. */
const NOT_OFFERED = new Set(["NotImplemented", "MethodNotAllowed", "XNotImplemented"]);

export function isNotOffered(error: unknown): boolean {
    const answer = serverError(error);
    return (
        error instanceof OtherAnswer ||
        (answer !== undefined && (NOT_OFFERED.has(answer.code) || answer.status === 501))
    );
}

/** The finding behind a failed S3 request. */
export function s3Finding(error: unknown, attempt: Attempt): Finding {
    if (error instanceof LlmosError) {
        return error.finding;
    }
    const network = networkFinding(error, peerOf(attempt));
    if (network) {
        return { ...network, property: "endpoint" };
    }
    if (error instanceof OtherAnswer) {
        return notKnown(attempt, error);
    }
    if (error instanceof WebPage) {
        return noS3(attempt, error);
    }
    const said = serverWords(error, attempt.keys);
    if (!said) {
        throw error;
    }
    const refusal = refusalOf(attempt, said);
    return {
        code: refusal.code,
        severity: "error",
        found: refusal.found(attempt, said),
        where: placeOf(attempt, [said.code, `status ${said.status}`].filter(Boolean).join(", ")),
        why: refusal.why,
        next: refusal.next(attempt, said),
        ...(refusal.property && { property: refusal.property }),
    };
}

/** The same as an error to throw. */
export function s3Failure(error: unknown, attempt: Attempt): LlmosError {
    return error instanceof LlmosError ? error : new LlmosError(s3Finding(error, attempt), { cause: error });
}

/** Sends, and explains what fails. */
export async function explaining<T>(attempt: Attempt, send: () => Promise<T>): Promise<T> {
    try {
        return await send();
    } catch (error) {
        throw s3Failure(error, attempt);
    }
}

/** The S3 side, for network findings. */
export function s3Peer(endpoint: string): Peer {
    return {
        url: urlOf(endpoint),
        through: throughProxy(urlOf(endpoint)),
        name: "The S3 endpoint",
        why: "LLMOS stores models and datasets there, and needs it reachable over HTTPS.",
        authority:
            "Give the authority's certificate as caBundle (PEM content). LLMOS and the users' browsers must trust it too.",
    };
}

export function corsNotOffered(endpoint: string, bucket: string): LlmosError {
    return failure("cors-not-implemented", {
        found: "This S3 server has no bucket CORS",
        where: `${urlOf(endpoint)}, bucket "${bucket}"`,
        why: "The LLMOS page uploads from the browser, which asks the server for CORS first.",
        next: "Allow the LLMOS origin in the server's own configuration (MinIO: MINIO_API_CORS_ALLOW_ORIGIN) and set cors: { unmanaged: true }.",
        property: "cors",
    });
}

function notKnown(attempt: Attempt, { root, status }: OtherAnswer): Finding {
    return {
        code: "s3-failed",
        severity: "error",
        found: `The S3 server does not know the request for ${attempt.action}: it answers with ${root}`,
        where: placeOf(attempt, `status ${status}`),
        why: NEEDED,
        next: "Check that no proxy before the server changes requests; if none does, use a server that knows this request.",
    };
}

function noS3(attempt: Attempt, { status }: WebPage): Finding {
    return {
        code: "s3-failed",
        severity: "error",
        found: "The S3 endpoint answers with a web page: this is no S3 API",
        where: placeOf(attempt, `status ${status}`),
        why: s3Peer(attempt.endpoint).why,
        next: "Give host and port of the S3 API: a server's web console has another port. If they are right, a proxy or a login page on the way answers in its place.",
        property: "endpoint",
    };
}

/** An object that could not be sent is named, so that it is known how far an upload came. */
function peerOf(attempt: Attempt): Peer {
    const peer = s3Peer(attempt.endpoint);
    return attempt.key === undefined ? peer : { ...peer, url: peer.url + insideOf(attempt) };
}

function placeOf(attempt: Attempt, answer: string): string {
    return `${urlOf(attempt.endpoint)}${insideOf(attempt)} (${answer})`;
}

function insideOf({ bucket, key }: Attempt): string {
    return `${bucket === undefined ? "" : `, bucket "${bucket}"`}${key === undefined ? "" : `, object "${key}"`}`;
}

/** What an S3 server's refusal means, matched on its error code, never on its text. */
import { type Finding, type FindingCode, failure, LlmosError } from "../finding";
import { networkFinding, type Peer } from "../network/causes";
import { throughProxy } from "../network/proxy";
import { isBusy } from "../network/retry";
import { urlOf } from "./client";
import { OtherAnswer } from "./wholeAnswer";

/** What was asked of the server. */
export interface Attempt {
    readonly endpoint: string;
    /** Undefined where no bucket is concerned. */
    readonly bucket?: string;
    /** S3 permission that the request needs, for example `s3:PutBucketCORS`. */
    readonly action: string;
    /** Region that the request was signed for. */
    readonly region: string;
}

interface Cause {
    readonly code: FindingCode;
    readonly found: (attempt: Attempt, said: ServerWords) => string;
    readonly why: string;
    readonly next: (attempt: Attempt, said: ServerWords) => string;
    readonly property?: string;
}

/** What the server itself said. */
interface ServerWords {
    readonly code: string;
    readonly message: string;
    readonly region?: string;
}

const SIGNED = "The LLMOS operator signs with the same keys and would be refused too.";

const UNKNOWN_KEY: Cause = {
    code: "unknown-key",
    found: () => "The S3 server does not know the access key id",
    why: SIGNED,
    next: () => "Check accessKeyId, and that the key belongs to this server and is active.",
    property: "accessKeyId",
};
const WRONG_SECRET: Cause = {
    code: "wrong-secret",
    found: () =>
        "The S3 server refuses the signature: the secret access key does not belong to the access key id",
    why: SIGNED,
    next: () => "Check secretAccessKey; copy it anew, whole and without white space.",
    property: "secretAccessKey",
};
const WRONG_REGION: Cause = {
    code: "wrong-region",
    found: ({ region }, said) =>
        `The S3 server refuses requests signed for region "${region}"${said.region ? `; it expects "${said.region}"` : ""}`,
    why: "Requests for another region are refused, whatever the keys are.",
    next: (_, said) => `Set region: "${said.region ?? "the server's region"}".`,
    property: "region",
};
/** Actions that `adminCredentials` of a Registry are for. */
const BY_ADMINISTRATORS = new Set([
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:GetBucketCORS",
    "s3:PutBucketCORS",
]);

const DENIED: Cause = {
    code: "access-denied",
    found: ({ action }) => `The S3 server denies ${action} to these keys`,
    why: "LLMOS and this provider need that right on the bucket.",
    next: ({ action }) =>
        `Grant ${action} to the keys, or give ${BY_ADMINISTRATORS.has(action) ? "adminCredentials" : "keys"} that have it.`,
};
const NO_BUCKET: Cause = {
    code: "no-such-bucket",
    found: ({ bucket }) => `The bucket "${bucket}" does not exist`,
    why: "The registry stores models and datasets in it.",
    next: () => "Correct the name, or leave out existing: true to have it made.",
    property: "bucket",
};
const FOREIGN_BUCKET: Cause = {
    code: "bucket-taken",
    found: ({ bucket }) => `The bucket name "${bucket}" belongs to another owner on this server`,
    why: "Its content is out of reach for these keys.",
    next: () => "Choose another name.",
    property: "bucket",
};
const SKEWED: Cause = {
    code: "clock-skew",
    found: () => "The S3 server finds this machine's clock too far from its own",
    why: "Signatures hold the time; a skewed one is refused.",
    next: () => "Set the clock (NTP) on this machine or on the server.",
};
const NOT_EMPTY: Cause = {
    code: "bucket-not-empty",
    found: ({ bucket }) => `The bucket "${bucket}" is not empty`,
    why: "Deleting it would delete the models and datasets in it.",
    next: () => "Empty it by hand, or apply forceDestroy: true first and then destroy.",
};

const CAUSES: Readonly<Record<string, Cause>> = {
    InvalidAccessKeyId: UNKNOWN_KEY,
    NotSignedUp: UNKNOWN_KEY,
    SignatureDoesNotMatch: WRONG_SECRET,
    AuthorizationHeaderMalformed: WRONG_REGION,
    PermanentRedirect: WRONG_REGION,
    IllegalLocationConstraintException: WRONG_REGION,
    InvalidLocationConstraint: WRONG_REGION,
    AccessDenied: DENIED,
    AllAccessDisabled: DENIED,
    NoSuchBucket: NO_BUCKET,
    BucketAlreadyExists: FOREIGN_BUCKET,
    RequestTimeTooSkewed: SKEWED,
    BucketNotEmpty: NOT_EMPTY,
};

/** The server does not offer the operation. */
const NOT_OFFERED = new Set(["NotImplemented", "MethodNotAllowed", "XNotImplemented"]);

/** Name and status of an S3 error; undefined for anything else. */
export function serverError(error: unknown): { code: string; status: number } | undefined {
    const metadata = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata;
    if (!(error instanceof Error) || metadata?.httpStatusCode === undefined) {
        return undefined;
    }
    return { code: error.name, status: metadata.httpStatusCode };
}

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
    const network = networkFinding(error, s3Peer(attempt.endpoint));
    if (network) {
        return { ...network, property: "endpoint" };
    }
    if (error instanceof OtherAnswer) {
        return notKnown(attempt, error);
    }
    const answer = serverError(error);
    if (!answer) {
        throw error;
    }
    const said: ServerWords = { code: answer.code, message: (error as Error).message, ...regionOf(error) };
    // A server may choose any code, `constructor` too.
    const named = Object.hasOwn(CAUSES, answer.code) ? CAUSES[answer.code] : undefined;
    const cause = named ?? (answer.status === 403 ? DENIED : undefined);
    const where = placeOf(attempt, `${answer.code}, status ${answer.status}`);
    if (!cause) {
        return unnamed(attempt, said, answer.status);
    }
    return {
        code: cause.code,
        severity: "error",
        found: cause.found(attempt, said),
        where,
        why: cause.why,
        next: cause.next(attempt, said),
        ...(cause.property && { property: cause.property }),
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

function unnamed(attempt: Attempt, said: ServerWords, status: number): Finding {
    const answer = [codeOf(said), `status ${status}`].filter(Boolean).join(", ");
    return {
        code: "s3-failed",
        severity: "error",
        found: `The S3 server fails at ${attempt.action}: ${wordsOf(said) || codeOf(said) || `status ${status}`}`,
        where: placeOf(attempt, answer),
        why: "LLMOS and this provider need this request to succeed.",
        next: isBusy(status)
            ? "It was asked again several times. Look at its log, and at the proxies before it, then run again."
            : "Look at the server's log, and at the proxies before it.",
    };
}

function notKnown(attempt: Attempt, { root, status }: OtherAnswer): Finding {
    return {
        code: "s3-failed",
        severity: "error",
        found: `The S3 server does not know the request for ${attempt.action}: it answers with ${root}`,
        where: placeOf(attempt, `status ${status}`),
        why: "LLMOS and this provider need this request to succeed.",
        next: "Check that no proxy before the server changes requests; if none does, use a server that knows this request.",
    };
}

/** Longest message of a server that is repeated, in characters. */
const LONGEST_MESSAGE = 300;

/** What the server said, where it said something: a page of a proxy and the SDK's own words are none of its words. */
function wordsOf({ message }: ServerWords): string {
    const line = message.split("\n", 1)[0] ?? "";
    return NO_WORDS.test(line) ? "" : line.slice(0, LONGEST_MESSAGE);
}

function codeOf({ code }: ServerWords): string {
    return NO_WORDS.test(code) ? "" : code;
}

/** Markup, and the SDK's stand-ins for an answer without a code or a message. */
const NO_WORDS = /<|^(Unknown|UnknownError|Error|SyntaxError|\d+)?$/;

function placeOf(attempt: Attempt, answer: string): string {
    const bucket = attempt.bucket === undefined ? "" : `, bucket "${attempt.bucket}"`;
    return `${urlOf(attempt.endpoint)}${bucket} (${answer})`;
}

function regionOf(error: unknown): { region?: string } {
    const fields = error as { Region?: string; $response?: { headers?: Record<string, string> } };
    const region = fields.Region ?? fields.$response?.headers?.["x-amz-bucket-region"];
    return region ? { region } : {};
}

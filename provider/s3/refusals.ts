/** What the codes of S3 servers mean, where that is known (S3 API reference, "Error responses"; the servers' own lists). */
import type { Keys } from "../description/arguments";
import type { FindingCode } from "../finding";
import { isBusy } from "../network/retry";
import { mixUpIn, type ServerWords } from "./serverWords";

/** What was asked of the server. */
export interface Attempt {
    readonly endpoint: string;
    /** Undefined where no bucket is concerned. */
    readonly bucket?: string;
    /** Undefined where no object is concerned. */
    readonly key?: string;
    /** S3 permission that the request needs, for example `s3:PutBucketCORS`. */
    readonly action: string;
    /** Region that the request was signed for. */
    readonly region: string;
    /** Keys that the request was signed with: to keep them out of what is told. */
    readonly keys?: Keys;
}

/** What a code means. */
export interface Refusal {
    readonly code: FindingCode;
    readonly found: (attempt: Attempt, said: ServerWords) => string;
    readonly why: string;
    readonly next: (attempt: Attempt, said: ServerWords) => string;
    readonly property?: string;
}

/** The server's own words: its message, else its code, else its status. */
export function inItsWords({ message, code, status }: ServerWords): string {
    return message || code || `status ${status}`;
}

/** Why a request that is refused matters, where nothing more is known. */
export const NEEDED = "LLMOS and this provider need this request to succeed.";

const SIGNED = "The LLMOS operator signs with the same keys and would be refused too.";

const UNKNOWN_KEY: Refusal = {
    code: "unknown-key",
    found: () => "The S3 server does not know the access key id",
    why: SIGNED,
    next: ({ keys }) =>
        mixUpIn(keys) ?? "Check accessKeyId, and that the key belongs to this server and is active.",
    property: "accessKeyId",
};
const WRONG_SECRET: Refusal = {
    code: "wrong-secret",
    found: () =>
        "The S3 server refuses the signature: the secret access key does not belong to the access key id",
    why: SIGNED,
    next: ({ keys }) =>
        mixUpIn(keys) ?? "Check secretAccessKey; copy it anew, whole and without white space.",
    property: "secretAccessKey",
};
const WRONG_REGION: Refusal = {
    code: "wrong-region",
    found: ({ region }, said) =>
        `The S3 server refuses requests signed for region "${region}"${said.region ? `; it expects "${said.region}"` : ""}`,
    why: "Requests for another region are refused, whatever the keys are.",
    next: (_, said) =>
        said.region ? `Set region: "${said.region}".` : "Set region to the one that the server is set to.",
    property: "region",
};

/** The header that holds key id, time and region: which of them is wrong, only the server's words tell. */
const MALFORMED: Refusal = {
    code: "s3-failed",
    found: (_, said) => `The S3 server cannot read the signature: ${inItsWords(said)}`,
    why: SIGNED,
    next: ({ keys }) =>
        mixUpIn(keys) ??
        "Check accessKeyId and region, and that no proxy before the server changes the header authorization.",
};

/** Actions that `adminCredentials` of a Registry are for. */
const BY_ADMINISTRATORS = new Set([
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:GetBucketCORS",
    "s3:PutBucketCORS",
]);

const DENIED: Refusal = {
    code: "access-denied",
    found: ({ action }, { message }) =>
        `The S3 server denies ${action} to these keys${/^(access denied\.?)?$/i.test(message) ? "" : `: ${message}`}`,
    why: "LLMOS and this provider need that right on the bucket.",
    next: ({ action }) =>
        `Grant ${action} to the keys, or give ${BY_ADMINISTRATORS.has(action) ? "adminCredentials" : "keys"} that have it.`,
};

/** Status 403 and not a word: not every one of them comes from the S3 server itself. */
const DENIED_SILENTLY: Refusal = {
    ...DENIED,
    found: ({ action }) => `The S3 endpoint refuses ${action}, and does not say why`,
    next: ({ action }) =>
        `Check that the keys have ${action}, and that no proxy or firewall before the server refuses the request.`,
};

const NO_BUCKET: Refusal = {
    code: "no-such-bucket",
    found: ({ bucket }) => `The bucket "${bucket}" does not exist`,
    why: "The registry stores models and datasets in it.",
    next: () => "Correct the name, or leave out existing: true to have it made.",
    property: "bucket",
};
const FOREIGN_BUCKET: Refusal = {
    code: "bucket-taken",
    found: ({ bucket }) => `The bucket name "${bucket}" belongs to another owner on this server`,
    why: "Its content is out of reach for these keys.",
    next: () => "Choose another name.",
    property: "bucket",
};
const SKEWED: Refusal = {
    code: "clock-skew",
    found: () => "The S3 server finds this machine's clock too far from its own",
    why: "Signatures hold the time; a skewed one is refused.",
    next: () => "Set the clock (NTP) on this machine or on the server.",
};
const NOT_EMPTY: Refusal = {
    code: "bucket-not-empty",
    found: ({ bucket }) => `The bucket "${bucket}" is not empty`,
    why: "Deleting it would delete the models and datasets in it.",
    next: () => "Empty it by hand, or apply forceDestroy: true first and then destroy.",
};

/** A refusal that has nothing to do with rights or keys, in the server's words, with what is to be done about it. */
function refused(next: string, property?: string): Refusal {
    return {
        code: "s3-failed",
        found: ({ action }, said) => `The S3 server refuses ${action}: ${inItsWords(said)}`,
        why: NEEDED,
        next: () => next,
        ...(property !== undefined && { property }),
    };
}

const REFUSED = refused("Look up this answer in the server's documentation, and look at its log.");
const QUOTA = refused("Have the quota of the bucket or of its owner raised, or delete what is not needed.");
const FULL = refused("Make room on the server, or give it more.");
const IN_HOST_NAME = refused(
    'Set addressing: "virtual": this server takes the bucket in the host name only.',
);
const SUSPENDED = refused(
    "Ask whoever runs the server: the account or the bucket is suspended, which no right of the keys changes.",
);
const TEMPORARY = refused(
    "Give lasting keys: those that need a session token, or have run out, are of no use to LLMOS.",
    "credentials",
);
const ARCHIVED = refused("Restore the object from its archive first.");
const IN_BETWEEN = refused(
    "It was asked again for as long as there was time: another change of the bucket is under way. Run again in some minutes.",
);

const REFUSALS: Readonly<Record<string, Refusal>> = {
    InvalidAccessKeyId: UNKNOWN_KEY,
    NotSignedUp: UNKNOWN_KEY,
    SignatureDoesNotMatch: WRONG_SECRET,
    PermanentRedirect: WRONG_REGION,
    IllegalLocationConstraintException: WRONG_REGION,
    InvalidLocationConstraint: WRONG_REGION,
    AccessDenied: DENIED,
    NoSuchBucket: NO_BUCKET,
    BucketAlreadyExists: FOREIGN_BUCKET,
    RequestTimeTooSkewed: SKEWED,
    BucketNotEmpty: NOT_EMPTY,
    QuotaExceeded: QUOTA,
    XMinioAdminBucketQuotaExceeded: QUOTA,
    TooManyBuckets: QUOTA,
    XMinioStorageFull: FULL,
    PathStyleDomainForbidden: IN_HOST_NAME,
    SecondLevelDomainForbidden: IN_HOST_NAME,
    AccountProblem: SUSPENDED,
    AllAccessDisabled: SUSPENDED,
    UserSuspended: SUSPENDED,
    UserDisable: SUSPENDED,
    InvalidToken: TEMPORARY,
    ExpiredToken: TEMPORARY,
    InvalidObjectState: ARCHIVED,
    OperationAborted: IN_BETWEEN,
};

/** Nobody but the server knows. */
function failing(next: string): Refusal {
    return {
        ...refused(next),
        found: ({ action }, said) => `The S3 server fails at ${action}: ${inItsWords(said)}`,
    };
}

const FAILING = failing("Look at the server's log, and at the proxies before it.");
const STILL_FAILING = failing(
    "It was asked again for as long as there was time. Look at its log, and at the proxies before it, then run again.",
);

/** What the server's refusal means. */
export function refusalOf({ region }: Attempt, said: ServerWords): Refusal {
    const { code, status } = said;
    if (code === "AuthorizationHeaderMalformed") {
        // Some servers name their region in every refusal.
        return said.region !== undefined && said.region !== region ? WRONG_REGION : MALFORMED;
    }
    // A server may choose any code, `constructor` too.
    const named = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
    if (named) {
        return named;
    }
    if (status === 403) {
        const isSilent = /^(Forbidden)?$/.test(code) && said.message === "";
        return isSilent ? DENIED_SILENTLY : REFUSED;
    }
    return isBusy(status) ? STILL_FAILING : FAILING;
}

/** What an S3 server says about a refusal: its code, its message, the region that it expects; never a key of the request. */
import type { Keys } from "../description/arguments";

/** What the server itself said, fit to be repeated. */
export interface ServerWords {
    /** Empty where it gives none. */
    readonly code: string;
    /** One line; empty where it says nothing. */
    readonly message: string;
    readonly status: number;
    /** The region that it names. */
    readonly region?: string;
}

interface Refused {
    readonly Region?: unknown;
    readonly $response?: { readonly headers?: Record<string, unknown> };
}

/** The code and the status of an S3 server's refusal; undefined for anything else. */
export function serverError(error: unknown): { code: string; status: number } | undefined {
    const metadata = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata;
    if (!(error instanceof Error) || metadata?.httpStatusCode === undefined) {
        return undefined;
    }
    return { code: String(error.name), status: metadata.httpStatusCode };
}

/** The words of a refusal; some servers repeat the keys of the request in them. */
export function serverWords(error: unknown, keys: Keys | undefined): ServerWords | undefined {
    const answer = serverError(error);
    if (!answer) {
        return undefined;
    }
    // The SDK's parser, which could make nothing of the answer, speaks of itself.
    const isParsers = (error as Error).message.includes("Deserialization error");
    const repeated = (text: unknown) => (isParsers ? "" : line(withoutKeys(String(text ?? ""), keys)));
    const message = repeated((error as Error).message);
    const { Region, $response } = error as Refused;
    const header = $response?.headers?.["x-amz-bucket-region"];
    const region = repeated(Region ?? header ?? EXPECTED_REGION.exec(message)?.[1]);
    return {
        code: repeated(answer.code),
        message,
        status: answer.status,
        ...(region && { region }),
    };
}

/** Where only the message names the region, as AWS words it. */
const EXPECTED_REGION = /expecting '([a-z0-9-]+)'/i;

/** Longest text of a server that is repeated, in characters. */
const LONGEST = 300;

/** The first line, where it is words: a page of a proxy and the SDK's own words are none of the server's. */
function line(text: string): string {
    const [first = ""] = text.split(/[\r\n]/, 1);
    // A terminal would obey control characters.
    const words = first.replace(/\p{Cc}/gu, "").trim();
    return NO_WORDS.test(words) ? "" : words.slice(0, LONGEST);
}

/** Markup, dumps, and the SDK's stand-ins for an answer without a code or a message. */
const NO_WORDS = /<|[{}]|^(Unknown|UnknownError|Error|SyntaxError|undefined|\d+)?$/;

function withoutKeys(text: string, keys: Keys | undefined): string {
    return [keys?.accessKeyId ?? "", keys?.secretAccessKey ?? ""]
        .flatMap((key) => [key, encodeURIComponent(key), Buffer.from(key).toString("base64")])
        .filter((key) => key !== "")
        .reduce((rest, key) => rest.replaceAll(key, "…"), text);
}

/** Keys as servers make them: those of AWS, Ceph and MinIO, and those of Garage. */
const KEY_ID = /^([A-Z0-9]{16,24}|GK[0-9a-f]{24})$/;
const SECRET_KEY = /^([A-Za-z0-9/+=]{40}|[0-9a-f]{64})$/;

/** What to do about keys that stand in each other's place, by their looks; undefined where they do not look like it. */
export function mixUpIn(keys: Keys | undefined): string | undefined {
    const secretAsId = SECRET_KEY.test(keys?.accessKeyId ?? "");
    const idAsSecret = KEY_ID.test(keys?.secretAccessKey ?? "");
    if (secretAsId && idAsSecret) {
        return "Exchange accessKeyId and secretAccessKey: each looks like the other one.";
    }
    if (secretAsId) {
        return "Give the key id as accessKeyId: what stands there looks like a secret access key.";
    }
    return idAsSecret
        ? "Give the secret as secretAccessKey: what stands there looks like an access key id."
        : undefined;
}

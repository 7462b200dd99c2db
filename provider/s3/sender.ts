/**
 * Sending content: signed requests with a body, past the SDK's client. Its middleware costs three times the request
 * itself where files are small (`npm run bench:upload`); the signer is the SDK's own.
 */
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { type Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { SignatureV4 } from "@smithy/signature-v4";
import { textOf } from "../network/body";
import { isTransient, networkCode } from "../network/causes";
import { agentFor } from "../network/proxy";
import { type Outcome, retryAfterMs, type Tries, withRetries } from "../network/retry";
import { DEFAULT_REGION, type S3Connection, urlOf, usesPathStyle } from "./client";
import { passes } from "./passing";
import { trust } from "./trust";

/** An object, or a part of one, to be sent. */
export interface Sending {
    readonly bucket: string;
    readonly key: string;
    /** Query parameters, for a part: `partNumber` and `uploadId`. */
    readonly query?: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    /** Headers beside those of every request, in lower case. */
    readonly headers: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    /** Told of bytes that are on their way; a try that failed gives its bytes back as a negative number. */
    readonly onBytes?: (count: number) => void;
}

/** The server took nothing more for this long: the connection is given up. Milliseconds. */
const IDLE_MS = 30_000;
/** The same once it has everything: some servers check and store a part before they answer. */
const ANSWER_MS = 300_000;

/**
 * A transfer may take as long as it moves. Nobody sits before it, so that a server which restarts is waited for longer
 * than by a question: some two minutes.
 */
const TRANSFER: Tries = {
    pausesMs: [200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 30_000],
    tryMs: 2 ** 31 - 1,
    requestMs: 2 ** 31 - 1,
};

/** Bytes written at once: TLS makes a copy of what it is given, and a whole part would be there twice. */
const SLICE_BYTES = 256 * 1024;

/** A refusal of the server, in the shape that the SDK's errors have. */
class Refusal extends Error {
    constructor(
        override readonly name: string,
        message: string,
        readonly $metadata: { readonly httpStatusCode: number },
        readonly $response: { readonly headers: IncomingHttpHeaders },
        /** The region that the server names. */
        readonly Region: string | undefined,
    ) {
        super(message);
    }
}

export class Sender {
    /** How far this machine's clock is behind the server's, in milliseconds: learnt from a refusal, as the SDK does. */
    private skewMs = 0;
    private readonly url: URL;

    private constructor(
        private readonly connection: S3Connection,
        private readonly signer: SignatureV4,
        private readonly agent: Agent,
    ) {
        this.url = new URL(urlOf(connection.endpoint));
    }

    static async open(connection: S3Connection): Promise<Sender> {
        const { SignatureV4 } = await import("@smithy/signature-v4");
        const signer = new SignatureV4({
            service: "s3",
            region: connection.region ?? DEFAULT_REGION,
            credentials: { ...connection.keys },
            sha256: Sha256,
            uriEscapePath: false,
            applyChecksum: false,
        });
        const options = { keepAlive: true, ...trust(connection.caBundle) };
        return new Sender(connection, signer, await agentFor(urlOf(connection.endpoint), options));
    }

    /** Sends, and again after a passing failure; gives the answer's headers. */
    async put(sending: Sending): Promise<IncomingHttpHeaders> {
        let signedWith = 0;
        return await withRetries(
            () => {
                signedWith = this.skewMs;
                return this.once(sending);
            },
            (outcome) => this.waitBeforeNext(outcome, signedWith),
            {
                signal: sending.signal,
                sleep,
                tries: TRANSFER,
            },
        );
    }

    private async once(sending: Sending): Promise<IncomingHttpHeaders> {
        const { hostname, port, host, path } = this.addressOf(sending);
        const headers = { host, "content-length": String(sending.body.length), ...sending.headers };
        const signed = await this.signer.sign(
            { method: "PUT", protocol: "https:", hostname, path, query: { ...sending.query }, headers },
            { signingDate: new Date(Date.now() + this.skewMs) },
        );
        const query = new URLSearchParams(sending.query).toString();
        const outgoing = request({
            method: "PUT",
            hostname,
            port,
            path: query === "" ? path : `${path}?${query}`,
            headers: signed.headers,
            agent: this.agent,
            signal: sending.signal,
        });
        // Whoever waits hears of it; after that, nobody does.
        outgoing.on("error", () => undefined);
        outgoing.setTimeout(IDLE_MS, () => outgoing.destroy(timeOut()));
        outgoing.once("finish", () => outgoing.setTimeout(ANSWER_MS));
        return await exchange(outgoing, sending);
    }

    /** A transfer waits for a server that is away; a question does not. */
    private waitBeforeNext(outcome: Outcome<unknown>, signedWith: number): number | undefined {
        if (!("error" in outcome)) {
            return undefined;
        }
        const { error } = outcome;
        if (error instanceof Refusal) {
            const { date, "retry-after": asked } = error.$response.headers;
            if (error.name === SKEWED) {
                return this.learnsSkew(date, signedWith) ? 0 : undefined;
            }
            return passes(error.name, error.$metadata.httpStatusCode) ? retryAfterMs(asked) : undefined;
        }
        return isTransient(error) || AWAY.has(networkCode(error) ?? "") ? 0 : undefined;
    }

    /** Whether there is a better time to sign with than the refused one: from this refusal, or from another before it. */
    private learnsSkew(date: string | undefined, signedWith: number): boolean {
        const skew = Date.parse(date ?? "") - Date.now();
        if (signedWith === this.skewMs && Number.isFinite(skew) && Math.abs(skew - signedWith) > SKEW_MS) {
            this.skewMs = skew;
        }
        return this.skewMs !== signedWith;
    }

    private addressOf({ bucket, key }: Sending) {
        const { url } = this;
        const inPath = usesPathStyle(this.connection, bucket);
        const [name, folder] = inPath ? ["", `/${bucket}`] : [`${bucket}.`, ""];
        return {
            hostname: name + url.hostname.replace(/^\[|\]$/g, ""),
            port: url.port || 443,
            host: name + url.host,
            path: `${folder}/${key.split("/").map(encodeKeyPart).join("/")}`,
        };
    }
}

/** By the rules of the signature (S3 documentation, "Create a canonical request"): RFC 3986's unreserved characters stay. */
function encodeKeyPart(part: string): string {
    return encodeURIComponent(part).replace(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
}

/** What the signer hashes with. */
class Sha256 {
    private readonly hash;

    constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
        this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as string);
    }

    update(data: Uint8Array): void {
        this.hash.update(data);
    }

    async digest(): Promise<Uint8Array> {
        return this.hash.digest();
    }

    reset(): void {}
}

async function exchange(outgoing: ClientRequest, sending: Sending): Promise<IncomingHttpHeaders> {
    let sent = 0;
    let isTaken = false;
    const count = (bytes: number) => {
        sent += bytes;
        sending.onBytes?.(bytes);
    };
    try {
        const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
        // A refusal may come before everything is sent; the wait for it must not be an unheard one meanwhile.
        answered.catch(() => undefined);
        await Promise.race([write(outgoing, sending.body, count), answered]);
        const [response] = await answered;
        const headers = accepted(response, await textOf(response));
        isTaken = outgoing.writableEnded;
        return headers;
    } catch (error) {
        sending.onBytes?.(-sent);
        throw error;
    } finally {
        // A request that is not ended, whoever has answered it, keeps its socket and what was written to it for ever.
        if (!isTaken) {
            outgoing.destroy();
        }
    }
}

async function write(
    outgoing: ClientRequest,
    body: Uint8Array,
    count: (bytes: number) => void,
): Promise<void> {
    if (body.length <= SLICE_BYTES) {
        // In one record with the headers.
        outgoing.end(body);
        count(body.length);
        return;
    }
    const last = body.length - SLICE_BYTES;
    let start = 0;
    for (; start < last; start += SLICE_BYTES) {
        const isFull = !outgoing.write(body.subarray(start, start + SLICE_BYTES));
        if (isFull && !(await drained(outgoing))) {
            return;
        }
        count(SLICE_BYTES);
    }
    // With the last bytes: the server may answer before they are drained, and nobody would end the request then.
    outgoing.end(body.subarray(start));
    count(body.length - start);
}

/** Waits until there is room for more; false when the request has come to its end, and nobody takes more. */
function drained(outgoing: ClientRequest): Promise<boolean> {
    return new Promise((resolve) => {
        const onDrain = () => settle(true);
        const onClose = () => settle(false);
        const settle = (isOpen: boolean) => {
            outgoing.off("drain", onDrain).off("close", onClose);
            resolve(isOpen);
        };
        outgoing.on("drain", onDrain).on("close", onClose);
    });
}

/**
 * The headers of a success; throws the refusal.
 *
 * @internal
 */
export function accepted(
    { statusCode = 0, headers }: Pick<IncomingMessage, "statusCode" | "headers">,
    text: string,
): IncomingHttpHeaders {
    if (statusCode >= 200 && statusCode < 300) {
        return headers;
    }
    const element = (name: string) =>
        characters(new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? "");
    throw new Refusal(
        element("Code") || "Unknown",
        element("Message"),
        { httpStatusCode: statusCode },
        { headers },
        element("Region") || undefined,
    );
}

/** What the references of XML stand for. */
function characters(text: string): string {
    return text.replace(
        /&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(amp|lt|gt|quot|apos));/gi,
        (_, decimal, hex, name) =>
            name
                ? (NAMED[name.toLowerCase()] ?? "")
                : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
    );
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function timeOut(): Error {
    return Object.assign(new Error("no byte was taken, and no answer given, for too long"), {
        code: "ETIMEDOUT",
    });
}

/** Codes of a server that restarts, and of a network that is gone for a moment: it was there when it was asked first. */
const AWAY = new Set([
    "ECONNREFUSED",
    "ETIMEDOUT",

    "ENETUNREACH",
    "ENETDOWN",
    "EHOSTUNREACH",
    "EHOSTDOWN",
    "ENOTFOUND",
    "EAI_AGAIN",
]);

const SKEWED = "RequestTimeTooSkewed";

/** Smallest difference of clocks that is learnt: servers take some minutes. */
const SKEW_MS = 60_000;

/** What a failed connection means, in words: shared by the S3 side and the cluster side. */
import type { Finding, FindingCode } from "../finding";
import { isBusy } from "./retry";

/** The far side of a connection, and the words that differ between S3 and cluster. */
export interface Peer {
    /** For example `https://s3.registry.com:5000`. */
    readonly url: string;
    /** For example `The S3 endpoint`. */
    readonly name: string;
    /** What it means when it cannot be reached. */
    readonly why: string;
    /** How a private authority is given. */
    readonly authority: string;
    /** ` through the proxy …`, where there is one. */
    readonly through?: string;
}

interface Cause {
    readonly code: FindingCode;
    readonly found: (peer: Peer) => string;
    readonly next: (peer: Peer) => string;
}

const RESOLVE: Cause = {
    code: "name-not-resolved",
    found: (peer) => `${peer.name}'s host name cannot be resolved`,
    next: () => "Check the spelling, and that this machine's DNS knows the name.",
};
const REFUSED: Cause = {
    code: "connection-refused",
    found: (peer) => `${peer.name} refuses the connection: nothing listens there`,
    next: () => "Check the port, and that the server runs.",
};
const UNREACHABLE: Cause = {
    code: "unreachable",
    found: (peer) => `${peer.name} cannot be reached`,
    next: () => "Check network, firewall and proxy between this machine and it.",
};
const TIMED_OUT: Cause = {
    code: "timed-out",
    found: (peer) => `${peer.name} did not answer in time`,
    next: () => "Check network, firewall and the server's health, then run again.",
};
const NO_TLS: Cause = {
    code: "tls-not-spoken",
    found: (peer) => `${peer.name} does not speak TLS`,
    next: () => "Check the port: plain http is served there, and HTTPS is needed.",
};
const AUTHORITY: Cause = {
    code: "tls-unknown-authority",
    found: (peer) => `${peer.name}'s certificate was issued by an authority that is not trusted here`,
    next: (peer) => peer.authority,
};
const EXPIRED: Cause = {
    code: "tls-expired",
    found: (peer) => `${peer.name}'s certificate has expired`,
    next: () => "Renew the certificate, and check the clocks on both sides.",
};
const TOO_EARLY: Cause = {
    code: "tls-expired",
    found: (peer) => `${peer.name}'s certificate is not valid yet`,
    next: () => "Check the clocks on both sides (NTP); if they are right, have the certificate issued anew.",
};
const WRONG_HOST: Cause = {
    code: "tls-wrong-host",
    found: (peer) => `${peer.name}'s certificate is for another host name`,
    next: () => "Use a name that the certificate holds, or have it issued for this one.",
};
const BROKEN: Cause = {
    code: "unreachable",
    found: (peer) => `The connection to ${lowerFirst(peer.name)} broke off`,
    next: () => "Run again; if it lasts, check the server, and the proxies before it.",
};

const DAMAGED: Cause = {
    code: "unreachable",
    found: (peer) => `${peer.name} gave an answer that is cut off or damaged`,
    next: () => "Run again; if it lasts, check the server, and the proxies before it.",
};

/** An answer whose head came whole, and whose body did not, or is none of this kind of server. */
export class BrokenAnswer extends Error {
    readonly code = "BROKEN_ANSWER";

    constructor(status: number) {
        super(`the answer with status ${status} is cut off or damaged`);
    }
}

/** A proxy as messages name it: never with its password. */
export function shownProxy({ protocol, host }: URL): string {
    return `${protocol}//${host}`;
}

/** The proxy on the way cannot be reached, or refuses: the far side has not been asked. */
export class ProxyFailure extends Error {
    readonly code = "PROXY_FAILED";

    /**
     * `proxy` is its address without user and password; `status` what it answered, if anything: a status of HTTP, or the
     * words for an answer of SOCKS.
     */
    constructor(
        readonly proxy: string,
        readonly status: number | string | undefined,
        cause?: Error,
    ) {
        super(`the proxy ${proxy} does not connect`, { cause });
    }
}

/** Error codes of Node's dns, net and tls modules (OpenSSL's verify codes among them). */
const CAUSES: Readonly<Record<string, Cause>> = {
    ENOTFOUND: RESOLVE,
    EAI_AGAIN: RESOLVE,
    ECONNREFUSED: REFUSED,
    EHOSTUNREACH: UNREACHABLE,
    ENETUNREACH: UNREACHABLE,
    EADDRNOTAVAIL: UNREACHABLE,
    ETIMEDOUT: TIMED_OUT,
    ESOCKETTIMEDOUT: TIMED_OUT,
    ABORT_ERR: TIMED_OUT,
    ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
    ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
    EPROTO: NO_TLS,
    DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY,
    SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY,
    UNABLE_TO_GET_ISSUER_CERT: AUTHORITY,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: AUTHORITY,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: AUTHORITY,
    CERT_UNTRUSTED: AUTHORITY,
    CERT_SIGNATURE_FAILURE: AUTHORITY,
    CERT_HAS_EXPIRED: EXPIRED,
    CERT_NOT_YET_VALID: TOO_EARLY,
    ERR_TLS_CERT_ALTNAME_INVALID: WRONG_HOST,
    ECONNRESET: BROKEN,
    EPIPE: BROKEN,
    ECONNABORTED: BROKEN,
    ERR_STREAM_PREMATURE_CLOSE: BROKEN,
    HPE_INVALID_CONSTANT: BROKEN,
    BROKEN_ANSWER: DAMAGED,
};

/** Codes of TLS and HTTP parsing that have no words of their own. */
const OTHER_TLS = /^(ERR_SSL_|ERR_TLS_|CERT_|HPE_)/;

/** Failures worth another try: the connection, not the request, was at fault. */
const TRANSIENT = new Set([
    "ECONNRESET",
    "EPIPE",
    "ECONNABORTED",
    "EAI_AGAIN",
    "ERR_STREAM_PREMATURE_CLOSE",
    "BROKEN_ANSWER",
]);

/** The code of a network failure, looked for along the chain of causes; undefined when it is none. */
export function networkCode(error: unknown): string | undefined {
    for (let link = error; link instanceof Error; link = link.cause) {
        const { code, syscall } = link as NodeJS.ErrnoException;
        if (typeof code === "string" && (Object.hasOwn(CAUSES, code) || OTHER_TLS.test(code))) {
            return code;
        }
        if (code !== undefined && syscall === "getaddrinfo") {
            // EINVAL, for example: a name that is too long is asked of nobody.
            return "ENOTFOUND";
        }
        if (code !== undefined && syscall === "connect") {
            return code;
        }
        if (link.name === "TimeoutError" || link.name === "AbortError") {
            return "ETIMEDOUT";
        }
        if (link instanceof AggregateError && link.errors.length > 0) {
            return networkCode(link.errors[0]);
        }
    }
    return undefined;
}

export function isTransient(error: unknown): boolean {
    if (error instanceof ProxyFailure) {
        return typeof error.status === "number" ? isBusy(error.status) : isTransient(error.cause);
    }
    return TRANSIENT.has(networkCode(error) ?? "");
}

/** The finding for a failed connection; undefined when the error is not about the connection. */
export function networkFinding(error: unknown, peer: Peer): Finding | undefined {
    if (error instanceof ProxyFailure) {
        return proxyFinding(error, peer);
    }
    const code = networkCode(error);
    if (code === undefined) {
        return undefined;
    }
    const cause = CAUSES[code] ?? (OTHER_TLS.test(code) ? BROKEN : UNREACHABLE);
    return {
        code: cause.code,
        severity: "error",
        found: cause.found(peer),
        where: `${peer.url}${peer.through ?? ""} (${code})`,
        why: peer.why,
        next: cause.next(peer),
    };
}

function proxyFinding({ proxy, status, cause }: ProxyFailure, peer: Peer): Finding {
    const name = lowerFirst(peer.name);
    const answer = typeof status === "number" ? `status ${status}` : status;
    const reason = answer ?? networkCode(cause) ?? "no answer to CONNECT";
    const without = "or name the host in NO_PROXY to go there directly";
    return {
        code: "unreachable",
        severity: "error",
        found:
            status === undefined
                ? `The proxy on the way to ${name} cannot be reached`
                : `The proxy on the way to ${name} refuses to connect`,
        where: `${peer.url} through the proxy ${proxy} (${reason})`,
        why: peer.why,
        next:
            status === 407
                ? `Give user and password in the proxy's address (HTTPS_PROXY=http://user:password@host:port), ${without}.`
                : `Check HTTPS_PROXY, and that the proxy may reach that host; ${without}.`,
    };
}

function lowerFirst(text: string): string {
    return text.charAt(0).toLowerCase() + text.slice(1);
}

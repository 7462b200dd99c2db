import { getServers } from "node:dns";
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";

/** Node's network failure before a connection stands, in the words of Go's package net. */
export function dialMessage(error: unknown, host: string): string {
    const first: NodeJS.ErrnoException & { address?: string; port?: number } =
        error instanceof AggregateError ? error.errors[0] : (error as NodeJS.ErrnoException);
    if (first.syscall === "getaddrinfo") return `dial tcp: lookup ${host}${lookupMessage(first.code)}`;
    const address = first.address && isIP(first.address) === 6 ? `[${first.address}]` : first.address;
    const reason = connectReasons[first.code ?? ""] ?? `connect: ${first.message}`;
    return `dial tcp ${address}:${first.port}: ${reason}`;
}

const connectReasons: Record<string, string> = {
    ECONNREFUSED: "connect: connection refused",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ETIMEDOUT: "i/o timeout",
};

function lookupMessage(code: string | undefined): string {
    const reason = code === "ENOTFOUND" ? "no such host" : "server misbehaving";
    const server = getServers()[0];
    if (!server) return `: ${reason}`;
    return ` on ${isIP(server) === 6 ? `[${server}]:53` : isIP(server) ? `${server}:53` : server}: ${reason}`;
}

/** Node's failure during the TLS handshake, in the words of Go's packages crypto/tls and net/http. */
export function handshakeMessage(error: NodeJS.ErrnoException): string {
    if (error.code === "ERR_SSL_WRONG_VERSION_NUMBER" || /wrong version number/i.test(error.message)) {
        return "http: server gave HTTP response to HTTPS client";
    }
    if (error.code === "ECONNRESET") return "EOF";
    return `remote error: tls: ${error.message}`;
}

/**
 * What Go's crypto/x509 says against a server certificate, in its order (time, name, issuer), or undefined when it has
 * nothing to say. Only the unknown authority was seen from the real operator; the other texts are Go's own.
 */
export function certificateMessage(
    certificate: PeerCertificate,
    host: string,
    chainFailure: unknown,
    now = new Date(),
): string | undefined {
    const reason = timeMessage(certificate, now) ?? nameMessage(certificate, host);
    const found = reason ?? (chainFailure ? "certificate signed by unknown authority" : undefined);
    return found && `tls: failed to verify certificate: x509: ${found}`;
}

function timeMessage(certificate: PeerCertificate, now: Date): string | undefined {
    const late = now > new Date(certificate.valid_to);
    if (!late && now >= new Date(certificate.valid_from)) return undefined;
    const [word, limit] = late ? ["after", certificate.valid_to] : ["before", certificate.valid_from];
    const times = [now, new Date(limit)].map((time) => time.toISOString().replace(/\.\d+/, ""));
    return `certificate has expired or is not yet valid: current time ${times[0]} is ${word} ${times[1]}`;
}

function nameMessage(certificate: PeerCertificate, host: string): string | undefined {
    const alternatives = certificate.subjectaltname;
    if (!alternatives) return "certificate relies on legacy Common Name field, use SANs instead";
    if (!checkServerIdentity(host, certificate)) return undefined;
    const kind = isIP(host) ? "IP Address:" : "DNS:";
    const names = alternatives.split(", ").filter((name) => name.startsWith(kind));
    const valid = names.map((name) => name.slice(kind.length)).join(", ");
    if (valid) return `certificate is valid for ${valid}, not ${host}`;
    return isIP(host)
        ? `cannot validate certificate for ${host} because it doesn't contain any IP SANs`
        : `certificate is not valid for any names, but wanted to match ${host}`;
}

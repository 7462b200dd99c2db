/** By whom an S3 server's certificate may be issued. */
import { readFileSync } from "node:fs";
import type { AgentOptions } from "node:https";
import * as tls from "node:tls";
import { certificatesIn } from "../description/certificates";

/** How a server's certificate is proved, for an agent: always, whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
export function trust(caBundle: string | undefined): AgentOptions {
    return {
        rejectUnauthorized: true,
        ...(caBundle !== undefined && { secureContext: contextOf(caBundle) }),
    };
}

/**
 * Node's authorities and the given ones. Made once: reading some 150 certificates for each new connection costs more
 * than the request that it is for.
 */
function contextOf(caBundle: string): tls.SecureContext {
    const context =
        contexts.get(caBundle) ??
        tls.createSecureContext({ ca: [...ownAuthorities(), ...certificatesIn(caBundle)] });
    contexts.set(caBundle, context);
    return context;
}

const contexts = new Map<string, tls.SecureContext>();

/** Whom Node trusts where nothing is given; what is given stands in their place, so that they are given too. */
function ownAuthorities(): readonly string[] {
    // Since Node 22.15.
    const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
    if (getCACertificates) {
        return getCACertificates("default");
    }
    const extra = process.env["NODE_EXTRA_CA_CERTS"];
    return [...tls.rootCertificates, ...(extra ? certificatesIn(readable(extra)) : [])];
}

/** Node warns of a file that cannot be read, and goes on without it. */
function readable(path: string): string {
    try {
        return readFileSync(path, "utf8");
    } catch {
        return "";
    }
}

/** Certificates that an S3 server is trusted by, in PEM: the text a person gives, and what OpenSSL reads of it. */
import { X509Certificate } from "node:crypto";
import type { Refined } from "./decoding";

/**
 * The certificates in a text, each in lines as OpenSSL wants them (RFC 7468). Indented ones, as in YAML, and those whose line
 * breaks were lost or are written as `\n`, as in a variable or in JSON, are read too.
 */
export function certificatesIn(text: string): string[] {
    const blocks = text.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g);
    return [...blocks].map(([, content = ""]) => {
        const lines = content.replace(/\\[rn]|\s/g, "").match(/.{1,64}/g) ?? [];
        return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
    });
}

/** PEM certificates that parse, one of which at least is valid still. */
export function caBundle(value: string): Refined<string> {
    const certificates = certificatesIn(value);
    if (certificates.length === 0) {
        return {
            refused: `holds no PEM certificate ("-----BEGIN CERTIFICATE-----"). Give the content of the file, not its path.`,
        };
    }
    const unreadable = certificates.findIndex((pem) => parsed(pem) === undefined);
    if (unreadable >= 0) {
        return { refused: `certificate ${unreadable + 1} of ${certificates.length} cannot be parsed.` };
    }
    const expired = expiredIn(value);
    return expired.length === certificates.length
        ? { refused: `holds only certificates that have expired: ${expired.join("; ")}.` }
        : { value };
}

/** The certificates of a bundle that have expired, for a person: for example `CN=old (on Jan  1 00:00:00 2021 GMT)`. */
export function expiredIn(bundle: string): string[] {
    return certificatesIn(bundle).flatMap((pem) => {
        const { subject, validTo = "" } = parsed(pem) ?? {};
        return Date.parse(validTo) < Date.now() ? [`${subject?.replaceAll("\n", ", ")} (on ${validTo})`] : [];
    });
}

function parsed(pem: string): X509Certificate | undefined {
    try {
        return new X509Certificate(pem);
    } catch {
        return undefined;
    }
}

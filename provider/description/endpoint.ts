/**
 * Endpoints and bucket names: the text a person writes, and the form that LLMOS takes. Total functions: a
 * value or the reason of the refusal, with the corrected form where there is one.
 */

import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { Refined } from "../description/decoding";

/** DNS name, IPv4 address or bracketed IPv6 address, and an optional port. */
const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::([0-9]{1,5}))?$/i;

/**
 * The endpoint as the LLMOS operator takes it: `host[:port]`, without a scheme (its client, minio-go, adds
 * `https://` because of `useSSL`). `https://` and one slash at the end are accepted and taken off. Everything
 * else that people paste is refused, with what to write instead: the LLMOS guide supports HTTPS endpoints only.
 */
export function parseEndpoint(text: string): Refined<string> {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
    const rest = scheme ? text.slice(scheme[0].length) : text;
    const path = rest.search(/[/?#]/);
    const authority = path < 0 ? rest : rest.slice(0, path);
    const tail = path < 0 ? "" : rest.slice(path);
    const hint = suggestion(authority);
    if (scheme?.[1]?.toLowerCase() === "http") {
        return { refused: `uses http; LLMOS supports only HTTPS endpoints. ${hint}` };
    }
    if (scheme?.[1]?.toLowerCase() === "s3") {
        return {
            refused: `is a bucket address (s3://…), not an endpoint. Write the host[:port] of the S3 server, for example "s3.registry.com:5000", and the bucket in "bucket".`,
        };
    }
    if (scheme && scheme[1]?.toLowerCase() !== "https") {
        return {
            refused: `has the scheme "${scheme[1]}"; an S3 endpoint is host[:port], over HTTPS. ${hint}`,
        };
    }
    if (rest.includes("@")) {
        const host = rest.slice(rest.lastIndexOf("@") + 1).split(/[/?#]/, 1)[0] ?? "";
        return {
            refused: `holds credentials; they belong in "credentials". ${suggestion(host)}`,
        };
    }
    if (tail !== "" && tail !== "/") {
        const what = tail.startsWith("/") ? `a path ("${tail}")` : "a query";
        return {
            refused: `has ${what}; an endpoint is host[:port] only, and the bucket goes in "bucket". ${hint}`,
        };
    }
    return parseAuthority(authority);
}

function parseAuthority(authority: string): Refined<string> {
    const value = authority.toLowerCase();
    return isUsual(value)
        ? { value }
        : { refused: `is not a host[:port]: "${authority}". ${suggestion(authority)}` };
}

/** Whether it has the one form that every client and every certificate takes. */
function isUsual(authority: string): boolean {
    const [, host = "", port] = HOST_AND_PORT.exec(authority) ?? [];
    const url = `https://${authority}`;
    // An address such as 10.0.0.256 has the form and is none: it would end the client with "Invalid URL".
    if (host === "" || host.includes("..") || port?.startsWith("0") || !URL.canParse(url)) {
        return false;
    }
    // 127.1 is an address to some, and a name to others.
    return host.startsWith("[") || new URL(url).hostname === host;
}

function suggestion(authority: string): string {
    const usual = usualForm(authority.trim());
    return isUsual(usual)
        ? `Write "${usual}".`
        : `Write host[:port], for example "s3.registry.com:5000"; the port is 1 to 65535.`;
}

/** The same in the usual form, as far as it can be guessed: IPv6 in brackets, no dot too many, letters in ASCII, a plain port. */
function usualForm(authority: string): string {
    if (isIP(authority) === 6) {
        return `[${authority.toLowerCase()}]`;
    }
    const [, name = "", digits = ""] = /^(.*?)(?::(\d*))?$/s.exec(authority) ?? [];
    const port = digits === "" ? "" : `:${Number(digits)}`;
    if (name.startsWith("[")) {
        return name.toLowerCase() + port;
    }
    const host = domainToASCII(name.replace(/\.{2,}/g, ".").replace(/^\.|\.$/g, ""));
    return (URL.canParse(`https://${host}`) ? new URL(`https://${host}`).hostname : host) + port;
}

/**
 * A bucket name by the general rules of the S3 documentation ("Bucket naming rules"): 3 to 63 characters,
 * lower-case letters, digits, dots and hyphens, a letter or digit at both ends, no two dots in a row, no IPv4
 * address.
 */
export function parseBucketName(name: string): Refined<string> {
    const rule = brokenBucketRule(name);
    return rule
        ? { refused: `"${name}" is not a bucket name: ${rule} (S3 "Bucket naming rules").` }
        : { value: name };
}

function brokenBucketRule(name: string): string | undefined {
    if (name.length < 3 || name.length > 63) {
        return `it must have 3 to 63 characters, but has ${name.length}`;
    }
    if (!/^[a-z0-9.-]+$/.test(name)) {
        return "only lower-case letters, digits, dots and hyphens are allowed";
    }
    if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) {
        return "it must begin and end with a letter or a digit";
    }
    if (name.includes("..")) {
        return "two dots may not stand next to each other";
    }
    return isIP(name) === 4 ? "it may not look like an IPv4 address" : undefined;
}

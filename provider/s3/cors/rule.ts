/** One rule of a CORS document (S3 documentation, "Elements of a CORS configuration"). */
import type { Refined } from "../../description/decoding";
import { type InputsOf, optional, required } from "../../description/fields";
import { list, number, object, oneOf, text } from "../../description/kinds";

/** Methods that a rule may allow; OPTIONS is not one of them (S3 documentation). */
export type CorsMethod = "GET" | "PUT" | "POST" | "DELETE" | "HEAD";

/** What lets browsers in: the rules of the bucket, or the settings of a server that has no bucket CORS. */
export type EnforcedBy = "bucket" | "server";

/** Most rules in one document. */
export const MAX_RULES = 100;

/** An origin as browsers send it: no path, no slash at the end; or a pattern with one `*`. */
export function parseOrigin(origin: string): Refined<string> {
    if (origin === "*") {
        return { value: origin };
    }
    if ((origin.match(/\*/g) ?? []).length > 1) {
        return { refused: `"${origin}" has more than one "*"; S3 allows one in an origin.` };
    }
    const parts = /^([a-z][a-z0-9+.-]*|\*):\/\/([^/?#@\s]+)([/?#].*)?$/i.exec(origin);
    if (!parts) {
        return {
            refused: `"${origin}" is not an origin. Write the address of the LLMOS page as scheme://host[:port], for example "https://llmos.example.com".`,
        };
    }
    const corrected = `${parts[1]}://${parts[2]}`.toLowerCase();
    if (parts[3] !== undefined) {
        return {
            refused: `"${origin}" has a path; browsers send only scheme, host and port (RFC 6454). Write "${corrected}".`,
        };
    }
    return { value: corrected };
}

function atMostOneWildcard(header: string): Refined<string> {
    return (header.match(/\*/g) ?? []).length > 1
        ? { refused: `"${header}" has more than one "*"; S3 allows one in a header.` }
        : { value: header };
}

function ruleId(id: string): Refined<string> {
    return id.length <= 255
        ? { value: id }
        : { refused: `has ${id.length} characters; a rule's id may have at most 255.` };
}

export const origins = list(text(parseOrigin), 1);

const fields = {
    /** Name of the rule, at most 255 characters. */
    id: optional(text(ruleId)),
    /** Origins (`scheme://host[:port]`, RFC 6454), each with at most one `*`. */
    allowedOrigins: required(origins),
    /** Methods. */
    allowedMethods: required(list(oneOf<CorsMethod>("GET", "PUT", "POST", "DELETE", "HEAD"), 1)),
    /** Request headers that a browser may send, each with at most one `*`. Case-blind. */
    allowedHeaders: optional(list(text(atMostOneWildcard))),
    /** Response headers that a page may read. Case-blind. */
    exposeHeaders: optional(list(text())),
    /** Seconds for which a browser may remember the answer. */
    maxAgeSeconds: optional(number(0)),
};

/** One CORS rule. The first rule that matches a request decides, so that the order of rules matters. */
export interface CorsRule extends InputsOf<typeof fields> {}

export const corsRule = object<CorsRule>("CorsRule", fields);

import {
    bucketName,
    type Guarded,
    guardedFields,
    type Owned,
    objectName,
    ownedFields,
    type S3Access,
    s3AccessFields,
} from "../../description/arguments";
import { describe } from "../../description/description";
import {
    changing,
    type HiddenOf,
    hidden,
    type InputsOf,
    type OutputsOf,
    optional,
    required,
} from "../../description/fields";
import { list, oneOf, text, written } from "../../description/kinds";
import { checks } from "../../preflight/checks";
import { type CorsRule, corsRule, type EnforcedBy, MAX_RULES, origins } from "../../s3/cors/rule";

const own = {
    /** Bucket whose CORS document this is. */
    bucket: changing(bucketName, "replace"),
    /**
     * Addresses of the LLMOS page (`https://llmos.example.com`), which get the rule of the LLMOS guide: GET, PUT, POST,
     * DELETE, HEAD; all headers; ETag exposed. Give either these or `rules`.
     */
    allowedOrigins: optional(origins),
    /** Full rules instead, at most 100. The first that matches a request decides. */
    rules: optional(list(corsRule, 1, MAX_RULES)),
    /** Name of the Registry that stores in the bucket: the end of a replacement then leaves the rules that it needs. */
    registry: optional(text(objectName), "store"),
};

const computed = {
    /**
     * The rules as the server gave them back when they were last read: ours, or all where one of others decides before one
     * of ours; empty on a server without bucket CORS.
     */
    storedRules: required(list(written<CorsRule>("CorsRule"))),
    /** Our rules as we last wrote them: all others in the document are somebody else's. */
    writtenRules: hidden(list(written<CorsRule>("CorsRule"))),
    /** `bucket`: by the stored rules. `server`: by the settings of a server that has no bucket CORS. */
    enforcedBy: required(oneOf<EnforcedBy>("bucket", "server")),
    /** What was proved about CORS, and when. */
    checks: required(checks),
};

export interface BucketCorsInputs extends InputsOf<typeof own>, S3Access, Guarded, Owned {}
export interface BucketCorsComputed extends OutputsOf<typeof computed> {}
export interface BucketCorsState extends BucketCorsInputs, BucketCorsComputed, HiddenOf<typeof computed> {}

export const bucketCorsDescription = describe(
    "BucketCors",
    // Another's rules are removed by a write.
    {
        ...own,
        ...s3AccessFields,
        ...guardedFields,
        ...ownedFields,
        adopt: changing(ownedFields.adopt, "write"),
    },
    computed,
);

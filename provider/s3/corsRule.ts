/** One rule of a CORS document (S3 documentation, "Elements of a CORS configuration"). */

/** Methods that a rule may allow; OPTIONS is not one of them (S3 documentation). */
export type CorsMethod = "GET" | "PUT" | "POST" | "DELETE" | "HEAD";

/** One CORS rule. The first rule that matches a request decides, so that the order of rules matters. */
export interface CorsRule {
    /** Name of the rule, at most 255 characters. */
    id?: string;
    /** Origins (`scheme://host[:port]`, RFC 6454), each with at most one `*`. */
    allowedOrigins: string[];
    /** Methods. */
    allowedMethods: CorsMethod[];
    /** Request headers that a browser may send, each with at most one `*`. Case-blind. */
    allowedHeaders?: string[];
    /** Response headers that a page may read. Case-blind. */
    exposeHeaders?: string[];
    /** Seconds for which a browser may remember the answer. */
    maxAgeSeconds?: number;
}

import { describe, expect, it, test } from "vitest";
import { isTransient, networkFinding } from "../../provider/network";

const peer = {
    url: "https://s3.registry.com:5000",
    name: "The S3 endpoint",
    why: "LLMOS stores models there.",
    authority: "Give the authority's certificate as caBundle.",
};

function withCode(code: string, cause?: unknown): Error {
    return Object.assign(new Error(`failed: ${code}`, { cause }), { code });
}

describe("a failed connection", () => {
    it.each([
        ["ENOTFOUND", "name-not-resolved", "The S3 endpoint's host name cannot be resolved"],
        ["EAI_AGAIN", "name-not-resolved", "The S3 endpoint's host name cannot be resolved"],
        [
            "ECONNREFUSED",
            "connection-refused",
            "The S3 endpoint refuses the connection: nothing listens there",
        ],
        ["EHOSTUNREACH", "unreachable", "The S3 endpoint cannot be reached"],
        ["ENETUNREACH", "unreachable", "The S3 endpoint cannot be reached"],
        ["EADDRNOTAVAIL", "unreachable", "The S3 endpoint cannot be reached"],
        ["ETIMEDOUT", "timed-out", "The S3 endpoint did not answer in time"],
        ["ESOCKETTIMEDOUT", "timed-out", "The S3 endpoint did not answer in time"],
        ["ABORT_ERR", "timed-out", "The S3 endpoint did not answer in time"],
        ["ERR_SSL_WRONG_VERSION_NUMBER", "tls-not-spoken", "The S3 endpoint does not speak TLS"],
        ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "tls-not-spoken", "The S3 endpoint does not speak TLS"],
        ["EPROTO", "tls-not-spoken", "The S3 endpoint does not speak TLS"],
        ...[
            "DEPTH_ZERO_SELF_SIGNED_CERT",
            "SELF_SIGNED_CERT_IN_CHAIN",
            "UNABLE_TO_GET_ISSUER_CERT",
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "CERT_UNTRUSTED",
            "CERT_SIGNATURE_FAILURE",
        ].map((code) => [
            code,
            "tls-unknown-authority",
            "The S3 endpoint's certificate was issued by an authority that is not trusted here",
        ]),
        ["CERT_HAS_EXPIRED", "tls-expired", "The S3 endpoint's certificate has expired"],
        ["CERT_NOT_YET_VALID", "tls-expired", "The S3 endpoint's certificate is not valid yet"],
        [
            "ERR_TLS_CERT_ALTNAME_INVALID",
            "tls-wrong-host",
            "The S3 endpoint's certificate is for another host name",
        ],
        ["ECONNRESET", "unreachable", "The connection to the S3 endpoint broke off"],
        ["EPIPE", "unreachable", "The connection to the S3 endpoint broke off"],
        ["ECONNABORTED", "unreachable", "The connection to the S3 endpoint broke off"],
        ["ERR_STREAM_PREMATURE_CLOSE", "unreachable", "The connection to the S3 endpoint broke off"],
        ["HPE_INVALID_CONSTANT", "unreachable", "The connection to the S3 endpoint broke off"],
    ])("with %s is %s", (node, code, found) => {
        expect(networkFinding(withCode(node!), peer)).toMatchObject({
            code,
            severity: "error",
            found,
            where: `https://s3.registry.com:5000 (${node})`,
            why: "LLMOS stores models there.",
        });
    });

    it("with an unknown authority says how one is given", () => {
        expect(networkFinding(withCode("SELF_SIGNED_CERT_IN_CHAIN"), peer)?.next).toBe(peer.authority);
    });

    it.each([
        ["a cause", new TypeError("fetch failed", { cause: withCode("ECONNREFUSED") }), "connection-refused"],
        [
            "a cause's cause",
            new Error("a", { cause: new Error("b", { cause: withCode("ENOTFOUND") }) }),
            "name-not-resolved",
        ],
        ["a cause below an unknown code", withCode("ERR_OTHER", withCode("EPIPE")), "unreachable"],
        [
            "the first of several addresses",
            new AggregateError([withCode("ECONNREFUSED"), withCode("ENETUNREACH")]),
            "connection-refused",
        ],
        [
            "several addresses as a cause",
            new Error("a", { cause: new AggregateError([withCode("EHOSTUNREACH")]) }),
            "unreachable",
        ],
        [
            "a deadline",
            new DOMException("The operation was aborted due to timeout", "TimeoutError"),
            "timed-out",
        ],
        [
            "the S3 client's time-out",
            Object.assign(new Error("Connection timed out"), { name: "TimeoutError" }),
            "timed-out",
        ],
        ["an abort", new DOMException("This operation was aborted", "AbortError"), "timed-out"],
    ])("is found in %s", (_title, error, code) => {
        expect(networkFinding(error, peer)?.code).toBe(code);
    });
});

describe("no failed connection is", () => {
    it.each<[string, unknown]>([
        ["a programming error", new TypeError("x is not a function")],
        ["another code", withCode("ENOENT")],
        ["an empty aggregate", new AggregateError([])],
        ["something that is no error", { code: "ECONNREFUSED" }],
        ["nothing", undefined],
    ])("%s", (_title, error) => {
        expect(networkFinding(error, peer)).toBeUndefined();
    });
});

test.each([
    ["ECONNRESET", true],
    ["EPIPE", true],
    ["ECONNABORTED", true],
    ["EAI_AGAIN", true],
    ["ERR_STREAM_PREMATURE_CLOSE", true],
    ["ECONNREFUSED", false],
    ["ENOTFOUND", false],
    ["CERT_HAS_EXPIRED", false],
    ["ETIMEDOUT", false],
    ["ENOENT", false],
])("%s is worth another try: %s", (code, transient) => {
    expect(isTransient(withCode(code))).toBe(transient);
});

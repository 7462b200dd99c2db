import { describe, expect, it, test } from "vitest";
import { describe as told } from "../../../provider/finding";
import { BrokenAnswer, isTransient, networkFinding, ProxyFailure } from "../../../provider/network/causes";

const peer = {
    url: "https://s3.registry.com:5000",
    name: "The S3 endpoint",
    why: "LLMOS stores models there.",
    authority: "Give the authority's certificate as caBundle.",
};

function withCode(code: string, cause?: unknown): Error {
    return Object.assign(new Error(`failed: ${code}`, { cause }), { code });
}

/** Codes of Node and OpenSSL, and what is found. */
const FAILURES = [
    ["ENOTFOUND", "name-not-resolved"],
    ["EAI_AGAIN", "name-not-resolved"],
    ["ECONNREFUSED", "connection-refused"],
    ["EHOSTUNREACH", "unreachable"],
    ["ENETUNREACH", "unreachable"],
    ["EADDRNOTAVAIL", "unreachable"],
    ["ETIMEDOUT", "timed-out"],
    ["ESOCKETTIMEDOUT", "timed-out"],
    ["ABORT_ERR", "timed-out"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls-not-spoken"],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "tls-not-spoken"],
    ["EPROTO", "tls-not-spoken"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls-unknown-authority"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "tls-unknown-authority"],
    ["UNABLE_TO_GET_ISSUER_CERT", "tls-unknown-authority"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "tls-unknown-authority"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls-unknown-authority"],
    ["CERT_UNTRUSTED", "tls-unknown-authority"],
    ["CERT_SIGNATURE_FAILURE", "tls-unknown-authority"],
    ["CERT_HAS_EXPIRED", "tls-expired"],
    ["CERT_NOT_YET_VALID", "tls-expired"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls-wrong-host"],
    ["ECONNRESET", "unreachable"],
    ["EPIPE", "unreachable"],
    ["ECONNABORTED", "unreachable"],
    ["ERR_STREAM_PREMATURE_CLOSE", "unreachable"],
    ["HPE_INVALID_CONSTANT", "unreachable"],
    ["BROKEN_ANSWER", "unreachable"],
] as const;

describe("a failed connection", () => {
    it.each(FAILURES)("with %s is %s", (node, code) => {
        expect(networkFinding(withCode(node), peer)).toMatchObject({ code, severity: "error" });
    });

    it.each([
        ["a cause", new TypeError("fetch failed", { cause: withCode("ECONNREFUSED") }), "connection-refused"],
        [
            "a cause's cause",
            new Error("a", { cause: new Error("b", { cause: withCode("ENOTFOUND") }) }),
            "name-not-resolved",
        ],
        [
            "a name that cannot even be asked for",
            Object.assign(withCode("EINVAL"), { syscall: "getaddrinfo" }),
            "name-not-resolved",
        ],
        [
            "a firewall of this machine",
            Object.assign(withCode("EPERM"), { syscall: "connect" }),
            "unreachable",
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

/** What a person reads of all of them: a change of words shows in this file. */
test("the words of each failed connection", async () => {
    const proxy = "http://proxy.example.com:3128";
    const failures: [string, Error][] = [
        ...FAILURES.map(([node]): [string, Error] => [node, withCode(node)]),
        ["a code of TLS without words of its own", withCode("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION")],
        ["a proxy that refuses", new ProxyFailure(proxy, 403)],
        ["a proxy that wants a password", new ProxyFailure(proxy, 407)],
        ["a proxy that is not there", new ProxyFailure(proxy, undefined, withCode("ECONNREFUSED"))],
        ["a proxy that hangs up", new ProxyFailure(proxy, undefined, new Error("hung up"))],
    ];
    const words = failures.map(([title, error]) => `# ${title}\n${told(networkFinding(error, peer)!)}\n`);
    await expect(words.join("\n")).toMatchFileSnapshot("causes.words.txt");
});

it.each([407, 502, undefined])("a proxy that ends it with status %s is a failed connection", (status) => {
    const error = new ProxyFailure("http://proxy.example.com:3128", status);
    expect(networkFinding(error, peer)).toMatchObject({ code: "unreachable", severity: "error" });
});

it("says through which proxy it went", () => {
    const through = " through the proxy http://proxy.example.com:3128";
    expect(networkFinding(withCode("ETIMEDOUT"), { ...peer, through })?.where).toBe(
        "https://s3.registry.com:5000 through the proxy http://proxy.example.com:3128 (ETIMEDOUT)",
    );
});

test.each(["ERR_SSL_OTHER", "ERR_TLS_OTHER", "CERT_REVOKED", "HPE_OTHER"])(
    "%s is a failed connection",
    (code) => {
        expect(networkFinding(withCode(code), peer)?.where).toContain(`(${code})`);
    },
);

test.each(["NOT_ERR_SSL_OTHER", "ERR_OTHER", "toString"])("%s is none", (code) => {
    expect(networkFinding(withCode(code), peer)).toBeUndefined();
});

test.each<[string, Error, boolean]>([
    ["an answer that is cut off", new BrokenAnswer(200), true],
    ["a proxy that is overloaded", new ProxyFailure("http://p", 503), true],
    ["a proxy that forbids it", new ProxyFailure("http://p", 403), false],
    ["a proxy that breaks off", new ProxyFailure("http://p", undefined, withCode("ECONNRESET")), true],
    ["a proxy that is not there", new ProxyFailure("http://p", undefined, withCode("ECONNREFUSED")), false],
    ["a proxy that gives no reason", new ProxyFailure("http://p", undefined), false],
])("%s (%o) is worth another try: %s", (_title, error, transient) => {
    expect(isTransient(error)).toBe(transient);
});

import { describe, expect, it, test } from "vitest";
import { failure, describe as told } from "../../../provider/finding";
import {
    corsNotOffered,
    explaining,
    isNotOffered,
    s3Failure,
    s3Finding,
} from "../../../provider/s3/failures";
import { serverError } from "../../../provider/s3/serverWords";
import { OtherAnswer, WebPage } from "../../../provider/s3/wholeAnswer";

const attempt = {
    endpoint: "s3.registry.com:5000",
    bucket: "models",
    action: "s3:PutObject",
    region: "us-east-1",
};

/** An error as the S3 client throws it: the server's code as its name. */
function answer(code: string, status: number, fields: object = {}): Error {
    return Object.assign(new Error("said by the server"), {
        name: code,
        $metadata: { httpStatusCode: status },
        ...fields,
    });
}

/** Codes of S3 servers with their status, and what is found. */
const ANSWERS = [
    ["InvalidAccessKeyId", 403, "unknown-key"],
    ["NotSignedUp", 403, "unknown-key"],
    ["SignatureDoesNotMatch", 403, "wrong-secret"],
    ["AuthorizationHeaderMalformed", 400, "s3-failed"],
    ["PermanentRedirect", 301, "wrong-region"],
    ["IllegalLocationConstraintException", 400, "wrong-region"],
    ["InvalidLocationConstraint", 400, "wrong-region"],
    ["AccessDenied", 403, "access-denied"],
    ["QuotaExceeded", 403, "s3-failed"],
    ["PathStyleDomainForbidden", 403, "s3-failed"],
    ["AccountProblem", 403, "s3-failed"],
    ["AllAccessDisabled", 403, "s3-failed"],
    ["InvalidObjectState", 403, "s3-failed"],
    ["InvalidToken", 400, "s3-failed"],
    ["XMinioStorageFull", 507, "s3-failed"],
    ["OperationAborted", 409, "s3-failed"],
    // Of which nobody but the server knows what it means.
    ["UnheardOf", 403, "s3-failed"],
    ["NoSuchBucket", 404, "no-such-bucket"],
    ["BucketAlreadyExists", 409, "bucket-taken"],
    ["RequestTimeTooSkewed", 403, "clock-skew"],
    ["BucketNotEmpty", 409, "bucket-not-empty"],
    ["SlowDown", 503, "s3-failed"],
    // Names of what every JavaScript object has.
    ["constructor", 400, "s3-failed"],
    ["toString", 400, "s3-failed"],
] as const;

describe("an S3 server's answer", () => {
    it.each(ANSWERS)("%s with status %i is %s", (code, status, expected) => {
        expect(s3Finding(answer(code, status), attempt)).toMatchObject({ code: expected, severity: "error" });
    });

    it("without words is told by its code", () => {
        const silent = Object.assign(answer("InternalError", 500), { message: "" });
        expect(s3Finding(silent, attempt).found).toBe("The S3 server fails at s3:PutObject: InternalError");
    });

    it("names no bucket where none is concerned", () => {
        const { bucket: _none, ...listing } = attempt;
        expect(s3Finding(answer("AccessDenied", 403), listing).where).toBe(
            "https://s3.registry.com:5000 (AccessDenied, status 403)",
        );
    });

    it.each([
        ["its own field", { Region: "eu-central-1" }],
        ["its header", { $response: { headers: { "x-amz-bucket-region": "eu-central-1" } } }],
        ["its message", { message: "the region 'us-east-1' is wrong; expecting 'eu-central-1'" }],
    ])("says the expected region in %s", (_title, fields) => {
        const finding = s3Finding(answer("AuthorizationHeaderMalformed", 400, fields), attempt);
        expect(finding.code).toBe("wrong-region");
        expect(finding.found).toBe(
            'The S3 server refuses requests signed for region "us-east-1"; it expects "eu-central-1"',
        );
        expect(finding.next).toBe('Set region: "eu-central-1".');
    });

    it("that names the region of the request is about something else", () => {
        const malformed = answer("AuthorizationHeaderMalformed", 400, { Region: "us-east-1" });
        expect(s3Finding(malformed, attempt)).toMatchObject({
            code: "s3-failed",
            found: "The S3 server cannot read the signature: said by the server",
        });
    });

    it.each(["Forbidden", "UnknownError", "403"])(
        "%s with status 403 and without a word is told as what it is",
        (code) => {
            const silent = Object.assign(answer(code, 403), { message: "UnknownError" });
            expect(s3Finding(silent, attempt)).toMatchObject({
                code: "access-denied",
                found: "The S3 endpoint refuses s3:PutObject, and does not say why",
                next: "Check that the keys have s3:PutObject, and that no proxy or firewall before the server refuses the request.",
            });
        },
    );

    it.each(["", "Access Denied", "Access Denied."])(
        "that denies with %j says no more than that",
        (message) => {
            expect(s3Finding(Object.assign(answer("AccessDenied", 403), { message }), attempt).found).toBe(
                "The S3 server denies s3:PutObject to these keys",
            );
        },
    );
});

describe("keys that stand in each other's place", () => {
    const ID = "AKIAIOSFODNN7EXAMPLE";
    const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const GARAGE_ID = `GK${"0a".repeat(12)}`;
    const GARAGE_SECRET = "0b".repeat(32);
    it.each([
        [SECRET, ID, "Exchange accessKeyId and secretAccessKey: each looks like the other one."],
        [
            GARAGE_SECRET,
            GARAGE_ID,
            "Exchange accessKeyId and secretAccessKey: each looks like the other one.",
        ],
        [SECRET, SECRET, "Give the key id as accessKeyId: what stands there looks like a secret access key."],
        [ID, ID, "Give the secret as secretAccessKey: what stands there looks like an access key id."],
    ])("are recognised by their looks: %#", (accessKeyId, secretAccessKey, next) => {
        for (const code of ["InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed"]) {
            const keys = { accessKeyId, secretAccessKey };
            expect(s3Finding(answer(code, 403), { ...attempt, keys }).next).toBe(next);
        }
    });

    it.each([
        [ID, SECRET],
        [GARAGE_ID, GARAGE_SECRET],
        ["minioadmin", "minioadmin"],
    ])("are not seen where they are not: %#", (accessKeyId, secretAccessKey) => {
        const keys = { accessKeyId, secretAccessKey };
        expect(s3Finding(answer("InvalidAccessKeyId", 403), { ...attempt, keys }).next).toBe(
            "Check accessKeyId, and that the key belongs to this server and is active.",
        );
    });
});

test("a key that the server repeats is not told, in whatever form", () => {
    const keys = { accessKeyId: "GKTOLD", secretAccessKey: "a/secret+key" };
    const { accessKeyId, secretAccessKey } = keys;
    const forms = [accessKeyId, secretAccessKey].flatMap((key) => [
        key,
        encodeURIComponent(key),
        Buffer.from(key).toString("base64"),
    ]);
    for (const form of forms) {
        const told = s3Finding(
            Object.assign(answer(`No${form}`, 403), { message: `no such key: ${form}`, Region: form }),
            { ...attempt, keys },
        );
        expect(JSON.stringify(told)).not.toContain(form);
        expect(told.found).toBe("The S3 server refuses s3:PutObject: no such key: …");
    }
});

test("the object is named, whether the server refuses it or the connection breaks off", () => {
    const sending = { ...attempt, key: "models/llama/weights.bin" };
    expect(s3Finding(answer("QuotaExceeded", 403), sending).where).toBe(
        'https://s3.registry.com:5000, bucket "models", object "models/llama/weights.bin" (QuotaExceeded, status 403)',
    );
    expect(s3Finding(Object.assign(new Error("reset"), { code: "ECONNRESET" }), sending).where).toBe(
        'https://s3.registry.com:5000, bucket "models", object "models/llama/weights.bin" (ECONNRESET)',
    );
});

/** What a person reads of all of them: a change of words shows in this file. */
test("the words of each answer", async () => {
    const findings = [
        ...ANSWERS.map(([code, status]) => s3Finding(answer(code, status), attempt)),
        s3Finding(answer("AccessDenied", 403), { ...attempt, action: "s3:PutBucketCORS" }),
        s3Finding(answer("InternalError", 500), attempt),
        s3Finding(answer("InvalidRequest", 400), attempt),
        s3Finding(Object.assign(new Error("connect"), { code: "SELF_SIGNED_CERT_IN_CHAIN" }), attempt),
        corsNotOffered(attempt.endpoint, "models").finding,
    ];
    const words = findings.map(
        (finding) => `# ${finding.code}, ${finding.property ?? "no argument"}\n${told(finding)}\n`,
    );
    await expect(words.join("\n")).toMatchFileSnapshot("failures.words.txt");
});

test.each(["CreateBucket", "DeleteBucket", "GetBucketCORS", "PutBucketCORS"])(
    "the right to %s may be that of adminCredentials",
    (name) => {
        expect(s3Finding(answer("AccessDenied", 403), { ...attempt, action: `s3:${name}` }).next).toBe(
            `Grant s3:${name} to the keys, or give adminCredentials that have it.`,
        );
    },
);

describe("what the server says is repeated", () => {
    const found = (code: string, status: number, message: string) =>
        s3Finding(Object.assign(answer(code, status), { message }), attempt);

    it("in its first line, up to 300 characters", () => {
        expect(found("Odd", 400, "first\nsecond").found).toBe("The S3 server fails at s3:PutObject: first");
        expect(found("Odd", 400, "x".repeat(400)).found).toBe(
            `The S3 server fails at s3:PutObject: ${"x".repeat(300)}`,
        );
    });

    it.each(["", "<html>Bad gateway</html>", "Unknown", "UnknownError", "Error", "SyntaxError", "502"])(
        "but not %j, which is none of its words",
        (nothing) => {
            expect(found("Odd", 400, nothing).found).toBe("The S3 server fails at s3:PutObject: Odd");
            expect(found(nothing, 502, nothing)).toMatchObject({
                found: "The S3 server fails at s3:PutObject: status 502",
                where: 'https://s3.registry.com:5000, bucket "models" (status 502)',
            });
        },
    );

    it.each(["Unknown colour", "An Error", "port 502", "502 times"])(
        "and %j, which only looks like that",
        (words) => {
            expect(found("Odd", 400, words).found).toBe(`The S3 server fails at s3:PutObject: ${words}`);
        },
    );
});

test("a failure keeps what it was made of, and explains a whole call", async () => {
    const denied = answer("AccessDenied", 403);
    await expect(explaining(attempt, () => Promise.reject(denied))).rejects.toMatchObject({
        finding: { code: "access-denied" },
        cause: denied,
    });
    await expect(explaining(attempt, async () => "stored")).resolves.toBe("stored");
});

test("what the client holds of request and keys is never told", () => {
    const secrets = {
        AWSAccessKeyId: "AKIAVISIBLE",
        StringToSign: "AWS4-HMAC-SHA256 AKIAVISIBLE",
        $response: { headers: { authorization: "Credential=AKIAVISIBLE" } },
        $fault: "client",
    };
    for (const code of ["SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "SlowDown"]) {
        const error = s3Failure(answer(code, 403, secrets), attempt);
        expect(error.message).toBe(told(error.finding));
        expect(JSON.stringify(error.finding)).not.toContain("AKIAVISIBLE");
    }
});

test("a failed connection is told as one", () => {
    const error = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    expect(s3Finding(error, attempt)).toMatchObject({
        code: "connection-refused",
        property: "endpoint",
        where: "https://s3.registry.com:5000 (ECONNREFUSED)",
    });
});

test("a failure that is explained already stays as it is", () => {
    const explained = failure("cors-not-implemented", { found: "a", where: "b", why: "c", next: "d" });
    expect(s3Failure(explained, attempt)).toBe(explained);
    expect(s3Finding(explained, attempt)).toBe(explained.finding);
});

test("a programming error is thrown on", () => {
    const bug = new TypeError("x is not a function");
    expect(() => s3Finding(bug, attempt)).toThrow(bug);
});

test.each([
    ["NotImplemented", 501, true],
    ["NotImplemented", 400, true],
    ["XNotImplemented", 400, true],
    ["MethodNotAllowed", 405, true],
    ["UnknownError", 501, true],
    ["AccessDenied", 403, false],
    ["NoSuchCORSConfiguration", 404, false],
])("%s with status %i says that the operation is not offered: %s", (code, status, expected) => {
    expect(isNotOffered(answer(code, status))).toBe(expected);
});

test("an answer to another question says that the operation is not offered, and what came instead", () => {
    const other = new OtherAnswer("ListBucketResult", 200);
    expect(isNotOffered(other)).toBe(true);
    expect(s3Finding(other, attempt)).toEqual({
        code: "s3-failed",
        severity: "error",
        found: "The S3 server does not know the request for s3:PutObject: it answers with ListBucketResult",
        where: 'https://s3.registry.com:5000, bucket "models" (status 200)',
        why: "LLMOS and this provider need this request to succeed.",
        next: "Check that no proxy before the server changes requests; if none does, use a server that knows this request.",
    });
});

test("a web page is no S3 API, and says nothing of what is offered", () => {
    expect(isNotOffered(new WebPage(405))).toBe(false);
    expect(s3Finding(new WebPage(200), attempt)).toMatchObject({
        code: "s3-failed",
        found: "The S3 endpoint answers with a web page: this is no S3 API",
        where: 'https://s3.registry.com:5000, bucket "models" (status 200)',
        property: "endpoint",
    });
});

test.each<[string, unknown]>([
    ["an error without an answer", new Error("x")],
    ["an answer that is no error", { name: "NoSuchKey", $metadata: { httpStatusCode: 404 } }],
    ["an answer without a status", Object.assign(new Error("x"), { $metadata: {} })],
    ["nothing", undefined],
])("%s is no answer of a server", (_title, error) => {
    expect(serverError(error)).toBeUndefined();
    expect(isNotOffered(error)).toBe(false);
});

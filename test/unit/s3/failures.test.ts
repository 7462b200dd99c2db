import { describe, expect, it, test } from "vitest";
import { failure, describe as told } from "../../../provider/errors";
import { isNotOffered, s3Failure, s3Finding } from "../../../provider/s3/failures";
import { OtherAnswer } from "../../../provider/s3/wholeAnswer";

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

describe("an S3 server's answer", () => {
    const DENIED = "The S3 server denies s3:PutObject to these keys";
    const REGION = 'The S3 server refuses requests signed for region "us-east-1"';
    it.each([
        ["InvalidAccessKeyId", 403, "unknown-key", "The S3 server does not know the access key id"],
        ["NotSignedUp", 403, "unknown-key", "The S3 server does not know the access key id"],
        [
            "SignatureDoesNotMatch",
            403,
            "wrong-secret",
            "The S3 server refuses the signature: the secret access key does not belong to the access key id",
        ],
        ["AuthorizationHeaderMalformed", 400, "wrong-region", REGION],
        ["PermanentRedirect", 301, "wrong-region", REGION],
        ["IllegalLocationConstraintException", 400, "wrong-region", REGION],
        ["InvalidLocationConstraint", 400, "wrong-region", REGION],
        ["AccessDenied", 403, "access-denied", DENIED],
        ["AllAccessDisabled", 403, "access-denied", DENIED],
        ["Forbidden", 403, "access-denied", DENIED],
        ["UnknownError", 403, "access-denied", DENIED],
        ["NoSuchBucket", 404, "no-such-bucket", 'The bucket "models" does not exist'],
        [
            "BucketAlreadyExists",
            409,
            "bucket-taken",
            'The bucket name "models" belongs to another owner on this server',
        ],
        [
            "RequestTimeTooSkewed",
            403,
            "clock-skew",
            "The S3 server finds this machine's clock too far from its own",
        ],
        ["BucketNotEmpty", 409, "bucket-not-empty", 'The bucket "models" is not empty'],
        ["SlowDown", 503, "s3-failed", "The S3 server fails at s3:PutObject: said by the server"],
    ])("%s with status %i is %s", (code, status, expected, found) => {
        expect(s3Finding(answer(code, status), attempt)).toMatchObject({
            code: expected,
            severity: "error",
            found,
            where: `https://s3.registry.com:5000, bucket "models" (${code}, status ${status})`,
        });
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

    it("says which right is to be granted", () => {
        expect(s3Finding(answer("Forbidden", 403), attempt).next).toBe(
            "Grant s3:PutObject to the keys, or give keys that have it.",
        );
    });

    it.each([
        ["its own field", { Region: "eu-central-1" }],
        ["its header", { $response: { headers: { "x-amz-bucket-region": "eu-central-1" } } }],
    ])("says the expected region in %s", (_title, fields) => {
        const finding = s3Finding(answer("AuthorizationHeaderMalformed", 400, fields), attempt);
        expect(finding.found).toBe(
            'The S3 server refuses requests signed for region "us-east-1"; it expects "eu-central-1"',
        );
        expect(finding.next).toBe('Set region: "eu-central-1".');
    });
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

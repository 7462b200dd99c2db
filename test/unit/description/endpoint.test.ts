import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parseBucketName, parseEndpoint } from "../../../provider/description/endpoint";

describe("parseEndpoint takes", () => {
    it.each([
        ["s3.registry.com", "s3.registry.com"],
        ["s3.registry.com:5000", "s3.registry.com:5000"],
        ["https://s3.registry.com:5000", "s3.registry.com:5000"],
        ["HTTPS://S3.Registry.COM:5000/", "s3.registry.com:5000"],
        ["s3.registry.com/", "s3.registry.com"],
        ["10.0.0.5:9000", "10.0.0.5:9000"],
        ["[2001:DB8::1]:9000", "[2001:db8::1]:9000"],
        ["[::1]", "[::1]"],
        ["minio_1", "minio_1"],
        ["h:1", "h:1"],
        ["h:65535", "h:65535"],
    ])("%s as %s", (text, value) => {
        expect(parseEndpoint(text)).toEqual({ value });
    });
});

const FORM = `Write host[:port], for example "s3.registry.com:5000"; the port is 1 to 65535.`;

describe("parseEndpoint refuses", () => {
    it.each([
        [
            "http://s3.registry.com:5000/models",
            `uses http; LLMOS supports only HTTPS endpoints. Write "s3.registry.com:5000".`,
        ],
        ["HTTP://not a host", `uses http; LLMOS supports only HTTPS endpoints. ${FORM}`],
        [
            "s3://models",
            `is a bucket address (s3://…), not an endpoint. Write the host[:port] of the S3 server, for example "s3.registry.com:5000", and the bucket in "bucket".`,
        ],
        [
            "ftp://s3.registry.com",
            `has the scheme "ftp"; an S3 endpoint is host[:port], over HTTPS. Write "s3.registry.com".`,
        ],
        [
            "https://AKIA:hunter2@s3.registry.com:5000",
            `holds credentials; they belong in "credentials". Write "s3.registry.com:5000".`,
        ],
        [
            "s3.registry.com:5000/models",
            `has a path ("/models"); an endpoint is host[:port] only, and the bucket goes in "bucket". Write "s3.registry.com:5000".`,
        ],
        [
            "s3.registry.com?region=x",
            `has a query; an endpoint is host[:port] only, and the bucket goes in "bucket". Write "s3.registry.com".`,
        ],
        [
            "/models",
            `has a path ("/models"); an endpoint is host[:port] only, and the bucket goes in "bucket". ${FORM}`,
        ],
        [
            "s3.registry.com/x?from=http://y",
            `has a path ("/x?from=http://y"); an endpoint is host[:port] only, and the bucket goes in "bucket". Write "s3.registry.com".`,
        ],
        ["!host", `is not a host[:port]: "!host". ${FORM}`],
        ["host!", `is not a host[:port]: "host!". ${FORM}`],
        ["s3.registry.com:0", `is not a host[:port]: "s3.registry.com:0". ${FORM}`],
        ["s3.registry.com:00", `is not a host[:port]: "s3.registry.com:00". ${FORM}`],
        ["s3.registry.com:65536", `is not a host[:port]: "s3.registry.com:65536". ${FORM}`],
        ["s3.registry.com:https", `is not a host[:port]: "s3.registry.com:https". ${FORM}`],
        ["2001:db8::1", `is not a host[:port]: "2001:db8::1". Write "[2001:db8::1]".`],
        ["::1", `is not a host[:port]: "::1". Write "[::1]".`],
        ["s3.registry.com.", `is not a host[:port]: "s3.registry.com.". Write "s3.registry.com".`],
        [
            "s3.registry.com.:5000",
            `is not a host[:port]: "s3.registry.com.:5000". Write "s3.registry.com:5000".`,
        ],
        ["a..b", `is not a host[:port]: "a..b". Write "a.b".`],
        [
            "s3.registry.com:00443",
            `is not a host[:port]: "s3.registry.com:00443". Write "s3.registry.com:443".`,
        ],
        ["s3.registry.com:", `is not a host[:port]: "s3.registry.com:". Write "s3.registry.com".`],
        ["[::1]:09000", `is not a host[:port]: "[::1]:09000". Write "[::1]:9000".`],
        [
            "s3.münchen.example",
            `is not a host[:port]: "s3.münchen.example". Write "s3.xn--mnchen-3ya.example".`,
        ],
        ["127.1:9000", `is not a host[:port]: "127.1:9000". Write "127.0.0.1:9000".`],
        ["10.0.0.256:9000", `is not a host[:port]: "10.0.0.256:9000". ${FORM}`],
        [" s3.registry.com", `is not a host[:port]: " s3.registry.com". Write "s3.registry.com".`],
        ["", `is not a host[:port]: "". ${FORM}`],
    ])("%s", (text, refused) => {
        expect(parseEndpoint(text)).toEqual({ refused });
    });
});

/** Strings that come near to an endpoint, and any other. */
const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
        .array(
            fc.constantFrom(
                "https://",
                "http",
                "://",
                "s3",
                "[",
                "]",
                "::1",
                "..",
                "00443",
                "ü",
                " ",
                "@",
                "/",
                ":",
                "65536",
                "a",
                ".",
            ),
        )
        .map((parts) => parts.join("")),
    fc.webUrl({ withQueryParameters: true, validSchemes: ["https", "http", "ftp"] }),
    fc.ipV4().map((address) => `${address}:9000`),
    fc.ipV6().map((address) => `[${address}]`),
);

test("any text is an endpoint or refused; an endpoint stays as it is and can be dialled", () => {
    fc.assert(
        fc.property(anyText, (text) => {
            const parsed = parseEndpoint(text);
            if ("refused" in parsed) {
                expect(parsed.refused.length).toBeGreaterThan(10);
                const [, proposed] = / Write "([^"]*)"\.$/.exec(parsed.refused) ?? [];
                expect(parseEndpoint(proposed ?? "s3.registry.com")).toHaveProperty("value");
                return;
            }
            expect(parseEndpoint(parsed.value)).toEqual(parsed);
            expect(new URL(`https://${parsed.value}`).hostname).not.toBe("");
        }),
        { numRuns: 2_000 },
    );
});

describe("parseBucketName", () => {
    it.each(["abc", "models", "my-models.v2", "1a2", "a".repeat(63)])("takes %s", (name) => {
        expect(parseBucketName(name)).toEqual({ value: name });
    });

    it.each([
        ["ab", "it must have 3 to 63 characters, but has 2"],
        ["a".repeat(64), "it must have 3 to 63 characters, but has 64"],
        ["Models", "only lower-case letters, digits, dots and hyphens are allowed"],
        ["my_models", "only lower-case letters, digits, dots and hyphens are allowed"],
        ["models\n", "only lower-case letters, digits, dots and hyphens are allowed"],
        ["-models", "it must begin and end with a letter or a digit"],
        ["models.", "it must begin and end with a letter or a digit"],
        ["my..models", "two dots may not stand next to each other"],
        ["10.0.0.5", "it may not look like an IPv4 address"],
    ])("refuses %j", (name, rule) => {
        expect(parseBucketName(name)).toEqual({
            refused: `"${name}" is not a bucket name: ${rule} (S3 "Bucket naming rules").`,
        });
    });

    it("takes or refuses any text", () => {
        fc.assert(
            fc.property(fc.string({ unit: "binary" }), (text) => {
                expect(Object.keys(parseBucketName(text))).toHaveLength(1);
            }),
        );
    });
});

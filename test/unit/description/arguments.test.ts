import { describe, expect, it } from "vitest";
import {
    clusterFields,
    guardedFields,
    objectName,
    ownedFields,
    regionName,
    s3AccessFields,
    s3ServerFields,
} from "../../../provider/description/arguments";
import type { Decoding } from "../../../provider/description/decoding";
import { object } from "../../../provider/description/kinds";

const credentials = s3AccessFields.credentials.kind;

function problemsOf(value: unknown) {
    const into: Decoding = { problems: [], unknowns: [] };
    credentials.decode(value, "credentials", into);
    return into.problems;
}

describe("credentials", () => {
    it.each([{ accessKeyId: "AKIA", secretAccessKey: "a secret" }, { secretName: "models-credentials" }])(
        "%j are taken as they are",
        (value) => {
            const into: Decoding = { problems: [], unknowns: [] };
            expect(credentials.decode(value, "credentials", into)).toEqual(value);
        },
    );

    const SPACE =
        "with white space or a newline, which would become part of the key: the S3 server then refuses the signature. Remove it (a file often ends with one; use .trim()).";
    it.each([
        ["hunter2\n", `ends ${SPACE}`],
        ["hunter2\r\n", `ends ${SPACE}`],
        [" hunter2", `begins ${SPACE}`],
        [" hunter2 ", `ends ${SPACE}`],
        ["", "is empty."],
        [
            "hunter2\nhunter3",
            "holds a line break or another control character, which no key has. Copy it anew, whole and by itself.",
        ],
        ["hunter\uFFFD2", "is not text in UTF-8, which no key has. Copy it anew, whole and by itself."],
    ])("a key %j is refused without being told", (secretAccessKey, reason) => {
        expect(problemsOf({ accessKeyId: "AKIA", secretAccessKey })).toEqual([
            { path: "credentials.secretAccessKey", reason },
        ]);
    });

    it.each(["AK IA", "AKIÄ", "AKIA\u200B"])(
        "a key id %j, which no header takes, is refused",
        (accessKeyId) => {
            expect(problemsOf({ accessKeyId, secretAccessKey: "hunter2" })).toEqual([
                {
                    path: "credentials.accessKeyId",
                    reason: "holds white space or a character outside ASCII, which no key has. Copy it anew, whole and by itself.",
                },
            ]);
        },
    );

    it.each([
        [
            {},
            "is empty. Give accessKeyId and secretAccessKey, or the secretName of a Secret that holds them.",
        ],
        [{ accessKeyId: "b" }, "has accessKeyId without secretAccessKey."],
        [{ secretAccessKey: "c", secretName: "a" }, "has secretAccessKey without accessKeyId."],
        [
            { secretName: "a", accessKeyId: "b", secretAccessKey: "c" },
            "has both keys and secretName. Give the keys, or the name of the Secret that holds them.",
        ],
    ])("%j are refused", (value, reason) => {
        expect(problemsOf(value)).toEqual([{ path: "credentials", reason }]);
    });
});

describe("arguments that resources share", () => {
    const shared = object("Shared", {
        ...s3ServerFields,
        ...guardedFields,
        ...ownedFields,
        ...clusterFields("replace"),
    });
    const least = { endpoint: "s3.registry.com", adopt: false };

    it.each([
        [{ addressing: "auto" }],
        [{ addressing: "path" }],
        [{ addressing: "virtual" }],
        [{ reachability: "enforce" }],
        [{ reachability: "warn" }],
        [{ reachability: "off" }],
        [{ adopt: true }],
        [{ region: "eu-central-1", owner: "project/stack/resource", awaits: ["bucket"] }],
        [{ cluster: { kubeconfig: "~/.kube/config", context: "llmos" } }],
    ])("%j are taken as they are", (given) => {
        const into: Decoding = { problems: [], unknowns: [] };
        expect(shared.decode({ ...least, ...given }, "args", into)).toEqual({ ...least, ...given });
    });

    it.each([
        [{ endpoint: "http://s3.registry.com" }, "args.endpoint"],
        [{ addressing: "host" }, "args.addressing"],
        [{ caBundle: "/etc/ssl/ca.pem" }, "args.caBundle"],
        [{ reachability: "none" }, "args.reachability"],
        [{ awaits: "bucket" }, "args.awaits"],
        [{ adopt: "yes" }, "args.adopt"],
        [{ cluster: { token: "secret" } }, "args.cluster.token"],
        [{ cluster: { kubeconfig: {} } }, "args.cluster.kubeconfig"],
    ])("%j is refused", (given, path) => {
        const into: Decoding = { problems: [], unknowns: [] };
        shared.decode({ ...least, ...given }, "args", into);
        expect(into.problems.map((problem) => problem.path)).toEqual([path]);
    });
});

describe("objectName", () => {
    it.each(["a", "models", "models-2.example.com", "a".repeat(253)])("takes %s", (name) => {
        expect(objectName(name)).toEqual({ value: name });
    });

    it.each(["", "Models", "-models", "models.", "my_models", "models\n", "a/b", "a".repeat(254)])(
        "refuses %j",
        (name) => {
            expect(objectName(name)).toEqual({
                refused: `"${name}" is not a Kubernetes name: at most 253 lower-case letters, digits, dots and hyphens, a letter or digit at both ends (RFC 1123).`,
            });
        },
    );
});

describe("a region", () => {
    it.each(["us-east-1", "garage", "default", "RegionOne", "a".repeat(63)])("%j is taken", (region) => {
        expect(regionName(region)).toEqual({ value: region });
    });

    it.each(["", " us-east-1", "us_east_1", "us-east-1\n", "-a", "a-", "*", "a.b", "é", "a".repeat(64)])(
        "%j, which the signer does not take, is refused",
        (region) => {
            expect(regionName(region)).toEqual({
                refused: `"${region}" is not the name of a region: 1 to 63 letters, digits and hyphens, a letter or digit at both ends, for example "us-east-1".`,
            });
        },
    );

    it.each(["fips-us-gov-west-1", "us-gov-west-1-fips"])("%j is a FIPS endpoint", (region) => {
        expect(regionName(region)).toEqual({
            refused: `"${region}" names a FIPS endpoint of AWS, and no region. Write "us-gov-west-1", and the endpoint's own address as endpoint.`,
        });
    });
});

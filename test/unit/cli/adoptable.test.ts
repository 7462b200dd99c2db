import { describe, expect, it } from "vitest";
import { adoptable } from "../../../provider/cli/adoptable";
import { declared } from "../../../provider/cli/bucketRules";
import type { RegistryResource } from "../../../provider/llmos/objects";
import type { CorsRule } from "../../../provider/s3/cors/rule";

const accepted = { type: "accessible", status: "True", message: "S3 bucket is accessible" };

type S3Config = NonNullable<NonNullable<RegistryResource["spec"]>["s3Config"]>;

function registry(
    s3Config: S3Config = {},
    annotations: Record<string, string> = {},
    condition: object | undefined = accepted,
): RegistryResource {
    const s3 = {
        useSSL: true,
        endpoint: "s3.registry.com:5000",
        bucket: "models",
        accessCredentialSecretName: "keys",
        ...s3Config,
    };
    return {
        metadata: { name: "models", annotations },
        spec: { backendType: "S3", s3Config: s3 },
        status: { conditions: condition ? [condition as typeof accepted] : [] },
    };
}

describe("a Registry of the cluster", () => {
    const plain = {
        name: "models",
        endpoint: "s3.registry.com:5000",
        bucket: "models",
        secretName: "keys",
        isDefault: false,
    };

    it("is declared as it is", () => {
        expect(adoptable(registry())).toEqual(plain);
        const annotations = {
            "field.llmos.ai/description": "All models",
            "ml.llmos.ai/is-default-registry": "true",
        };
        expect(adoptable(registry({}, annotations))).toEqual({
            ...plain,
            description: "All models",
            isDefault: true,
        });
        expect(adoptable(registry({}, { "field.llmos.ai/description": "" }))).toEqual({
            ...plain,
            description: "",
        });
    });

    it.each([
        ["http", { useSSL: false }, "uses http (useSSL: false), and LLMOS supports only HTTPS endpoints"],
        [
            "a scheme",
            { endpoint: "https://s3.registry.com:5000" },
            'has the endpoint "https://s3.registry.com:5000", which a program would change to "s3.registry.com:5000"',
        ],
        [
            "a slash at the end",
            { endpoint: "s3.registry.com:5000/" },
            'has the endpoint "s3.registry.com:5000/", which a program would change to "s3.registry.com:5000"',
        ],
        [
            "capitals",
            { endpoint: "S3.registry.com" },
            'has the endpoint "S3.registry.com", which a program would change to "s3.registry.com"',
        ],
        [
            "a path",
            { endpoint: "s3.registry.com/models" },
            'has a wrong endpoint: "s3.registry.com/models" has a path ("/models"); an endpoint is host[:port] only, and the bucket goes in "bucket". Write "s3.registry.com"',
        ],
        ["no endpoint", { endpoint: "" }, "names no endpoint"],
        [
            "a bucket that none can be called",
            { bucket: "My_Models" },
            'has a wrong bucket: "My_Models" is not a bucket name: only lower-case letters, digits, dots and hyphens are allowed (S3 "Bucket naming rules")',
        ],
        ["no Secret", { accessCredentialSecretName: "" }, "names no Secret"],
    ])("with %s is left out", (_what, s3Config, reason) => {
        expect(adoptable(registry(s3Config))).toEqual({ name: "models", reason });
    });

    it("that the operator refuses is left out, with its words", () => {
        const refused = { type: "accessible", status: "False", message: "bucket models does not exist." };
        expect(adoptable(registry({}, {}, refused))).toEqual({
            name: "models",
            reason: "is Inactive, and has to be repaired first. The LLMOS operator says: bucket models does not exist",
        });
        const silent = { metadata: { name: "models" }, spec: registry().spec } as RegistryResource;
        expect(adoptable(silent)).toMatchObject({ reason: expect.stringMatching(/says: nothing yet$/) });
        expect(adoptable({ metadata: { name: "models" } })).toEqual({
            name: "models",
            reason: "names no endpoint",
        });
    });
});

describe("the rules of a bucket", () => {
    const guide: CorsRule = {
        allowedOrigins: ["https://llmos.example.com"],
        allowedMethods: ["HEAD", "GET", "PUT", "POST", "DELETE"],
        allowedHeaders: ["*"],
        exposeHeaders: ["etag"],
    };

    it("that are the guide's become allowedOrigins", () => {
        expect(declared([guide])).toEqual({ allowedOrigins: ["https://llmos.example.com"] });
    });

    it.each<[string, CorsRule[]]>([
        ["an age", [{ ...guide, maxAgeSeconds: 60 }]],
        ["fewer methods", [{ ...guide, allowedMethods: ["GET"] }]],
        ["a second rule", [guide, { allowedOrigins: ["*"], allowedMethods: ["GET"] }]],
    ])("with %s are declared whole", (_what, rules) => {
        expect(declared(rules)).toEqual({ rules });
    });

    it.each<[string, CorsRule[], string]>([
        [
            "that a program would be refused for",
            [{ ...guide, allowedOrigins: ["llmos.example.com"] }],
            'The bucket\'s CORS rules cannot be declared: rules[0].allowedOrigins[0] "llmos.example.com" is not an origin.',
        ],
        [
            "with a method that S3 does not have",
            [{ ...guide, allowedMethods: ["OPTIONS" as "GET"] }],
            "The bucket's CORS rules cannot be declared: rules[0].allowedMethods[0] must be one of",
        ],
        [
            "that a program would change",
            [{ ...guide, allowedOrigins: ["https://LLMOS.example.com"] }],
            "The bucket's CORS rules are written in a form that a program would change.",
        ],
    ])("%s are left alone", (_what, rules, start) => {
        expect(declared(rules)).toEqual({ leftAlone: expect.stringContaining(start) });
    });
});

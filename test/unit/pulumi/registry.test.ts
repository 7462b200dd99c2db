/** What a program without types may get wrong in the shape of a registry's arguments. */
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { Registry, type RegistryArgs } from "../../../provider";

const keys = { accessKeyId: "AKIA", secretAccessKey: "secret" };
const right = {
    endpoint: "s3.registry.com",
    bucket: { name: "models" },
    credentials: keys,
    cors: { unmanaged: true },
};
const SEE = 'docs/reference.md lists what each argument takes ("Registry").';
const CREDENTIALS =
    "credentials need accessKeyId and secretAccessKey; or secretName and existing: true, for a Secret that holds them already.";
const EXISTING = "credentials with existing: true take secretName, and no keys: the Secret holds them.";
const CORS = "cors takes exactly one of allowedOrigins, rules and unmanaged: true.";

const SWITCH = "must be true or false, and no output: it decides which resources there are, also at preview.";

test.each<[string, object, string]>([
    ["nothing", { bucket: undefined, cors: undefined }, " lacks bucket, cors."],
    ["a bucket's name alone", { bucket: "models" }, ": bucket must be an object; its fields take outputs."],
    [
        "an output",
        { credentials: pulumi.output(keys) },
        ": credentials must be an object; its fields take outputs.",
    ],
    ["no CORS", { cors: false }, ": cors must be an object; its fields take outputs."],
    [
        "a typo",
        { bucket: { name: "models", exisiting: true } },
        ": bucket.exisiting is no argument. Known here: name, existing, adopt, forceDestroy.",
    ],
    [
        "an argument in the wrong place",
        { forceDestroy: true },
        ": forceDestroy is no argument. Known here: name, description, endpoint, bucket, credentials, adminCredentials, cors, default, caBundle, region, addressing, reachability, cluster, namespace, adopt, relocate, proveWriting, timeouts.",
    ],
    ["a text for a switch", { default: "false" }, `: default ${SWITCH}`],
    [
        "an output for a switch",
        { credentials: { secretName: "keys", existing: pulumi.output(true) } },
        `: credentials.existing ${SWITCH}`,
    ],
    ["null for a switch", { cors: { allowedOrigins: [], unmanaged: null } }, `: cors.unmanaged ${SWITCH}`],
    ["no key", { credentials: {} }, `: ${CREDENTIALS}`],
    ["one key", { credentials: { accessKeyId: "AKIA" } }, `: ${CREDENTIALS}`],
    ["a Secret that may be there or not", { credentials: { secretName: "keys" } }, `: ${CREDENTIALS}`],
    ["an existing Secret without a name", { credentials: { existing: true } }, `: ${EXISTING}`],
    [
        "an existing Secret and keys",
        { credentials: { ...keys, secretName: "keys", existing: true } },
        `: ${EXISTING}`,
    ],
    ["empty CORS", { cors: {} }, `: ${CORS}`],
    ["CORS that are not left alone, and nothing else", { cors: { unmanaged: false } }, `: ${CORS}`],
    ["origins and rules", { cors: { allowedOrigins: [], rules: [] } }, `: ${CORS}`],
])("%s is refused when the program runs", (_what, args, reason) => {
    expect(() => new Registry("models", { ...right, ...args } as RegistryArgs)).toThrow(
        `Registry "models"${reason} ${SEE}`,
    );
});

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
    ["CORS that are left alone, and not", { cors: { unmanaged: false } }, `: ${CORS}`],
    ["origins and rules", { cors: { allowedOrigins: [], rules: [] } }, `: ${CORS}`],
])("%s is refused when the program runs", (_what, args, reason) => {
    expect(() => new Registry("models", { ...right, ...args } as RegistryArgs)).toThrow(
        `Registry "models"${reason} ${SEE}`,
    );
});

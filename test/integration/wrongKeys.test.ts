/**
 * Wrong keys and wrong Secrets: what preview can know it says, up and `doctor` in the same words, and nothing is changed on
 * either side.
 */
import { DeleteBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Doctor } from "../support/doctor";
import { EngineStandIn, registries } from "../support/engineStandIn";
import { Outside } from "../support/outside";
import { readOnlyKeys } from "../support/readOnlyKeys";
import { Registries } from "../support/registries";
import { bothSides, placed, rightArgs } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, caFile, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const cluster = sandbox.apiServerUrl;
const STRANGER = { accessKeyId: "KEYSSTRANGER", secretAccessKey: "what-a-stranger-signs-with" };
const READER = { accessKeyId: "KEYSREADER", secretAccessKey: "what-a-reader-signs-with" };
/** In the form of Amazon's, and nobody's; without the slash, at which the server ends the key id. */
const SWAPPED = {
    accessKeyId: "keysSwapped0EXAMPLE0EXAMPLE0EXAMPLE00KEY",
    secretAccessKey: "AKIAKEYSSWAPPED00000",
};

const SECRETS = [
    accessKeyId,
    secretAccessKey,
    ...Object.values(STRANGER),
    ...Object.values(READER),
    ...Object.values(SWAPPED),
];
const engine = new EngineStandIn(sandbox, { settings: { caBundle }, secrets: SECRETS });
const doctor = new Doctor(sandbox, SECRETS);
let outside: Outside;
let theirs: Registries;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    theirs = new Registries(outside.ask);
    await theirs.createSecret("keys-empty", { password: "something else" });
    await theirs.createSecret("keys-half", { accessKeyID: READER.accessKeyId });
    await theirs.createSecret("keys-reader", {
        accessKeyID: READER.accessKeyId,
        accessKeySecret: READER.secretAccessKey,
    });
    await readOnlyKeys(sandbox, outside, "keys-readable", READER);
    await theirs.createSecret("keys-newline", {
        accessKeyID: READER.accessKeyId,
        accessKeySecret: `${READER.secretAccessKey}\n`,
    });
    for (const accessCredentialSecretName of ["keys-nowhere", "keys-empty", "keys-half", "keys-newline"]) {
        const s3Config = { endpoint, bucket: "keys-bucket", useSSL: true, accessCredentialSecretName };
        // `doctor` asks for the Secret of a registry.
        await theirs.create(accessCredentialSecretName, s3Config);
        await theirs.settled(accessCredentialSecretName, "False", 60_000);
    }
});

afterAll(async () => {
    await theirs?.removeAll();
    await outside?.s3.send(new DeleteBucketCommand({ Bucket: "keys-readable" }));
});

const STORE = ["--endpoint", endpoint, "--bucket", "keys-bucket"];
const PLACES = { [endpoint]: "<s3>", [cluster]: "<cluster>" };

test.each([
    {
        what: "a key id that the server does not know",
        args: { credentials: STRANGER },
        line: STORE,
        keys: STRANGER,
        message: `The S3 server does not know the access key id
  where: https://<s3>, bucket "keys-bucket" (InvalidAccessKeyId, status 403)
  why:   The LLMOS operator signs with the same keys and would be refused too.
  next:  Check accessKeyId, and that the key belongs to this server and is active.`,
    },
    {
        what: "a secret that does not belong to the key id",
        args: { credentials: { accessKeyId, secretAccessKey: STRANGER.secretAccessKey } },
        line: STORE,
        keys: { secretAccessKey: STRANGER.secretAccessKey },
        message: `The S3 server refuses the signature: the secret access key does not belong to the access key id
  where: https://<s3>, bucket "keys-bucket" (SignatureDoesNotMatch, status 403)
  why:   The LLMOS operator signs with the same keys and would be refused too.
  next:  Check secretAccessKey; copy it anew, whole and without white space.`,
    },
    {
        what: "a key id and a secret that stand in each other's place",
        args: { credentials: SWAPPED },
        line: STORE,
        keys: SWAPPED,
        message: `The S3 server does not know the access key id
  where: https://<s3>, bucket "keys-bucket" (InvalidAccessKeyId, status 403)
  why:   The LLMOS operator signs with the same keys and would be refused too.
  next:  Exchange accessKeyId and secretAccessKey: each looks like the other one.`,
    },
    {
        what: "a region that the server is not in",
        args: { region: "eu-west-1" },
        line: [...STORE, "--region", "eu-west-1"],
        message: `The S3 server refuses requests signed for region "eu-west-1"; it expects "us-east-1"
  where: https://<s3>, bucket "keys-bucket" (AuthorizationHeaderMalformed, status 400)
  why:   Requests for another region are refused, whatever the keys are.
  next:  Set region: "us-east-1".`,
    },
    {
        what: "a Secret that does not exist",
        args: { credentials: { secretName: "keys-nowhere", existing: true } },
        line: ["keys-nowhere"],
        message: `The Secret "keys-nowhere" does not exist in namespace "llmos-system"
  where: <cluster>, Secret llmos-system/keys-nowhere
  why:   The LLMOS operator reads the S3 keys from it.
  next:  Correct the name, create the Secret, or give the keys themselves in credentials.`,
    },
    {
        what: "a Secret with other data",
        args: { credentials: { secretName: "keys-empty", existing: true } },
        line: ["keys-empty"],
        message: `The Secret "keys-empty" does not contain accessKeyID and accessKeySecret
  where: <cluster>, Secret llmos-system/keys-empty
  why:   The LLMOS operator looks for exactly these keys.
  next:  Add the missing data under accessKeyID and accessKeySecret.`,
    },
    {
        what: "a Secret with a key id alone",
        args: { credentials: { secretName: "keys-half", existing: true } },
        line: ["keys-half"],
        message: `The Secret "keys-half" does not contain accessKeySecret
  where: <cluster>, Secret llmos-system/keys-half
  why:   The LLMOS operator looks for exactly these keys.
  next:  Add the missing data under accessKeySecret.`,
    },
    {
        what: "a Secret whose key ends with a newline",
        args: { credentials: { secretName: "keys-newline", existing: true } },
        line: ["keys-newline"],
        message: `The Secret "keys-newline" holds no usable keys: accessKeySecret ends with white space or a newline
  where: <cluster>, Secret llmos-system/keys-newline
  why:   The LLMOS operator takes them as they are, and the S3 server refuses the signature.
  next:  Write it anew: kubectl create secret generic keys-newline --namespace llmos-system --from-literal=accessKeyID=ID --from-literal=accessKeySecret=SECRET --dry-run=client --output=yaml | kubectl apply --filename=-. Where keys come from a file or a pipe, use printf %s instead of echo, which adds a newline.`,
    },
])("$what is refused by preview and by up, and found by doctor", async ({ args, line, keys, message }) => {
    const before = await bothSides(outside, "keys");
    const program = registries({ keys: { ...rightArgs(sandbox, "keys-bucket"), ...args } });
    for (const words of [await engine.preview(program), await engine.up(program)]) {
        expect(placed(words, PLACES)).toEqual([`Bucket keys-bucket: error: ${message}`]);
    }
    const found = await doctor.finds([...line, "--ca-bundle", caFile], keys);
    expect(placed(found, PLACES)).toEqual([message]);
    expect(await bothSides(outside, "keys")).toEqual(before);
});

test("a secret with a newline at its end is refused by preview and by up", async () => {
    const before = await bothSides(outside, "keys");
    const credentials = { accessKeyId, secretAccessKey: `${secretAccessKey}\n` };
    const program = registries({ keys: { ...rightArgs(sandbox, "keys-bucket"), credentials } });
    for (const words of [await engine.preview(program), await engine.up(program)]) {
        expect(words).toEqual([
            "Bucket keys-bucket: error: credentials.secretAccessKey ends with white space or a newline, which would become part of the key: the S3 server then refuses the signature. Remove it (a file often ends with one; use .trim()).",
        ]);
    }
    expect(await bothSides(outside, "keys")).toEqual(before);
});

const MAY_NOT_WRITE = `The S3 server denies s3:PutObject to these keys
  where: https://<s3>, bucket "keys-readable" (AccessDenied, status 403)
  why:   LLMOS and this provider need that right on the bucket.
  next:  Grant s3:PutObject to the keys, or give keys that have it.`;

test.each([
    { what: "given in the program", credentials: READER, refused: "CredentialSecret keys-secret" },
    {
        what: "in an existing Secret",
        credentials: { secretName: "keys-reader", existing: true },
        refused: "RegistryObject keys-registry",
    },
])("keys $what that may only read pass preview and fail in up, before anything is written", async (one) => {
    const { credentials, refused } = one;
    const before = await bothSides(outside, "keys");
    expect(before).toContain("Bucket keys-readable");
    const args = {
        ...rightArgs(sandbox, ""),
        bucket: { name: "keys-readable", existing: true },
        cors: { unmanaged: true },
        credentials,
        adminCredentials: { accessKeyId, secretAccessKey },
    };
    const program = registries({ keys: args });
    expect(await engine.preview(program)).toEqual([]);
    expect(placed(await engine.up(program), PLACES)).toEqual([`${refused}: error: ${MAY_NOT_WRITE}`]);
    expect(await bothSides(outside, "keys")).toEqual(before);
});

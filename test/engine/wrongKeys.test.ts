/** Wrong keys and wrong Secrets: what preview can know it says, and nothing is changed on either side. */
import { CreateBucketCommand, DeleteBucketCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { Outside } from "../support/outside";
import { Project } from "../support/project";
import { Registries } from "../support/registries";
import { bothSides, REGISTRIES_PROGRAM, rightArgs, told } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const cluster = sandbox.apiServerUrl;
const STRANGER = { accessKeyId: "KEYSSTRANGER", secretAccessKey: "what-a-stranger-signs-with" };
const READER = { accessKeyId: "KEYSREADER", secretAccessKey: "what-a-reader-signs-with" };

let project: Project;
let outside: Outside;
let secrets: Registries;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    secrets = new Registries(outside.ask);
    await secrets.createSecret("keys-empty", { password: "something else" });
    await secrets.createSecret("keys-half", { accessKeyID: READER.accessKeyId });
    await secrets.createSecret("keys-reader", {
        accessKeyID: READER.accessKeyId,
        accessKeySecret: READER.secretAccessKey,
    });
    await createUser(sandbox, { ...READER, role: "user" });
    await outside.s3.send(new CreateBucketCommand({ Bucket: "keys-readable" }));
    const Policy = JSON.stringify({
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Principal: [READER.accessKeyId],
                Action: ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"],
                Resource: ["arn:aws:s3:::keys-readable", "arn:aws:s3:::keys-readable/*"],
            },
        ],
    });
    await outside.s3.send(new PutBucketPolicyCommand({ Bucket: "keys-readable", Policy }));
    project = await Project.create(sandbox, {
        program: REGISTRIES_PROGRAM,
        config: { "llmos:caBundle": caBundle },
        secrets: [
            secretAccessKey,
            accessKeyId,
            STRANGER.accessKeyId,
            STRANGER.secretAccessKey,
            READER.accessKeyId,
            READER.secretAccessKey,
        ],
    });
});

afterAll(async () => {
    await project?.remove();
    await secrets?.removeAll();
    await outside?.s3.send(new DeleteBucketCommand({ Bucket: "keys-readable" }));
});

const PLACES = { [endpoint]: "<s3>", [cluster]: "<cluster>" };

test.each([
    {
        what: "a key id that the server does not know",
        args: { credentials: STRANGER },
        message: `The S3 server does not know the access key id
  where: https://<s3>, bucket "keys-bucket" (InvalidAccessKeyId, status 403)
  why:   The LLMOS operator signs with the same keys and would be refused too.
  next:  Check accessKeyId, and that the key belongs to this server and is active.`,
    },
    {
        what: "a secret that does not belong to the key id",
        args: { credentials: { accessKeyId, secretAccessKey: STRANGER.secretAccessKey } },
        message: `The S3 server refuses the signature: the secret access key does not belong to the access key id
  where: https://<s3>, bucket "keys-bucket" (SignatureDoesNotMatch, status 403)
  why:   The LLMOS operator signs with the same keys and would be refused too.
  next:  Check secretAccessKey; copy it anew, whole and without white space.`,
    },
    {
        what: "a secret with a newline at its end",
        args: { credentials: { accessKeyId, secretAccessKey: `${secretAccessKey}\n` } },
        message:
            "credentials.secretAccessKey ends with white space or a newline, which would become part of the key: the S3 server then refuses the signature. Remove it (a file often ends with one; use .trim()).",
    },
    {
        what: "a region that the server is not in",
        args: { region: "eu-west-1" },
        message: `The S3 server refuses requests signed for region "eu-west-1"; it expects "us-east-1"
  where: https://<s3>, bucket "keys-bucket" (AuthorizationHeaderMalformed, status 400)
  why:   Requests for another region are refused, whatever the keys are.
  next:  Set region: "us-east-1".`,
    },
    {
        what: "a Secret that does not exist",
        args: { credentials: { secretName: "keys-nowhere" } },
        message: `The Secret "keys-nowhere" does not exist in namespace "llmos-system"
  where: <cluster>, Secret llmos-system/keys-nowhere
  why:   The LLMOS operator reads the S3 keys from it.
  next:  Correct the name, create the Secret, or give the keys themselves in credentials.`,
    },
    {
        what: "a Secret with other data",
        args: { credentials: { secretName: "keys-empty" } },
        message: `The Secret "keys-empty" does not contain accessKeyID and accessKeySecret
  where: <cluster>, Secret llmos-system/keys-empty
  why:   The LLMOS operator looks for exactly these keys.
  next:  Add the missing data under accessKeyID and accessKeySecret.`,
    },
    {
        what: "a Secret with a key id alone",
        args: { credentials: { secretName: "keys-half" } },
        message: `The Secret "keys-half" does not contain accessKeySecret
  where: <cluster>, Secret llmos-system/keys-half
  why:   The LLMOS operator looks for exactly these keys.
  next:  Add the missing data under accessKeySecret.`,
    },
])("$what is refused by preview and by up", async ({ args, message }) => {
    const before = await bothSides(outside, "keys");
    await project.setValues({ registries: { keys: { ...rightArgs(sandbox, "keys-bucket"), ...args } } });
    for (const command of ["preview", "up --yes --skip-preview"]) {
        const run = await project.pulumi(...command.split(" "));
        expect(told(run, PLACES), run.output).toEqual([`Bucket keys-bucket: error: ${message}`]);
        expect(run.exitCode).not.toBe(0);
        expect(await bothSides(outside, "keys")).toEqual(before);
    }
    await project.exportState();
});

const MAY_NOT_WRITE = `The S3 server denies s3:PutObject to these keys
  where: https://<s3>, bucket "keys-readable" (AccessDenied, status 403)
  why:   LLMOS and this provider need that right on the bucket.
  next:  Grant s3:PutObject to the keys, or give keys that have it.`;

test.each([
    { what: "given in the program", credentials: READER, refused: "CredentialSecret keys-secret" },
    {
        what: "in an existing Secret",
        credentials: { secretName: "keys-reader" },
        refused: "RegistryObject keys-registry",
    },
])("keys $what that may only read pass preview and fail in up, before anything is written", async (one) => {
    const { credentials, refused } = one;
    const before = await bothSides(outside, "keys");
    expect(before).toContain("Bucket keys-readable");
    const args = {
        ...rightArgs(sandbox, ""),
        bucket: "keys-readable",
        cors: false,
        credentials,
        adminCredentials: { accessKeyId, secretAccessKey },
    };
    await project.setValues({ registries: { keys: args } });
    const preview = await project.pulumi("preview");
    expect(told(preview, PLACES), preview.output).toEqual([]);
    expect(preview.exitCode).toBe(0);
    const up = await project.up();
    expect(told(up, PLACES).sort(), up.output).toEqual([
        `${refused}: error: ${MAY_NOT_WRITE}`,
        "Stack: error: update failed",
    ]);
    expect(up.exitCode).not.toBe(0);
    expect(await bothSides(outside, "keys")).toEqual(before);
    await project.exportState();
});

/** Wrong buckets, and buckets of other people: preview and up say the same, and leave them as they are. */
import {
    CreateBucketCommand,
    DeleteBucketCommand,
    DeleteObjectCommand,
    PutBucketCorsCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { Project } from "../support/project";
import { bothSides, REGISTRIES_PROGRAM, rightArgs, told } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const THEIRS = [
    "Bucket store-with-cors https://theirs.example.com",
    "Bucket store-with-objects theirs/model.bin",
];

let project: Project;
let outside: Outside;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    for (const Bucket of ["store-with-cors", "store-with-objects"]) {
        await outside.s3.send(new CreateBucketCommand({ Bucket }));
    }
    const rule = { AllowedOrigins: ["https://theirs.example.com"], AllowedMethods: ["GET"] };
    const CORSConfiguration = { CORSRules: [rule] };
    await outside.s3.send(new PutBucketCorsCommand({ Bucket: "store-with-cors", CORSConfiguration }));
    await outside.put("store-with-objects", "theirs/model.bin");
    project = await Project.create(sandbox, {
        program: REGISTRIES_PROGRAM,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
});

afterAll(async () => {
    await project?.remove();
    await outside.s3.send(new DeleteObjectCommand({ Bucket: "store-with-objects", Key: "theirs/model.bin" }));
    for (const Bucket of ["store-with-cors", "store-with-objects"]) {
        await outside.s3.send(new DeleteBucketCommand({ Bucket }));
    }
});

test.each([
    {
        what: "a name that no bucket can have",
        bucket: { name: "Store_Models" },
        message: `name "Store_Models" is not a bucket name: only lower-case letters, digits, dots and hyphens are allowed (S3 "Bucket naming rules").`,
    },
    {
        what: "a bucket that does not exist",
        bucket: "store-nowhere",
        message: `The bucket "store-nowhere" does not exist
  where: https://<s3>
  why:   The registry stores models and datasets in it.
  next:  Correct the name, or have it made: bucket: { name: "store-nowhere", create: true }.`,
    },
    {
        what: "a bucket with objects that this stack is to make",
        bucket: { name: "store-with-objects", create: true },
        message: `The bucket "store-with-objects" exists already and holds objects; it was not made by this stack
  where: https://<s3>/store-with-objects
  why:   Taking it over would put somebody else's data under this stack's control.
  next:  Use it as it is (bucket: "store-with-objects"), or set adopt: true to let this stack manage it.`,
    },
    {
        what: "a bucket with CORS rules that this stack is to make",
        bucket: { name: "store-with-cors", create: true },
        message: `The bucket "store-with-cors" exists already and has CORS rules; it was not made by this stack
  where: https://<s3>/store-with-cors
  why:   Taking it over would put somebody else's data under this stack's control.
  next:  Use it as it is (bucket: "store-with-cors"), or set adopt: true to let this stack manage it.`,
    },
])("$what is refused by preview and by up", async ({ bucket, message }) => {
    await project.setValues({ registries: { store: { ...rightArgs(sandbox, ""), bucket } } });
    for (const command of ["preview", "up --yes --skip-preview"]) {
        const run = await project.pulumi(...command.split(" "));
        expect(told(run, { [endpoint]: "<s3>" }), run.output).toEqual([
            `Bucket store-bucket: error: ${message}`,
        ]);
        expect(run.exitCode).not.toBe(0);
        expect(await bothSides(outside, "store")).toEqual(THEIRS);
    }
});

test("an existing bucket with other CORS rules is refused by preview and by up", async () => {
    const args = { ...rightArgs(sandbox, ""), bucket: "store-with-cors" };
    await project.setValues({ registries: { store: args } });
    // With its own preview: an update alone would make the Secret before it comes to the rules.
    for (const command of ["preview", "up --yes"]) {
        const run = await project.pulumi(...command.split(" "));
        expect(told(run, { [endpoint]: "<s3>" }), run.output).toEqual([
            `BucketCors store-cors: error: The bucket "store-with-cors" has 1 CORS rule already, and others than declared
  where: https://<s3>/store-with-cors
  why:   The CORS document is written as a whole: whoever relies on those rules would lose them.
  next:  Declare those rules too (rules: […]), or set adopt: true to replace them, or cors: false to leave them alone.`,
        ]);
        expect(run.exitCode).not.toBe(0);
        expect(await bothSides(outside, "store")).toEqual(THEIRS);
    }
});

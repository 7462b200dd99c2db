/** Wrong buckets, and buckets of other people: preview and up say the same, and leave everything as it is. */
import {
    CreateBucketCommand,
    DeleteBucketCommand,
    DeleteObjectCommand,
    PutBucketCorsCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Doctor } from "../support/doctor";
import { EngineStandIn, registries } from "../support/engineStandIn";
import { Outside } from "../support/outside";
import { bothSides, placed, rightArgs } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, caFile, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const THEIRS = [
    "Bucket store-with-cors https://theirs.example.com",
    "Bucket store-with-objects theirs/model.bin",
];

const engine = new EngineStandIn(sandbox, {
    settings: { caBundle },
    secrets: [accessKeyId, secretAccessKey],
});
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
});

afterAll(async () => {
    await outside.s3.send(new DeleteObjectCommand({ Bucket: "store-with-objects", Key: "theirs/model.bin" }));
    for (const Bucket of ["store-with-cors", "store-with-objects"]) {
        await outside.s3.send(new DeleteBucketCommand({ Bucket }));
    }
});

const NOWHERE = `The bucket "store-nowhere" does not exist
  where: https://<s3>
  why:   The registry stores models and datasets in it.
  next:  Correct the name, or leave out existing: true to have it made.`;

test.each([
    {
        what: "a name that no bucket can have",
        bucket: { name: "Store_Models" },
        message: `name "Store_Models" is not a bucket name: only lower-case letters, digits, dots and hyphens are allowed (S3 "Bucket naming rules").`,
    },
    {
        what: "a bucket that does not exist",
        bucket: { name: "store-nowhere", existing: true },
        message: NOWHERE,
    },
    {
        what: "a bucket with objects that this stack is to make",
        bucket: { name: "store-with-objects" },
        message: `The bucket "store-with-objects" exists already and holds objects; it was not made by this stack
  where: https://<s3>/store-with-objects
  why:   Taking it over would put somebody else's data under this stack's control.
  next:  Use it as it is (existing: true), or set adopt: true to let this stack manage it.`,
    },
    {
        what: "a bucket with CORS rules that this stack is to make",
        bucket: { name: "store-with-cors" },
        message: `The bucket "store-with-cors" exists already and has CORS rules; it was not made by this stack
  where: https://<s3>/store-with-cors
  why:   Taking it over would put somebody else's data under this stack's control.
  next:  Use it as it is (existing: true), or set adopt: true to let this stack manage it.`,
    },
])("$what is refused by preview and by up", async ({ bucket, message }) => {
    const program = registries({ store: { ...rightArgs(sandbox, ""), bucket } });
    for (const words of [await engine.preview(program), await engine.up(program)]) {
        expect(placed(words, { [endpoint]: "<s3>" })).toEqual([`Bucket store-bucket: error: ${message}`]);
    }
    expect(await bothSides(outside, "store")).toEqual(THEIRS);
});

test("doctor finds in the same words that a bucket does not exist", async () => {
    const line = ["--endpoint", endpoint, "--bucket", "store-nowhere", "--ca-bundle", caFile];
    const doctor = new Doctor(sandbox, [accessKeyId, secretAccessKey]);
    expect(placed(await doctor.finds(line), { [endpoint]: "<s3>" })).toEqual([NOWHERE]);
});

test("an existing bucket with other CORS rules is refused by preview", async () => {
    const program = registries({
        store: { ...rightArgs(sandbox, ""), bucket: { name: "store-with-cors", existing: true } },
    });
    expect(placed(await engine.preview(program), { [endpoint]: "<s3>" })).toEqual([
        `BucketCors store-cors: error: The bucket "store-with-cors" has 1 CORS rule already, and others than declared
  where: https://<s3>/store-with-cors
  why:   The CORS document is written as a whole: whoever relies on those rules would lose them.
  next:  Declare those rules too (rules: […]), or set adopt: true to replace them, or cors: { unmanaged: true } to leave them alone.`,
    ]);
    expect(await bothSides(outside, "store")).toEqual(THEIRS);
});

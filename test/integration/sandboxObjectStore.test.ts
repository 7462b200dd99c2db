/** Users of the sandbox's object store. */
import { randomBytes } from "node:crypto";
import {
    CreateBucketCommand,
    HeadBucketCommand,
    PutBucketPolicyCommand,
    PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { s3ClientOf } from "../support/outside";

const sandbox = inject("sandbox");

test("a user may do only what a policy allows", async () => {
    const reader = { accessKeyId: "store-reader", secretAccessKey: randomBytes(12).toString("hex") };
    await createUser(sandbox, { ...reader, role: "user" });
    const root = s3ClientOf(sandbox.s3);
    await root.send(new CreateBucketCommand({ Bucket: "store-read" }));
    const statement = {
        Effect: "Allow",
        Principal: { AWS: [reader.accessKeyId] },
        Action: ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"],
        Resource: ["arn:aws:s3:::store-read", "arn:aws:s3:::store-read/*"],
    };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await root.send(new PutBucketPolicyCommand({ Bucket: "store-read", Policy }));
    const limited = s3ClientOf({ ...sandbox.s3, ...reader });
    await limited.send(new HeadBucketCommand({ Bucket: "store-read" }));
    const put = limited.send(new PutObjectCommand({ Bucket: "store-read", Key: "a", Body: "a" }));
    await expect(put).rejects.toMatchObject({ name: "AccessDenied" });
    root.destroy();
    limited.destroy();
});

test("why a user could not be made is said, without the secret", async () => {
    const user = { accessKeyId: "store-twice", secretAccessKey: "not-to-be-shown", role: "user" } as const;
    await createUser(sandbox, user);
    const again = createUser(sandbox, user).catch((error: Error) => error.message);
    expect(await again).toMatch(/did not make the user store-twice.*exists/is);
    expect(await again).not.toContain(user.secretAccessKey);
});

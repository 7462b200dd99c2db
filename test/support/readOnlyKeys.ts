import { CreateBucketCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { createUser, type SandboxDetails } from "../../examples/sandbox";
import type { Outside } from "./outside";

/** Makes a bucket, and an S3 user with these keys that may read there and nothing else. */
export async function readOnlyKeys(
    sandbox: SandboxDetails,
    outside: Outside,
    bucket: string,
    keys: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
    await createUser(sandbox, { ...keys, role: "user" });
    await outside.s3.send(new CreateBucketCommand({ Bucket: bucket }));
    const Policy = JSON.stringify({
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Principal: [keys.accessKeyId],
                Action: ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"],
                Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
            },
        ],
    });
    await outside.s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}

/** Buckets at the end: one that the stack did not make, and one that another resource of the program has now. */
import {
    CreateBucketCommand,
    CreateMultipartUploadCommand,
    DeleteBucketCommand,
    ListMultipartUploadsCommand,
    ListObjectVersionsCommand,
    PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Bucket, Registry } from "../../provider";
import { Outside } from "../support/outside";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
const credentials = { accessKeyId, secretAccessKey };

let outside: Outside;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
});
afterAll(() => outside?.s3.destroy());

test("a bucket that the stack did not make is never deleted, empty as it may be", async () => {
    await outside.s3.send(new CreateBucketCommand({ Bucket: "theirs-bucket" }));
    const bucket = { name: "theirs-bucket", existing: true, forceDestroy: true };
    const stack = new StackStandIn(sandbox);
    await stack.succeeds(
        stack.up(
            () => void new Registry("theirs", { endpoint, bucket, credentials, cors: { unmanaged: true } }),
        ),
    );
    await stack.succeeds(stack.destroy());
    expect(await outside.named("theirs")).toEqual({
        registries: [],
        secrets: [],
        buckets: ["theirs-bucket"],
    });
    await outside.s3.send(new DeleteBucketCommand({ Bucket: "theirs-bucket" }));
});

test("a Bucket with another resource name, and then by another address too, is not emptied by the end of the former", async () => {
    const [, port] = endpoint.split(":");
    const stack = new StackStandIn(sandbox);
    for (const [resource, address] of [
        ["first", endpoint],
        ["second", endpoint],
        ["third", `127.0.0.1:${port}`],
    ] as const) {
        const args = { name: "renamed-bucket", endpoint: address, credentials };
        const program = () => void new Bucket(resource, { ...args, adopt: true, forceDestroy: true });
        expect((await stack.succeeds(stack.up(program))).done).toContain(`created ${resource}`);
        await outside.put("renamed-bucket", resource);
    }
    expect([...stack.resources.keys()]).toEqual(["third"]);
    expect(await outside.objects("renamed-bucket")).toEqual(["first", "second", "third"]);
    await stack.succeeds(stack.destroy());
    expect((await outside.named("renamed")).buckets).toEqual([]);
});

test("a bucket that holds something is not deleted until forceDestroy was applied; then with all that is in it", async () => {
    const stack = new StackStandIn(sandbox);
    const program = (forceDestroy: boolean) => () =>
        void new Registry("emptied", {
            endpoint,
            bucket: { name: "emptied-bucket", forceDestroy },
            credentials,
            cors: { allowedOrigins: ["https://llmos.example.com"] },
            timeouts: { settleSeconds: 0.5 },
        });
    await stack.succeeds(stack.up(program(false)));
    await outside.put("emptied-bucket", "weights");
    // Declared is not applied.
    expect((await stack.succeeds(stack.preview(program(true)))).done).toEqual(["updated emptied-bucket"]);
    const refused = await stack.destroy();
    expect(refused.failed).toBe(true);
    expect(refused.told.join("\n")).toContain(
        'The bucket "emptied-bucket" holds 1 object and is not deleted',
    );
    expect(await outside.objects("emptied-bucket")).toEqual(["weights"]);

    await stack.succeeds(stack.up(program(true)));
    await fillWithVersions("emptied-bucket");
    await stack.succeeds(stack.destroy());
    expect(await outside.named("emptied")).toEqual({ registries: [], secrets: [], buckets: [] });
});

/** Old versions, a delete marker and an open upload: all that makes a bucket that looks empty refuse to be deleted. */
async function fillWithVersions(Bucket: string): Promise<void> {
    const { s3 } = outside;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    await outside.put(Bucket, "versioned");
    await outside.put(Bucket, "versioned");
    await outside.remove(Bucket, "versioned");
    await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "unfinished" }));
    const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    // The mark of the bucket is one of them.
    expect([Versions?.length, DeleteMarkers?.length, Uploads?.length]).toEqual([4, 1, 1]);
}

/** What is set for AWS tools, in the environment and in their files, changes nothing: the program's arguments alone count. */
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { realContext } from "../../provider/lifecycle/context";
import { surroundWithAws } from "../support/awsEnvironment";

const { endpoint, accessKeyId, secretAccessKey, caBundle } = inject("sandbox").s3;
const connection = { endpoint, caBundle, keys: { accessKeyId, secretAccessKey } };
const context = realContext({}, { info: async () => {}, warn: async () => {} });
const RULE = { AllowedOrigins: ["https://llmos.example.com"], AllowedMethods: ["GET"] };
/** Of "part". */
const CRC32 = "SQ9wxg==";
let leave: () => Promise<void>;

beforeAll(async () => {
    leave = await surroundWithAws((name, value) => vi.stubEnv(name, value));
});

afterAll(async () => {
    vi.unstubAllEnvs();
    await leave();
});

test("a bucket lives its whole life with all of it set at once", async () => {
    const bucket = "environment-life";
    const store = await context.objectStore(connection);
    expect(await store.bucket(bucket)).toEqual({ outcome: "absent" });
    await store.createBucket(bucket);
    await store.putCors(bucket, [RULE]);
    expect(await store.cors(bucket)).toMatchObject({ outcome: "present", value: [RULE] });
    await store.proveWriting(bucket, "environment");
    const content = await context.contentStore(connection, bucket);
    const { signal } = new AbortController();
    const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    await content.put("a", Buffer.from("text"), { headers, signal });
    const upload = await content.uploads.start("b", "text/plain");
    const sum = { "x-amz-checksum-crc32": CRC32 };
    const { etag } = await content.uploads.putPart(upload, 1, Buffer.from("part"), {
        headers: { ...headers, ...sum },
        signal,
    });
    expect(await content.uploads.parts(upload)).toMatchObject([{ number: 1, size: 4 }]);
    await content.uploads.complete(upload, [
        { number: 1, etag: String(etag).replaceAll('"', ""), crc32: CRC32 },
    ]);
    expect([...(await content.list("")).keys()]).toEqual(["a", "b"]);
    expect(await content.text("a")).toEqual({ outcome: "present", value: "text" });
    await content.remove(["a", "b"]);
    await store.deleteCors(bucket);
    await store.deleteBucket(bucket);
    expect(await store.bucket(bucket)).toEqual({ outcome: "absent" });
});

/** The provider's own way of sending, with what it holds open. */
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Sender } from "../../provider/s3/sender";
import { Outside } from "../support/outside";

const sandbox = inject("sandbox");
const BUCKET = "sender";
const MIB = 1024 * 1024;
let outside: Outside;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await outside.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    // Its own connections count as well.
    outside.s3.destroy();
});

afterAll(() => outside.s3.destroy());

test("no request keeps its socket, whether the server answers before or after the last byte is drained", async () => {
    const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
    const sender = await Sender.open({ endpoint, caBundle, keys: { accessKeyId, secretAccessKey } });
    const sending = {
        bucket: BUCKET,
        body: Buffer.alloc(MIB, 7),
        headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
    };
    const keys = Array.from({ length: 200 }, (_, index) => `object-${index}`).values();
    const worker = async () => {
        for (const key of keys) {
            await sender.put({ ...sending, key, signal: new AbortController().signal });
        }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    // Those that are free for the next request do not keep the process alive, and are not in this list.
    await expect.poll(openSockets).toEqual([]);
});

test("a network that is gone for a moment is waited for", async () => {
    // No connection leads to a multicast address: ENETUNREACH, at once and on every machine.
    const sender = await Sender.open({
        endpoint: "224.0.0.1",
        keys: { accessKeyId: "AKIA", secretAccessKey: "secret" },
    });
    const interruption = new AbortController();
    let tries = 0;
    const sending = sender.put({
        bucket: BUCKET,
        key: "object",
        body: Buffer.from("content"),
        headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
        signal: interruption.signal,
        onBytes: (count) => {
            tries += count > 0 ? 1 : 0;
            if (tries === 3) {
                interruption.abort();
            }
        },
    });
    await expect(sending).rejects.toThrow();
    expect(tries).toBe(3);
});

function openSockets(): string[] {
    return process.getActiveResourcesInfo().filter((name) => /^(TLS|TCP)(Socket)?Wrap$/.test(name));
}

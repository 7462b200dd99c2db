/** Uploads in parts that do not come to their end: whose they are, what goes on, and what is swept. */
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import {
    AbortMultipartUploadCommand,
    type ChecksumAlgorithm,
    CreateMultipartUploadCommand,
    ListPartsCommand,
    UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { forgetContent } from "../../provider/content/content";
import { PART_BYTES } from "../../provider/content/parts";
import { ContentScene } from "../support/contentScene";
import { answerLost, cutOff, type Fault, reset, s3Error } from "../support/faults";

const sandbox = inject("sandbox");
const ROOT = "models/default/llama";
const KEY = `${ROOT}/weights.bin`;

let scene: ContentScene;
let count = 0;
beforeEach(async () => {
    count += 1;
    scene = await ContentScene.open(sandbox, `sessions-${process.pid}-${count}`);
    await fill(1);
});
afterEach(() => scene.close());

/** So many parts, others for another `which`. */
const fill = (which: number, parts = 3) =>
    scene.write("weights.bin", Buffer.alloc(parts * PART_BYTES, `content ${which}, of no power of two`));

/** Leaves an upload of another tool open, with a first part of this body. */
async function leaveOpen(body: Buffer, algorithm?: ChecksumAlgorithm): Promise<string> {
    const place = { Bucket: scene.bucket, Key: KEY };
    const checked = algorithm && { ChecksumAlgorithm: algorithm };
    const { UploadId = "" } = await scene.outside.s3.send(
        new CreateMultipartUploadCommand({ ...place, ...checked }),
    );
    const part = { ...place, UploadId, PartNumber: 1, Body: body };
    await scene.outside.s3.send(new UploadPartCommand({ ...part, ...checked }));
    return UploadId;
}

const abort = (UploadId: string) =>
    scene.outside.s3.send(new AbortMultipartUploadCommand({ Bucket: scene.bucket, Key: KEY, UploadId }));

/** Waits until the server has so many parts. */
async function arrived(parts: number): Promise<void> {
    const [{ key: Key, uploadId: UploadId } = { key: "", uploadId: "" }] = await scene.uploads();
    const asked = { Bucket: scene.bucket, Key, UploadId };
    const have = async () => (await scene.outside.s3.send(new ListPartsCommand(asked))).Parts?.length;
    await expect.poll(have, { timeout: 60_000 }).toBe(parts);
}

/** Interrupts once such a request is made, half a second later, when others have arrived. */
function interruptAt(request: RegExp): void {
    const fault: Fault = () => void setTimeout(() => scene.interrupt(), 500);
    scene.recorder.faults.set(fault, Number.POSITIVE_INFINITY, request);
}

/** Ends a run when two of the three parts have arrived. */
async function interrupted(): Promise<void> {
    scene.recorder.faults.set(() => void arrived(2).then(() => scene.interrupt()), 1, /partNumber=3&/);
    await expect(scene.store(ROOT)).rejects.toThrow("interrupted");
    scene.recorder.faults.heal();
    expect((await scene.leftOpen()).length, "an upload and its record").toBe(2);
}

async function expectStored(name = "weights.bin"): Promise<void> {
    expect(await scene.pending(ROOT)).toBe(undefined);
    expect(Object.keys(await scene.downloaded(ROOT))).toContain(name);
    expect(await scene.leftOpen()).toEqual([]);
}

test("uploads of other tools to the same key are left alone, whatever parts and checksums they have", async () => {
    const own = (await readFile(join(scene.folder, "weights.bin"))).subarray(0, PART_BYTES);
    const left = [
        await leaveOpen(own),
        await leaveOpen(own, "CRC32C"),
        await leaveOpen(Buffer.alloc(PART_BYTES, 7), "SHA256"),
    ];
    await scene.store(ROOT);
    expect(await scene.leftOpen()).toEqual([KEY, KEY, KEY]);
    await Promise.all(left.map(abort));
    await expectStored();
});

test("an upload that was ended outside gives way to a fresh one", async () => {
    await interrupted();
    const [upload] = await scene.uploads();
    let ended = false;
    scene.recorder.faults.set(
        ({ forward }) => {
            const ending = ended ? Promise.resolve() : abort(upload?.uploadId ?? "");
            ended = true;
            void ending.then(() => forward());
        },
        1,
        /^PUT .*partNumber=/,
    );
    scene.asked(ROOT);
    await scene.store(ROOT);
    expect(ended).toBe(true);
    expect(scene.asked(ROOT).filter((line) => line.startsWith("POST /…/weights.bin?uploads"))).toHaveLength(
        1,
    );
    await expectStored();
});

test("one whose parts the server refuses too, and the next one as well", async () => {
    await interrupted();
    const refusals = [s3Error(400, "InvalidPart"), s3Error(400, "InvalidRequest")];
    let completions = 0;
    scene.recorder.faults.set(
        (exchange) => {
            const refuse = refusals[completions];
            completions += 1;
            refuse ? refuse(exchange) : exchange.forward();
        },
        Number.POSITIVE_INFINITY,
        /^POST .*uploadId=/,
    );
    await scene.store(ROOT);
    expect(completions).toBe(3);
    await expectStored();
});

test("one that is ended again and again is an error that names the file", async () => {
    scene.recorder.faults.set(s3Error(404, "NoSuchUpload"), Number.POSITIVE_INFINITY, /^PUT .*partNumber=2&/);
    await expect(scene.store(ROOT)).rejects.toThrow(`The upload of "${KEY}" was ended 3 times`);
    expect(await scene.leftOpen()).toEqual([]);
});

test("what a run has left is swept: of a file that was renamed, and of a content that is gone", async () => {
    await interrupted();
    await rename(join(scene.folder, "weights.bin"), join(scene.folder, "other.bin"));
    await scene.store(ROOT);
    await expectStored("other.bin");
    await fill(2);
    await interrupted();
    await rm(join(scene.folder, "weights.bin"));
    await forgetContent(await scene.contentStore(), ROOT);
    expect(await scene.leftOpen()).toEqual([]);
});

test("an upload that was interrupted goes on, and what has arrived is not sent again", async () => {
    await fill(1, 8);
    await scene.write("config.json", "{}");
    interruptAt(/partNumber=8&/);
    await expect(scene.store(ROOT)).rejects.toThrow("The upload was interrupted after");
    scene.recorder.faults.heal();
    scene.asked(ROOT);
    await scene.store(ROOT);
    const sent = scene.asked(ROOT).filter((line) => line.startsWith("PUT /…"));
    expect(sent.length).toBeLessThanOrEqual(4);
    expect(sent.join("\n")).not.toContain("config.json");
    expect(await scene.downloaded(ROOT)).toEqual(await scene.hashes("weights.bin", "config.json"));
    expect(await scene.leftOpen()).toEqual([]);
});

test("a part that changed after it was sent is sent again", async () => {
    await fill(1, 4);
    interruptAt(/partNumber=4&/);
    await expect(scene.store(ROOT)).rejects.toThrow("interrupted");
    scene.recorder.faults.heal();
    await fill(2, 4);
    await scene.store(ROOT);
    expect(await scene.downloaded(ROOT)).toEqual(await scene.hashes("weights.bin"));
    expect(await scene.leftOpen()).toEqual([]);
});

test("resets, 503, lost answers and cut-off ones are retried", async () => {
    await scene.fill("small.bin", 1_000);
    scene.recorder.faults.set([reset, answerLost, s3Error(503, "SlowDown"), cutOff("reset")], 1);
    await scene.store(ROOT);
    expect(scene.recorder.faults.hits).toBeGreaterThan(6);
    expect(await scene.downloaded(ROOT)).toEqual(await scene.hashes("small.bin", "weights.bin"));
    expect(await scene.leftOpen()).toEqual([]);
});

test("a refusal names the file's object, and names it once", async () => {
    await scene.write("weights.bin", "weights");
    scene.recorder.faults.set(s3Error(403, "QuotaExceeded"), 1, /^PUT .*\/weights\.bin/);
    const refused = await scene.store(ROOT).catch((error: unknown) => String(error));
    expect(String(refused).match(/object "[^"]*weights\.bin"/g)).toHaveLength(1);
});

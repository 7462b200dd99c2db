/** Ctrl-C in the middle of an upload: a clean end at once, and the next `up` goes on from there. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListMultipartUploadsCommand, ListPartsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { PART_BYTES } from "../../provider/content/parts";
import { silence } from "../support/faults";
import { s3ClientOf } from "../support/outside";
import { Project } from "../support/project";
import { Recorder } from "../support/recorder";
import { bytesOf, seeded } from "../support/seeded";

const sandbox = inject("sandbox");
const { caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const s3 = s3ClientOf(sandbox.s3);

const program = `
const registry = new llmos.Registry("interrupted", {
    endpoint: values.endpoint,
    bucket: { name: "interrupted-bucket", forceDestroy: true },
    credentials: values.keys,
    cors: { unmanaged: true },
});
new llmos.Model("interrupted-model", { registry: registry.name, content: "content" });
`;

let recorder: Recorder;
let project: Project;

beforeAll(async () => {
    recorder = await Recorder.beforeS3(sandbox);
    project = await Project.create(sandbox, {
        program,
        values: { endpoint: `localhost:${recorder.port}`, keys: { accessKeyId, secretAccessKey } },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    await mkdir(join(project.folder, "content"));
    await writeFile(join(project.folder, "content", "model.bin"), bytesOf(seeded(1), 4 * PART_BYTES));
});
afterAll(async () => {
    recorder?.faults.heal();
    const destroyed = await project?.destroy();
    await project?.remove();
    await recorder?.stop();
    s3.destroy();
    expect(destroyed?.exitCode, destroyed?.output).toBe(0);
});

/** Parts that are in the bucket. */
async function arrived(): Promise<number> {
    const Bucket = "interrupted-bucket";
    const { Uploads = [] } = await s3
        .send(new ListMultipartUploadsCommand({ Bucket }))
        .catch(() => ({ Uploads: [] }));
    const [upload] = Uploads;
    if (!upload) {
        return 0;
    }
    const { Key, UploadId } = upload;
    return (await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts?.length ?? 0;
}

const parts = () => recorder.requests.filter((line) => /^PUT .*model\.bin.*partNumber=/.test(line));

test("Ctrl-C ends the upload, says so, and leaves nothing to be unlocked or cleaned up", async () => {
    // One part never gets an answer: left to itself, this upload would not end.
    recorder.faults.set(silence, Number.POSITIVE_INFINITY, /partNumber=4&/);
    const { pid, ended, written } = project.start(["up", "--yes", "--skip-preview"]);
    await expect.poll(arrived, { timeout: 120_000 }).toBe(3);
    // The next line of progress, which the provider writes after their answers.
    const line = /\b(?:4[89]|5\d|6[0-4]) MiB of 64 MiB/;
    await expect.poll(written, { timeout: 120_000 }).toMatch(line);
    process.kill(pid, "SIGINT");
    const { exitCode, output } = await ended;
    project.scan(output, "output of the interrupted up");
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/The upload was interrupted after \d+ MiB of 64 MiB/);
    expect(output).toContain("what has arrived is not sent again");

    recorder.faults.heal();
    recorder.requests.length = 0;
    const again = await project.up();
    expect(again.exitCode, again.output).toBe(0);
    expect(parts()).toEqual([expect.stringContaining("partNumber=4&")]);
});

/** Ending engine or provider in the middle of an upload, and looking at what the next `up` makes of it. */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
    GetObjectCommand,
    ListMultipartUploadsCommand,
    ListObjectsV2Command,
    ListPartsCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SandboxDetails } from "../../examples/sandbox";
import { PART_BYTES } from "../../provider/content/parts";
import { Outside } from "./outside";
import { descendants, sendKill } from "./processes";
import { Project } from "./project";
import { Recorder } from "./recorder";
import { bytesOf, chosen, seeded } from "./seeded";

const BUCKET = "upload-kills-bucket";
/** Parts of the two large files, and the small files: what there is to send. */
const LARGE = { "first.bin": 5 * PART_BYTES, "second.bin": 4 * PART_BYTES + 1 };
const SMALL = 60;
const SENDINGS = 5 + 5 + SMALL;

const PROGRAM = `
const registry = new llmos.Registry("upload-kills", {
    endpoint: values.endpoint,
    bucket: { name: "${BUCKET}", forceDestroy: true },
    credentials: values.keys,
    cors: { unmanaged: true },
});
if (values.model) {
    new llmos.Model(values.model, { registry: registry.name, content: "content" });
}
`;

/** The tests of these seeds. Others: `KILLS_SEED=17 KILLS_RUNS=1`. */
export function testUploadKills(seeds: readonly number[], sandbox: () => SandboxDetails): void {
    let scene: UploadScene;
    beforeAll(async () => {
        scene = await UploadScene.open(sandbox());
    });
    afterAll(() => scene?.close());
    test.each(chosen(seeds))("seed %i", async (seed) => {
        console.log(await scene.play(seed));
    });
}

class UploadScene {
    private constructor(
        private readonly project: Project,
        private readonly recorder: Recorder,
        private readonly outside: Outside,
        private readonly values: Record<string, unknown>,
        private readonly hashes: ReadonlyMap<string, string>,
    ) {}

    static async open(sandbox: SandboxDetails): Promise<UploadScene> {
        const recorder = await Recorder.beforeS3(sandbox);
        const { accessKeyId, secretAccessKey, caBundle } = sandbox.s3;
        const values = { endpoint: `localhost:${recorder.port}`, keys: { accessKeyId, secretAccessKey } };
        const project = await Project.create(sandbox, {
            program: PROGRAM,
            values,
            config: { "llmos:caBundle": caBundle },
            secrets: [accessKeyId, secretAccessKey],
        });
        const hashes = await fill(join(project.folder, "content"));
        return new UploadScene(project, recorder, await Outside.of(sandbox), values, hashes);
    }

    async close(): Promise<void> {
        await this.project.setValues(this.values);
        let destroyed = await this.project.destroy();
        if (destroyed.exitCode !== 0) {
            // A seed has failed, and left what is to be cleared away.
            await this.project.pulumi("cancel", "--yes");
            await this.project.refresh("--clear-pending-creates");
            destroyed = await this.project.destroy();
        }
        await this.project.remove();
        await this.recorder.stop();
        this.outside.s3.destroy();
        expect(destroyed.exitCode, destroyed.output).toBe(0);
    }

    /** One seed: uploads, kills, recovers as the engine tells a user to, and asserts. Gives a line about it. */
    async play(seed: number): Promise<string> {
        const random = seeded(seed);
        const victim = seed % 2 === 0 ? "engine" : "provider";
        const moment = Math.floor(random() * SENDINGS);
        const name = `upload-kill-${seed}`;
        const path = `models/default/${name}`;
        await this.project.setValues({ ...this.values, model: name });
        await this.strike(victim, path, moment, Math.floor(random() * 30));
        await this.expectQuiet(path);
        const arrived = await this.arrived(path);
        if (victim === "engine") {
            await this.succeeds("cancel");
            await this.succeeds("refresh", "--skip-preview", "--clear-pending-creates");
        }
        this.recorder.requests.length = 0;
        await this.succeeds("up", "--skip-preview");
        const sentAgain = this.sendings(path);
        expect(sentAgain, "at most what had not arrived").toBeLessThanOrEqual(SENDINGS - arrived);
        expect(await this.downloaded(path)).toEqual(this.hashes);
        return `seed ${seed}: ${victim} killed after ${moment} sendings, ${arrived} of ${SENDINGS} had arrived, ${sentAgain} were sent by the next up`;
    }

    private async strike(victim: string, path: string, moment: number, later: number): Promise<void> {
        this.recorder.requests.length = 0;
        const started = this.project.start(["up", "--yes", "--skip-preview"]);
        let over = false;
        const ended = started.ended.finally(() => {
            over = true;
        });
        while (!over && this.sendings(path) <= moment) {
            await sleep(1);
        }
        await sleep(later);
        const provider = descendants(started.pid).find(({ args }) => /\bnode\b.*dynamic-provider/.test(args));
        sendKill(victim === "engine" ? started.pid : (provider?.pid ?? started.pid));
        await ended;
    }

    /** Requests that carry content. */
    private sendings(path: string): number {
        return this.recorder.requests.filter((line) => line.startsWith(`PUT /${BUCKET}/${path}/`)).length;
    }

    /** A provider whose engine is gone stops by itself, a few seconds later. */
    private async expectQuiet(path: string): Promise<void> {
        let before = -1;
        const quiet = async () => {
            const now = this.sendings(path);
            const same = now === before;
            before = now;
            return same;
        };
        await expect.poll(quiet, { timeout: 60_000, interval: 4_000 }).toBe(true);
    }

    /** Objects and parts that the server has. */
    private async arrived(path: string): Promise<number> {
        const place = { Bucket: BUCKET, Prefix: `${path}/` };
        const { Contents = [] } = await this.outside.s3.send(new ListObjectsV2Command(place));
        const { Uploads = [] } = await this.outside.s3.send(new ListMultipartUploadsCommand(place));
        let count = 0;
        for (const { Key = "" } of Contents) {
            const name = Key.slice(path.length + 1);
            count += name === "" ? 0 : name in LARGE ? 5 : 1;
        }
        for (const { Key = "", UploadId = "" } of Uploads) {
            const asked = { Bucket: BUCKET, Key, UploadId };
            const { Parts = [] } = await this.outside.s3.send(new ListPartsCommand(asked));
            count += Parts.length;
        }
        return count;
    }

    private async downloaded(path: string): Promise<Map<string, string>> {
        const place = { Bucket: BUCKET, Prefix: `${path}/` };
        const { Contents = [] } = await this.outside.s3.send(new ListObjectsV2Command(place));
        const hashes = new Map<string, string>();
        for (const { Key = "" } of Contents.filter((one) => !one.Key?.endsWith("/"))) {
            const { Body } = await this.outside.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
            hashes.set(
                Key.slice(path.length + 1),
                hashOf((await Body?.transformToByteArray()) ?? new Uint8Array()),
            );
        }
        return hashes;
    }

    private async succeeds(...args: string[]): Promise<void> {
        const { exitCode, output } = await this.project.pulumi(...args, "--yes");
        expect(exitCode, output).toBe(0);
    }
}

/** Hashes of the files, in the order of a listing. */
async function fill(folder: string): Promise<Map<string, string>> {
    await mkdir(folder);
    const random = seeded(1);
    for (const [name, size] of Object.entries(LARGE)) {
        await writeFile(join(folder, name), bytesOf(random, size));
    }
    const small = Array.from({ length: SMALL }, (_, index) => `small-${String(index).padStart(2, "0")}`);
    for (const name of small) {
        await writeFile(join(folder, name), bytesOf(random, 10_000));
    }
    const hashes = new Map<string, string>();
    for (const name of [...Object.keys(LARGE), ...small]) {
        hashes.set(name, hashOf(await readFile(join(folder, name))));
    }
    return hashes;
}

function hashOf(bytes: Uint8Array): string {
    return createHash("sha256").update(bytes).digest("hex");
}

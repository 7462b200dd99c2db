/**
 * Models and datasets where something is wrong: what is wrong is told before anything is touched, and nothing is lost.
 * How a failure comes to the terminal and into the engine's state: engine/models.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import {
    Dataset,
    DatasetVersion,
    type DatasetVersionArgs,
    Model,
    type ModelArgs,
    Registry,
} from "../../provider";
import { Outside } from "../support/outside";
import { Recorder } from "../support/recorder";
import { Registries } from "../support/registries";
import { StackStandIn, type StandInRun } from "../support/stackStandIn";
import { wish } from "../support/wishes";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;

interface Declared {
    /** By name; `in` is the registry, one of the program or another one. */
    readonly models?: Record<string, Omit<ModelArgs, "registry"> & { in: string }>;
    readonly versions?: Record<string, DatasetVersionArgs>;
    readonly datasets?: Record<string, { in: string }>;
}

let recorder: Recorder;
let outside: Outside;
let folder: string;
const stack = new StackStandIn(sandbox);

/** Two registries, and what is declared beside them. */
const program =
    ({ models = {}, versions = {}, datasets = {} }: Declared = {}) =>
    () => {
        const addresses = { "badday-one": `localhost:${recorder.port}`, "badday-two": endpoint };
        const registries = new Map(
            Object.entries(addresses).map(([name, address]) => [
                name,
                new Registry(name, {
                    endpoint: address,
                    bucket: { name: `${name}-bucket`, forceDestroy: true },
                    credentials: { accessKeyId, secretAccessKey },
                    cors: { unmanaged: true },
                }),
            ]),
        );
        const registryOf = (name: string) => registries.get(name)?.name ?? name;
        for (const [name, { in: registry, ...args }] of Object.entries(models)) {
            new Model(name, { ...args, registry: registryOf(registry) });
        }
        const made = new Map(
            Object.entries(datasets).map(([name, { in: registry }]) => [
                name,
                new Dataset(name, { registry: registryOf(registry) }),
            ]),
        );
        for (const [name, args] of Object.entries(versions)) {
            const dataset = made.get(String(args.dataset))?.name ?? args.dataset;
            new DatasetVersion(name, { ...args, dataset });
        }
    };

const up = (declared?: Declared) => stack.succeeds(stack.up(program(declared)));

async function keysIn(bucket: string): Promise<string[]> {
    const { Contents = [] } = await outside.s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = "" }) => Key).filter((key) => !key.startsWith(".pulumi-llmos/"));
}

/** It has failed, with these words among others. */
function expectFailed({ failed, told }: StandInRun, words: string): void {
    expect(told.join("\n")).toContain(words);
    expect(failed).toBe(true);
}

/** A look at the servers finds nothing that is not in the state, and then there is nothing to do. */
async function expectSettled(declared: Declared): Promise<void> {
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
    expect((await stack.succeeds(stack.preview(program(declared)))).done).toEqual([]);
}

beforeAll(async () => {
    recorder = await Recorder.beforeS3(sandbox);
    outside = await Outside.of(sandbox);
    folder = await mkdtemp(join(tmpdir(), "badday-"));
    await writeFile(join(folder, "weights.bin"), "weights");
    await up();
    await outside.stored.create("models", "badday-taken", { registry: "badday-two" });
});
afterAll(async () => {
    vi.unstubAllEnvs();
    await recorder?.stop();
    outside?.s3.destroy();
    await rm(folder, { recursive: true, force: true });
});

test.each<[Declared, string]>([
    [
        { models: { "badday-x": { in: "badday-two", content: "no-such-folder" } } },
        'The content "no-such-folder" does not exist',
    ],
    [
        { models: { "badday-x": { in: "badday-two", cardFile: "no-such.md" } } },
        'The card "no-such.md" cannot be read (ENOENT)',
    ],
    [{ models: { "badday-x": { in: "badday-nowhere" } } }, 'The Registry "badday-nowhere" does not exist'],
    [
        { models: { "badday-x": { in: "badday-two", namespace: "badday-no" } } },
        'The namespace "badday-no" does not exist',
    ],
    [
        { models: { "badday-taken": { in: "badday-two" } } },
        'A Model "badday-taken" exists already; it was made by someone else',
    ],
    [
        { versions: { "badday-x": { dataset: "badday-no", version: "v1" } } },
        'The Dataset "badday-no" does not exist',
    ],
    [
        { versions: { "badday-x": { dataset: "badday-no", version: "v1", publish: true } } },
        "publish is set, and neither content nor copyFrom",
    ],
])("what is wrong is told at preview: %j", async (declared, words) => {
    expectFailed(await stack.preview(program(declared)), words);
});

test("LLMOS's own refusal is told at once, in its words", async () => {
    // Refused by the rule that the registry of a model may not be changed: adopting does not go around it.
    const refused = await stack.up(
        program({ models: { "badday-taken": { in: "badday-one", adopt: true } } }),
    );
    await outside.stored.remove("models", "badday-taken");
    expectFailed(
        refused,
        "The cluster's rules do not let this update: registry field cannot be modified once set",
    );
});

test("a model that the operator cannot make ready fails with its words, is kept, and repaired by the next up", async () => {
    const registries = new Registries(outside.ask);
    await registries.create("badday-broken", {
        useSSL: true,
        endpoint,
        bucket: "badday-later",
        accessCredentialSecretName: "badday-two-credentials",
    });
    const args = {
        in: "badday-broken",
        content: folder,
        timeouts: { graceSeconds: 1, deleteSeconds: 60 },
    };
    const failed = await stack.up(program({ models: { "badday-model": args } }));
    expectFailed(failed, "The LLMOS operator cannot make it ready. It says: ");
    expectFailed(failed, "bucket badday-later does not exist");
    expect(stack.resources.get("badday-model")?.outputs["unfinished"]).toBe(true);

    await outside.s3.send(new CreateBucketCommand({ Bucket: "badday-later" }));
    const patient = { ...args, timeouts: { graceSeconds: 60, deleteSeconds: 60 } };
    await up({ models: { "badday-model": patient } });
    expect(stack.resources.get("badday-model")?.outputs["unfinished"]).toBe(undefined);
    expect(await keysIn("badday-later")).toContain("models/default/badday-model/weights.bin");
    await up();
    expect(await keysIn("badday-later")).toEqual([]);
    await registries.removeAll();
});

test("another registry is a replacement, the old one first; content that is not declared stops it", async () => {
    const moved = (registry: string) => ({ "badday-moved": { in: registry, content: folder } });
    const filled = (registry: string) => ({ "badday-filled": { in: registry } });
    await up({ models: { ...moved("badday-one"), ...filled("badday-one") } });
    await outside.put("badday-one-bucket", "models/default/badday-filled/uploaded-by-hand.bin");
    expectFailed(
        await stack.preview(program({ models: { ...moved("badday-two"), ...filled("badday-two") } })),
        'Model "badday-filled" would be replaced, and 1 object deleted that this program cannot store again (uploaded-by-hand.bin)',
    );
    const declared = { models: { ...moved("badday-two"), ...filled("badday-one") } };
    const preview = await stack.succeeds(stack.preview(program(declared)));
    expect(preview.done).toEqual(["created replacement badday-moved"]);
    expect((await up(declared)).done).toEqual([
        "deleted original badday-moved",
        "created replacement badday-moved",
    ]);
    expect(await keysIn("badday-two-bucket")).toContain("models/default/badday-moved/weights.bin");
    expect(await keysIn("badday-one-bucket")).not.toContain("models/default/badday-moved/weights.bin");
    // What was uploaded there by hand is seen, and is nobody's drift.
    const refreshed = await stack.succeeds(stack.refresh());
    expect(refreshed.done).toEqual(["refreshed badday-filled: fileCount, size"]);
    expect((await stack.succeeds(stack.preview(program(declared)))).done).toEqual([]);
    await up();
});

test("a publication that fails ends up with the operator's words, is a change, and is healed by the next up", async () => {
    const datasets = { "badday-data": { in: "badday-two" } };
    const version = { dataset: "badday-data", version: "v1", content: folder, publish: true };
    const declared = { datasets, versions: { "badday-v1": version } };
    await wish(outside.ask, { "default.badday-v1.snapshot": "fail: no space left" });
    expectFailed(
        await stack.up(program(declared)),
        "LLMOS has not published the version. It says: Snapshotting: VolumeSnapshot failed: no space left",
    );
    expect(stack.resources.get("badday-v1")?.outputs).toMatchObject({
        unfinished: true,
        publishPhase: "Snapshotting",
    });
    const preview = await stack.succeeds(stack.preview(program(declared)));
    expect(preview.done).toEqual(["updated badday-v1"]);

    await wish(outside.ask, { "default.badday-v1.snapshot": null });
    expect((await up(declared)).done).toEqual(["updated badday-v1"]);
    const { status } = await outside.stored.get("datasetversions", "badday-v1");
    expect(status.publishStatus.phase).toBe("SnapshotReady");
    await expectSettled(declared);

    await writeFile(join(folder, "weights.bin"), "other weights");
    expectFailed(
        await stack.preview(program(declared)),
        'DatasetVersion "badday-data/v1" is published, and its content would change',
    );
    const again = { datasets, versions: { "badday-v1": { ...version, republish: true } } };
    await up(again);
    await expectSettled(again);
    await up();
});

test("an object that somebody else has made in place of ours is not changed without adopt", async () => {
    const args = { in: "badday-two", content: folder };
    await up({ models: { "badday-remade": args } });
    await outside.stored.remove("models", "badday-remade");
    await outside.stored.create("models", "badday-remade", { registry: "badday-two" });
    const before = await outside.stored.settled("models", "badday-remade");
    expectFailed(
        await stack.up(program({ models: { "badday-remade": { ...args, card: "ours" } } })),
        'The Model "badday-remade" is not the one in the stack: it was made, or taken over, by someone else',
    );
    expect(await outside.stored.get("models", "badday-remade")).toEqual(before);
    await outside.stored.remove("models", "badday-remade");
    await stack.succeeds(stack.refresh());
    await up();
});

// The last one: the S3 server of one registry does not come back.
test("a store out of reach fails a refresh and a preview, and leaves the state as it was; forgetting is on demand", async () => {
    const declared = { models: { "badday-filled": { in: "badday-one", content: folder } } };
    await up(declared);
    const before = JSON.stringify([...stack.resources]);
    await recorder.stop();
    const refreshed = await stack.refresh();
    const words = "The S3 endpoint refuses the connection: nothing listens there";
    expectFailed(refreshed, words);
    expect(refreshed.told).toContainEqual(
        expect.stringMatching(new RegExp(`^Model badday-filled: ${words}`)),
    );
    expectFailed(await stack.preview(program(declared)), words);
    expect(JSON.stringify([...stack.resources])).toBe(before);
    vi.stubEnv("PULUMI_LLMOS_DELETE_UNREACHABLE", "true");
    const forgotten = await stack.succeeds(stack.refresh());
    expect(forgotten.told.join("\n")).toContain(
        "Model default/badday-filled is forgotten without a look at it",
    );
    // Its finalizer waits for a bucket that will not come back.
    await outside.stored.startRemoval("models", "badday-filled");
    await outside.stored.change("models", "badday-filled", { metadata: { finalizers: null } });
    await stack.succeeds(stack.destroy());
});

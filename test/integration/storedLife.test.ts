/**
 * Models, datasets and their versions, with their content, over their whole life, in one program with their registry.
 * What of it only the engine shows: engine/models.
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Dataset, DatasetVersion, Model, Registry } from "../../provider";
import { Outside } from "../support/outside";
import { bytesOf, seeded } from "../support/seeded";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
const MIB = 1024 * 1024;
const BUCKET = "whole-life-bucket";
const MODEL = "models/default/whole-life-model";

let outside: Outside;
let folder: string;
const stack = new StackStandIn(sandbox);

interface Declared {
    readonly tags: string[];
    readonly prune: boolean;
    /** Whether the model is declared. */
    readonly model: boolean;
}
let declared: Declared = { tags: ["a"], prune: false, model: true };

const program = () => {
    const registry = new Registry("whole-life", {
        endpoint,
        bucket: { name: BUCKET },
        credentials: { accessKeyId, secretAccessKey },
        cors: { unmanaged: true },
    });
    if (declared.model) {
        new Model("whole-life-model", {
            registry: registry.name,
            cardFile: join(folder, "weights", "README.md"),
            metadata: { license: "apache-2.0", tags: declared.tags },
            content: join(folder, "weights"),
            prune: declared.prune,
        });
    }
    const dataset = new Dataset("whole-life-data", { registry: registry.name, card: "Reviews" });
    const first = new DatasetVersion("whole-life-v1", {
        dataset: dataset.name,
        version: "v1",
        content: join(folder, "reviews"),
    });
    new DatasetVersion("whole-life-v2", {
        dataset: dataset.name,
        version: "v2",
        copyFrom: { version: first.version },
        publish: true,
    });
};

const put = (path: string, content: string | Uint8Array) => writeFile(join(folder, path), content);
const up = () => stack.succeeds(stack.up(program));

/** A look at the servers finds nothing that is not in the state, and then there is nothing to do. */
async function expectSettled(): Promise<void> {
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
    expect((await stack.succeeds(stack.preview(program))).done).toEqual([]);
}

/** Objects below a path by their size; folders of LLMOS end with a slash. */
async function objects(path: string): Promise<Record<string, number>> {
    const { Contents = [] } = await outside.s3.send(
        new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `${path}/` }),
    );
    const entries = Contents.map(({ Key = "", Size = 0 }) => [Key.slice(path.length + 1), Size] as const);
    return Object.fromEntries(entries.filter(([name]) => name !== ""));
}

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function sha256Of(Key: string): Promise<string> {
    const { Body } = await outside.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return hashOf((await Body?.transformToByteArray()) ?? new Uint8Array());
}

const model = () => outside.stored.get("models", "whole-life-model");
const outputs = (name: string) => stack.resources.get(name)?.outputs;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    folder = await mkdtemp(join(tmpdir(), "whole-life-"));
    await mkdir(join(folder, "weights"));
    await mkdir(join(folder, "reviews"));
    await put("weights/README.md", "# A model\n");
    await put("weights/model.bin", bytesOf(seeded(1), 20 * MIB));
    await put("reviews/train.csv", "a,b\n1,2\n");
});
afterAll(async () => {
    outside?.s3.destroy();
    await rm(folder, { recursive: true, force: true });
});

test("preview says how many files and bytes would be sent, and sends nothing", async () => {
    const { told } = await stack.succeeds(stack.preview(program));
    expect(told).toContain(`info: Model "whole-life-model": 2 files (20 MiB) to send to ${MODEL}.`);
    expect(told).toContain(
        'info: DatasetVersion "whole-life-data/v1": 1 file (8 B) to send to datasets/default/whole-life-data/v1.',
    );
    declared = { ...declared, prune: true };
    const pruning = await stack.succeeds(stack.preview(program));
    declared = { ...declared, prune: false };
    expect(pruning.told).toContain(
        `info: Model "whole-life-model": 2 files (20 MiB) to send to ${MODEL}, and what prune removes is known only once its registry is there.`,
    );
    expect((await outside.named("whole-life")).buckets).toEqual([]);
});

test("up makes them ready, stores every file, copies and publishes; and is settled", async () => {
    const { told } = await up();
    expect(told.join("\n")).toMatch(/Model "whole-life-model": sent 2 files, 20 MiB, in \d/);
    expect(outputs("whole-life-model")).toMatchObject({
        path: MODEL,
        storageUri: `s3://${BUCKET}/${MODEL}`,
        size: 20 * MIB + 10,
        fileCount: 2,
        contentDrift: [],
    });
    const local = await readFile(join(folder, "weights", "model.bin"));
    expect(await sha256Of(`${MODEL}/model.bin`)).toBe(hashOf(local));
    const { spec, status } = await model();
    expect(spec).toEqual({
        registry: "whole-life",
        modelCard: { description: "# A model\n", metadata: { license: "apache-2.0", tags: ["a"] } },
    });
    expect(status.conditions[0]).toMatchObject({ type: "ready", status: "True" });
    expect(await objects("datasets/default/whole-life-data/v2")).toEqual({ "train.csv": 8 });
    expect(outputs("whole-life-v2")).toMatchObject({ publishPhase: "SnapshotReady", fileCount: 1, size: 8 });
    expect((await outside.stored.get("datasetversions", "whole-life-v2")).spec).toMatchObject({
        publish: true,
        copyFrom: { namespace: "default", dataset: "whole-life-data", version: "v1" },
    });
    await expectSettled();
});

test("a changed file, card or field is a change in place, and only what changed is sent", async () => {
    await put("weights/README.md", "# A better model\n");
    declared = { ...declared, tags: ["a", "b"] };
    const preview = await stack.succeeds(stack.preview(program));
    expect(preview.told).toContain(`info: Model "whole-life-model": 1 file (17 B) to send to ${MODEL}.`);
    expect(preview.done).toEqual(["updated whole-life-model"]);
    const { done, told } = await up();
    expect(done).toEqual(["updated whole-life-model"]);
    expect(told.join("\n")).toContain("sent 1 file, 17 B");
    const { description, metadata } = (await model()).spec.modelCard;
    expect({ description, tags: metadata.tags }).toEqual({
        description: "# A better model\n",
        tags: ["a", "b"],
    });
    await expectSettled();
});

test("drift of the content is told on its resource, file by file, and healed by one up", async () => {
    const change = (Key: string, Body: string) =>
        outside.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    await change(`${MODEL}/README.md`, "# A worse model!\n");
    await outside.remove(BUCKET, `${MODEL}/model.bin`);
    await change(`${MODEL}/added.txt`, "added");
    const refreshed = await stack.succeeds(stack.refresh());
    expect(refreshed.done).toEqual(["refreshed whole-life-model: contentDrift, size"]);
    expect(outputs("whole-life-model")?.["contentDrift"]).toEqual([
        "changed: README.md",
        "missing: model.bin",
        "added: added.txt",
    ]);
    declared = { ...declared, prune: true };
    await up();
    expect(await objects(MODEL)).toEqual({ "README.md": 17, "model.bin": 20 * MIB });
    await expectSettled();
});

test("drift of the object is told and healed; an object that was deleted is made again, with its content", async () => {
    const edit = { spec: { modelCard: { description: "by hand", metadata: { license: "mit" } } } };
    expect((await outside.stored.change("models", "whole-life-model", edit)).status).toBe(200);
    await outside.stored.remove("datasetversions", "whole-life-v1");
    const refreshed = await stack.succeeds(stack.refresh());
    expect([...refreshed.done].sort()).toEqual([
        "deleted whole-life-v1",
        "refreshed whole-life-model: cardText, metadata",
    ]);
    await up();
    expect((await model()).spec.modelCard.description).toBe("# A better model\n");
    expect(await objects("datasets/default/whole-life-data/v1")).toEqual({ "train.csv": 8 });
    await expectSettled();
});

test("what still uses a model or a dataset stops its deletion, before anything is touched", async () => {
    const head = { apiVersion: "ml.llmos.ai/v1", kind: "LocalModel", metadata: { name: "whole-life-user" } };
    const spec = { registry: "whole-life", modelName: "default/whole-life-model" };
    const localModels = "/apis/ml.llmos.ai/v1/namespaces/default/localmodels";
    await outside.expect(201, "POST", localModels, { ...head, spec });
    const used = await model();
    const destroyed = await stack.destroy();
    expect(destroyed.failed).toBe(true);
    expect(destroyed.told.join("\n")).toContain('The Model "whole-life-model" is in use and is not deleted');
    expect(destroyed.told.join("\n")).toContain("LocalModel: 1 (default/whole-life-user)");
    expect(await model()).toEqual(used);
    await outside.expect(200, "DELETE", `${localModels}/whole-life-user`);
    await up();

    const version = { dataset: "whole-life-data", version: "v9" };
    await outside.stored.create("datasetversions", "whole-life-user", version);
    const { uid } = (await outside.stored.get("datasets", "whole-life-data")).metadata;
    const again = await stack.destroy();
    expect(again.failed).toBe(true);
    expect(again.told.join("\n")).toContain('The Dataset "whole-life-data" is in use and is not deleted');
    expect(again.told.join("\n")).toContain("DatasetVersion: 1 (default/whole-life-user)");
    const { metadata } = await outside.stored.get("datasets", "whole-life-data");
    expect([metadata.uid, metadata.deletionTimestamp]).toEqual([uid, undefined]);
    await outside.stored.remove("datasetversions", "whole-life-user");
    await up();
});

test("a model that the stack has let go keeps object and content; declared again it is the same one, and goes with both", async () => {
    const { uid } = (await model()).metadata;
    const digest = await sha256Of(`${MODEL}/model.bin`);
    // What is left of it with `retainOnDelete`, which the engine alone knows of.
    expect(stack.resources.delete("whole-life-model")).toBe(true);
    declared = { ...declared, model: false };
    expect((await up()).done).toEqual([]);
    // Its registry is in use, and stays.
    const stopped = await stack.destroy();
    expect(stopped.failed).toBe(true);
    expect(stopped.told.join("\n")).toContain('The registry "whole-life" is in use and is not deleted');
    expect((await model()).metadata.deletionTimestamp).toBe(undefined);
    expect(await sha256Of(`${MODEL}/model.bin`)).toBe(digest);

    declared = { ...declared, model: true };
    await up();
    expect((await model()).metadata.uid).toBe(uid);
    await stack.succeeds(stack.destroy());
    expect(await model()).toBe(undefined);
    expect(await outside.named("whole-life")).toEqual({ registries: [], secrets: [], buckets: [] });
});

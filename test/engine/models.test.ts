/** Models, datasets and their versions, with their content, over their whole life: real engine, real servers. */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { done, drifts, expectSettled, planned } from "../support/plan";
import { Project } from "../support/project";
import { bytesOf, seeded } from "../support/seeded";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const MIB = 1024 * 1024;
const BUCKET = "models-life-bucket";
const API = "/apis/ml.llmos.ai/v1/namespaces/default";

const program = `
const registry = new llmos.Registry("models-life", {
    endpoint: values.endpoint,
    bucket: { name: "${BUCKET}" },
    credentials: values.keys,
    cors: { unmanaged: true },
});
const model = new llmos.Model("life-model", {
    registry: registry.name,
    cardFile: "weights/README.md",
    metadata: { license: "apache-2.0", tags: values.tags },
    content: "weights",
    prune: values.prune,
}, values.options);
const dataset = new llmos.Dataset("life-data", { registry: registry.name, card: "Reviews" });
const first = new llmos.DatasetVersion("life-data-v1", {
    dataset: dataset.name,
    version: "v1",
    content: "reviews",
});
new llmos.DatasetVersion("life-data-v2", {
    dataset: dataset.name,
    version: "v2",
    copyFrom: { version: first.version },
    publish: true,
});
exports.model = pulumi.all([model.path, model.storageUri, model.size, model.fileCount, model.contentDigest]);
`;
const values = { endpoint, keys: { accessKeyId, secretAccessKey }, tags: ["a"], prune: false };

let outside: Outside;
let project: Project;

const put = (path: string, content: string | Uint8Array) => writeFile(join(project.folder, path), content);

/** Objects below a path by their size; folders of LLMOS end with a slash. */
async function objects(path: string): Promise<Record<string, number>> {
    const { Contents = [] } = await outside.s3.send(
        new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `${path}/` }),
    );
    const entries = Contents.map(({ Key = "", Size = 0 }) => [Key.slice(path.length + 1), Size] as const);
    return Object.fromEntries(entries.filter(([name]) => name !== ""));
}

async function sha256Of(key: string): Promise<string> {
    const { Body } = await outside.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return createHash("sha256")
        .update((await Body?.transformToByteArray()) ?? "")
        .digest("hex");
}

async function object(plural: string, name: string) {
    const { status, body } = await outside.ask("GET", `${API}/${plural}/${name}`);
    return status === 404 ? undefined : body;
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    project = await Project.create(sandbox, {
        program,
        values,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    await mkdir(join(project.folder, "weights"));
    await mkdir(join(project.folder, "reviews"));
    await put("weights/README.md", "# A model\n");
    await put("weights/model.bin", bytesOf(seeded(1), 20 * MIB));
    await put("reviews/train.csv", "a,b\n1,2\n");
});
afterAll(async () => {
    await project?.remove();
    outside?.s3.destroy();
});

test("preview says how many files and bytes would be sent, and sends nothing", async () => {
    const { exitCode, output } = await project.preview();
    expect(exitCode, output).toBe(0);
    expect(output).toContain('Model "life-model": 2 files (20 MiB) to send to models/default/life-model.');
    expect(output).toContain(
        'DatasetVersion "life-data/v1": 1 file (8 B) to send to datasets/default/life-data/v1.',
    );
    expect((await outside.named("models-life")).buckets).toEqual([]);
});

test("up makes them ready, stores every file, copies and publishes; and is settled", async () => {
    const up = await project.up();
    expect(up.exitCode, up.output).toBe(0);
    expect(up.output).toMatch(/Model "life-model": sent 2 files, 20 MiB, in \d/);
    const model = (await project.resources()).get("life-model")?.outputs;
    expect(model).toMatchObject({
        path: "models/default/life-model",
        storageUri: `s3://${BUCKET}/models/default/life-model`,
        size: 20 * MIB + 10,
        fileCount: 2,
        contentDrift: [],
    });
    const local = await readFile(join(project.folder, "weights", "model.bin"));
    expect(await sha256Of("models/default/life-model/model.bin")).toBe(
        createHash("sha256").update(local).digest("hex"),
    );
    const { spec, status } = await object("models", "life-model");
    expect(spec).toEqual({
        registry: "models-life",
        modelCard: { description: "# A model\n", metadata: { license: "apache-2.0", tags: ["a"] } },
    });
    expect(status.conditions[0]).toMatchObject({ type: "ready", status: "True" });
    expect(await objects("datasets/default/life-data/v2")).toEqual({ "train.csv": 8 });
    const second = (await project.resources()).get("life-data-v2")?.outputs;
    expect(second).toMatchObject({ publishPhase: "SnapshotReady", fileCount: 1, size: 8 });
    expect((await object("datasetversions", "life-data-v2")).spec).toMatchObject({
        publish: true,
        copyFrom: { namespace: "default", dataset: "life-data", version: "v1" },
    });
    await expectSettled(project);
});

test("a changed file, card or field is a change in place, and only what changed is sent", async () => {
    await put("weights/README.md", "# A better model\n");
    await project.setValues({ ...values, tags: ["a", "b"] });
    const preview = await project.preview();
    expect(preview.output).toContain(
        'Model "life-model": 1 file (17 B) to send to models/default/life-model.',
    );
    expect(await planned(project)).toEqual(["update Model life-model"]);
    const up = await project.up();
    expect(done(up)).toEqual(["updated life-model"]);
    expect(up.output).toContain("sent 1 file, 17 B");
    const { description, metadata } = (await object("models", "life-model")).spec.modelCard;
    expect({ description, tags: metadata.tags }).toEqual({
        description: "# A better model\n",
        tags: ["a", "b"],
    });
    await expectSettled(project);
});

test("drift of the content is told on its resource, file by file, and healed by one up", async () => {
    const root = "models/default/life-model";
    const change = (Key: string, Body: string) =>
        outside.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    await change(`${root}/README.md`, "# A worse model!\n");
    await outside.remove(BUCKET, `${root}/model.bin`);
    await change(`${root}/added.txt`, "added");
    const refreshed = await project.preview("--refresh");
    expect(refreshed.exitCode, refreshed.output).toBe(0);
    expect(drifts(refreshed)).toEqual(["refresh Model life-model: contentDrift, size"]);
    for (const line of ["changed: README.md", "missing: model.bin", "added: added.txt"]) {
        expect(refreshed.output).toContain(line);
    }
    await project.setValues({ ...values, tags: ["a", "b"], prune: true });
    const up = await project.up("--refresh");
    expect(up.exitCode, up.output).toBe(0);
    expect(await objects(root)).toEqual({ "README.md": 17, "model.bin": 20 * MIB });
    await expectSettled(project);
});

test("drift of the object is told and healed; an object that was deleted is made again, with its content", async () => {
    const edited = { spec: { modelCard: { description: "by hand", metadata: { license: "mit" } } } };
    await outside.expect(200, "PATCH", `${API}/models/life-model`, edited);
    await outside.expect(200, "DELETE", `${API}/datasetversions/life-data-v1`);
    await expect.poll(() => object("datasetversions", "life-data-v1"), { timeout: 60_000 }).toBe(undefined);
    const refreshed = await project.preview("--refresh");
    expect(drifts(refreshed)).toEqual([
        "delete DatasetVersion life-data-v1",
        "refresh Model life-model: cardText, metadata",
    ]);
    const up = await project.up("--refresh");
    expect(up.exitCode, up.output).toBe(0);
    expect((await object("models", "life-model")).spec.modelCard.description).toBe("# A better model\n");
    expect(await objects("datasets/default/life-data/v1")).toEqual({ "train.csv": 8 });
    await expectSettled(project);
});

test("what still uses a model or a dataset stops its deletion, before anything is touched", async () => {
    const head = { apiVersion: "ml.llmos.ai/v1", metadata: { name: "life-user" } };
    const local = { registry: "models-life", modelName: "default/life-model" };
    await outside.expect(201, "POST", `${API}/localmodels`, { ...head, kind: "LocalModel", spec: local });
    const version = { dataset: "life-data", version: "v9" };
    await outside.expect(201, "POST", `${API}/datasetversions`, {
        ...head,
        kind: "DatasetVersion",
        spec: version,
    });
    const destroyed = await project.destroy();
    expect(destroyed.exitCode).not.toBe(0);
    expect(destroyed.output).toContain('The Model "life-model" is in use and is not deleted');
    expect(destroyed.output).toContain("LocalModel: 1 (default/life-user)");
    await outside.expect(200, "DELETE", `${API}/localmodels/life-user`);
    const again = await project.destroy();
    expect(again.exitCode).not.toBe(0);
    expect(again.output).toContain('The Dataset "life-data" is in use and is not deleted');
    expect(again.output).toContain("DatasetVersion: 1 (default/life-user)");
    await outside.expect(200, "DELETE", `${API}/datasetversions/life-user`);
    const up = await project.up("--refresh");
    expect(up.exitCode, up.output).toBe(0);
});

test("retainOnDelete leaves object and content in LLMOS; without it both go", async () => {
    const declared = { ...values, tags: ["a", "b"], prune: true };
    await project.setValues({ ...declared, options: { retainOnDelete: true } });
    const retaining = await project.up();
    expect(retaining.exitCode, retaining.output).toBe(0);
    const { uid } = (await object("models", "life-model")).metadata;
    const digest = await sha256Of("models/default/life-model/model.bin");
    await project.setProgram(program.replace(/const model = [^;]*;/, "").replace(/exports.model.*\n/, ""));
    const removed = await project.up();
    expect(removed.exitCode, removed.output).toBe(0);
    expect((await project.resources()).has("life-model")).toBe(false);
    const { metadata, status } = await object("models", "life-model");
    expect([metadata.uid, metadata.deletionTimestamp]).toEqual([uid, undefined]);
    expect(status.conditions[0]).toMatchObject({ type: "ready", status: "True" });
    expect(Object.keys(await objects("models/default/life-model"))).toEqual(["README.md", "model.bin"]);
    expect(await sha256Of("models/default/life-model/model.bin")).toBe(digest);
    // Its registry is in use, and stays.
    const stopped = await project.destroy();
    expect(stopped.exitCode).not.toBe(0);
    expect(stopped.output).toContain('The registry "models-life" is in use and is not deleted');
    // Declared again it is taken over as it is, and goes with its content.
    await project.setProgram(program);
    await project.setValues(declared);
    const again = await project.up("--refresh");
    expect(again.exitCode, again.output).toBe(0);
    expect((await object("models", "life-model")).metadata.uid).toBe(uid);
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await outside.named("models-life")).toEqual({ registries: [], secrets: [], buckets: [] });
});

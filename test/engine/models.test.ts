/**
 * Models, datasets and versions by the engine: what a person is told in the terminal, what the engine keeps in its state,
 * and what is left of a model by `retainOnDelete`. Their whole lives and all that may go wrong: integration/stored*.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { done, drifts, expectSettled } from "../support/plan";
import { Project } from "../support/project";
import { Registries } from "../support/registries";
import { wish } from "../support/wishes";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const KEPT = "models-life-kept";
const MODEL = "models/default/models-life-model";

/** A registry and what it stores; and a model in a registry of somebody else, which stays there. */
const life = `
const registry = new llmos.Registry("models-life", {
    endpoint: values.endpoint,
    bucket: { name: "models-life-bucket" },
    credentials: values.keys,
    cors: { unmanaged: true },
});
const model = new llmos.Model("models-life-model", {
    registry: registry.name,
    cardFile: "weights/README.md",
    metadata: { license: "apache-2.0", tags: values.tags },
    content: "weights",
    prune: true,
});
const dataset = new llmos.Dataset("models-life-data", { registry: registry.name, card: "Reviews" });
const first = new llmos.DatasetVersion("models-life-v1", { dataset: dataset.name, version: "v1", content: "reviews" });
new llmos.DatasetVersion("models-life-v2", {
    dataset: dataset.name,
    version: "v2",
    copyFrom: { version: first.version },
    publish: true,
});
new llmos.Model("${KEPT}", { registry: "${KEPT}", content: "weights" }, { retainOnDelete: true });
exports.model = pulumi.all([model.path, model.storageUri, model.size, model.fileCount, model.contentDigest]);
`;

/** A version whose publication fails first. */
const failing = `
const dataset = new llmos.Dataset("models-failing", { registry: "${KEPT}" });
new llmos.DatasetVersion("models-failing-v1", {
    dataset: dataset.name,
    version: "v1",
    content: "reviews",
    publish: true,
});
`;

let outside: Outside;
let registries: Registries;
let project: Project;

async function succeeds(running: ReturnType<Project["up"]>) {
    const run = await running;
    expect(run.exitCode, run.output).toBe(0);
    return run;
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    registries = new Registries(outside.ask);
    await outside.s3.send(new CreateBucketCommand({ Bucket: KEPT }));
    await registries.createSecret(KEPT, { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey });
    const config = { endpoint, bucket: KEPT, useSSL: true, accessCredentialSecretName: KEPT };
    await registries.create(KEPT, config);
    await registries.settled(KEPT, "True");
    project = await Project.create(sandbox, {
        program: life,
        values: { endpoint, keys: { accessKeyId, secretAccessKey }, tags: ["a"] },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    await mkdir(join(project.folder, "weights"));
    await mkdir(join(project.folder, "reviews"));
    await writeFile(join(project.folder, "weights", "README.md"), "# A model\n");
    await writeFile(join(project.folder, "weights", "model.bin"), "weights");
    await writeFile(join(project.folder, "reviews", "train.csv"), "a,b\n1,2\n");
});
afterAll(async () => {
    await project?.remove();
    await registries?.removeAll();
    outside?.s3.destroy();
});

test("preview tells files and bytes, up what it has sent; a change here and a drift there are told before one up sets both right", async () => {
    const preview = await succeeds(project.preview());
    expect(preview.output).toContain(
        `Model "models-life-model": 2 files (17 B) to send to ${MODEL}, and what prune`,
    );
    expect(preview.output).toContain(
        'DatasetVersion "models-life-data/v1": 1 file (8 B) to send to datasets/default/models-life-data/v1.',
    );
    expect((await outside.named("models-life-")).buckets).toEqual([KEPT]);

    const made = await succeeds(project.up());
    expect(made.output).toMatch(/Model "models-life-model": sent 2 files, 17 B, in \d/);
    const resources = await project.resources();
    expect(resources.get("models-life-v2")?.outputs["publishPhase"]).toBe("SnapshotReady");
    expect(resources.get("models-life-model")?.outputs).toMatchObject({
        path: MODEL,
        storageUri: `s3://models-life-bucket/${MODEL}`,
        size: 17,
        fileCount: 2,
    });

    await writeFile(join(project.folder, "weights", "README.md"), "# A better model\n");
    await project.setValues({ endpoint, keys: { accessKeyId, secretAccessKey }, tags: ["a", "b"] });
    await outside.put("models-life-bucket", `${MODEL}/added.txt`);
    const changed = await succeeds(project.preview("--refresh"));
    expect(drifts(changed)).toEqual(["refresh Model models-life-model: contentDrift, fileCount, size"]);
    expect(changed.output).toContain("added: added.txt");
    expect(changed.output).toMatch(
        /~ pulumi-nodejs:dynamic\/llmos:Model: \(update\)\n.*id=default\/models-life-model/,
    );
    expect(changed.output).toContain(
        `Model "models-life-model": 1 file (17 B) to send to ${MODEL}, 1 object to remove.`,
    );
    const up = await succeeds(project.up("--refresh"));
    expect(done(up).filter((each) => each.endsWith("-model"))).toEqual(["updated models-life-model"]);
    expect(up.output).toContain("sent 1 file, 17 B");
    expect(await outside.objects("models-life-bucket")).not.toContain(`${MODEL}/added.txt`);
    await expectSettled(project);
});

test("destroy takes all away, but for what is retained: the object and its content", async () => {
    const { uid } = (await outside.stored.get("models", KEPT)).metadata;
    await succeeds(project.destroy());
    const { metadata, status } = await outside.stored.get("models", KEPT);
    expect([metadata.uid, metadata.deletionTimestamp]).toEqual([uid, undefined]);
    expect(status.conditions[0]).toMatchObject({ type: "ready", status: "True" });
    expect(await outside.objects(KEPT)).toEqual(
        expect.arrayContaining([`models/default/${KEPT}/README.md`, `models/default/${KEPT}/model.bin`]),
    );
    expect((await project.resources()).size).toBe(0);
    expect(await outside.named("models-life")).toEqual({
        registries: [KEPT],
        secrets: [KEPT],
        buckets: [KEPT],
    });
    await outside.stored.remove("models", KEPT);
});

test("a publication that fails ends up with the operator's words, and is kept in the state for the next up", async () => {
    await wish(outside.ask, { "default.models-failing-v1.snapshot": "fail: no space left" });
    await project.setProgram(failing);
    const failed = await project.up();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(
        "LLMOS has not published the version. It says: Snapshotting: VolumeSnapshot failed: no space left",
    );
    const kept = (await project.resources()).get("models-failing-v1");
    expect([kept?.initErrors?.length, kept?.outputs["publishPhase"]]).toEqual([1, "Snapshotting"]);

    await wish(outside.ask, { "default.models-failing-v1.snapshot": null });
    expect(done(await succeeds(project.up()))).toEqual(["updated models-failing-v1"]);
    const healed = (await project.resources()).get("models-failing-v1");
    expect([healed?.initErrors, healed?.outputs["publishPhase"]]).toEqual([undefined, "SnapshotReady"]);
    await succeeds(project.destroy());
});

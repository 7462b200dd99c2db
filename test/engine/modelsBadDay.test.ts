/** Models and datasets where something is wrong: what is wrong is told before anything is touched, and nothing is lost. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { Outside } from "../support/outside";
import { done, expectSettled, planned } from "../support/plan";
import { Project } from "../support/project";
import { Recorder } from "../support/recorder";
import { wish } from "../support/wishes";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const API = "/apis/ml.llmos.ai/v1";

const program = `
const registries = Object.fromEntries(values.registries.map(([name, endpoint]) => [name, new llmos.Registry(name, {
    endpoint,
    bucket: { name: name + "-bucket", forceDestroy: true },
    credentials: values.keys,
    cors: { unmanaged: true },
})]));
for (const [name, { in: registry, ...args }] of Object.entries(values.models)) {
    new llmos.Model(name, { registry: registries[registry]?.name ?? registry, ...args });
}
const datasets = Object.fromEntries(Object.entries(values.datasets ?? {}).map(([name, { in: registry }]) =>
    [name, new llmos.Dataset(name, { registry: registries[registry].name })]));
for (const [name, args] of Object.entries(values.versions ?? {})) {
    new llmos.DatasetVersion(name, { ...args, dataset: datasets[args.dataset]?.name ?? args.dataset });
}
`;

let recorder: Recorder;
let outside: Outside;
let project: Project;
let base: { registries: [string, string][]; keys: object };

const declare = (models: object, versions = {}, datasets = {}) =>
    project.setValues({ ...base, models, versions, datasets });

async function keysIn(bucket: string): Promise<string[]> {
    const { Contents = [] } = await outside.s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = "" }) => Key).filter((key) => !key.startsWith(".pulumi-llmos/"));
}

async function succeeds(running: ReturnType<Project["up"]>) {
    const run = await running;
    expect(run.exitCode, run.output).toBe(0);
    return run;
}

beforeAll(async () => {
    recorder = await Recorder.beforeS3(sandbox);
    outside = await Outside.of(sandbox);
    base = {
        registries: [
            ["badday-one", `localhost:${recorder.port}`],
            ["badday-two", endpoint],
        ],
        keys: { accessKeyId, secretAccessKey },
    };
    project = await Project.create(sandbox, {
        program,
        values: { ...base, models: {} },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    await mkdir(join(project.folder, "content"));
    await writeFile(join(project.folder, "content", "weights.bin"), "weights");
    await succeeds(project.up());
    await outside.stored.create("models", "badday-taken", { registry: "badday-two" });
});
afterAll(async () => {
    vi.unstubAllEnvs();
    await project?.remove();
    await recorder?.stop();
    outside?.s3.destroy();
});

test.each([
    [
        { "badday-x": { in: "badday-two", content: "no-such-folder" } },
        {},
        'The content "no-such-folder" does not exist',
    ],
    [
        { "badday-x": { in: "badday-two", cardFile: "no-such.md" } },
        {},
        'The card "no-such.md" cannot be read (ENOENT)',
    ],
    [{ "badday-x": { in: "badday-nowhere" } }, {}, 'The Registry "badday-nowhere" does not exist'],
    [
        { "badday-x": { in: "badday-two", namespace: "badday-no" } },
        {},
        'The namespace "badday-no" does not exist',
    ],
    [
        { "badday-taken": { in: "badday-two" } },
        {},
        'A Model "badday-taken" exists already; it was made by someone else',
    ],
    [{}, { "badday-x": { dataset: "badday-no", version: "v1" } }, 'The Dataset "badday-no" does not exist'],
    [
        {},
        { "badday-x": { dataset: "badday-no", version: "v1", publish: true } },
        "publish is set, and neither content nor copyFrom",
    ],
])("what is wrong is told at preview: %j %j", async (models, versions, words) => {
    await declare(models, versions);
    const { exitCode, output } = await project.preview();
    expect(exitCode).not.toBe(0);
    expect(output).toContain(words);
});

test("LLMOS's own refusal is told at once, in its words", async () => {
    // Refused by the rule that the registry of a model may not be changed: adopting does not go around it.
    await declare({ "badday-taken": { in: "badday-one", adopt: true } });
    const { exitCode, output } = await project.up();
    expect(exitCode).not.toBe(0);
    await outside.stored.remove("models", "badday-taken");
    expect(output).toContain(
        "The cluster's rules do not let this update: registry field cannot be modified once set",
    );
});

test("a model that the operator cannot make ready fails with its words, is kept, and repaired by the next up", async () => {
    const s3Config = {
        useSSL: true,
        endpoint,
        bucket: "badday-later",
        accessCredentialSecretName: "badday-two-credentials",
    };
    await outside.expect(201, "POST", `${API}/registries`, {
        apiVersion: "ml.llmos.ai/v1",
        kind: "Registry",
        metadata: { name: "badday-broken" },
        spec: { backendType: "S3", s3Config },
    });
    const args = {
        in: "badday-broken",
        content: "content",
        timeouts: { graceSeconds: 1, deleteSeconds: 60 },
    };
    await declare({ "badday-model": args });
    const failed = await project.up();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain("The LLMOS operator cannot make it ready. It says: ");
    expect(failed.output).toContain("bucket badday-later does not exist");
    expect((await project.resources()).get("badday-model")?.initErrors).toHaveLength(1);

    await outside.s3.send(new CreateBucketCommand({ Bucket: "badday-later" }));
    await declare({ "badday-model": { ...args, timeouts: { graceSeconds: 60, deleteSeconds: 60 } } });
    await succeeds(project.up());
    expect(await keysIn("badday-later")).toContain("models/default/badday-model/weights.bin");
    await declare({});
    await succeeds(project.up());
    expect(await keysIn("badday-later")).toEqual([]);
    await outside.expect(200, "DELETE", `${API}/registries/badday-broken`);
});

test("another registry is a replacement, the old one first; content that is not declared stops it", async () => {
    await declare({
        "badday-moved": { in: "badday-one", content: "content" },
        "badday-filled": { in: "badday-one" },
    });
    await succeeds(project.up());
    await outside.put("badday-one-bucket", "models/default/badday-filled/uploaded-by-hand.bin");
    await declare({
        "badday-moved": { in: "badday-two", content: "content" },
        "badday-filled": { in: "badday-two" },
    });
    const refused = await project.preview();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain(
        'Model "badday-filled" would be replaced, and 1 object deleted that this program cannot store again (uploaded-by-hand.bin)',
    );
    await declare({
        "badday-moved": { in: "badday-two", content: "content" },
        "badday-filled": { in: "badday-one" },
    });
    expect(await planned(project)).toEqual(["replace Model badday-moved"]);
    expect(done(await succeeds(project.up()))).toEqual([
        "deleted original badday-moved",
        "created replacement badday-moved",
    ]);
    expect(await keysIn("badday-two-bucket")).toContain("models/default/badday-moved/weights.bin");
    expect(await keysIn("badday-one-bucket")).not.toContain("models/default/badday-moved/weights.bin");
    await expectSettled(project);
});

test("a publication that fails ends up with the operator's words, is a change, and is healed by the next up", async () => {
    const datasets = { "badday-data": { in: "badday-two" } };
    const version = { dataset: "badday-data", version: "v1", content: "content", publish: true };
    await wish(outside.ask, { "default.badday-v1.snapshot": "fail: no space left" });
    await declare({}, { "badday-v1": version }, datasets);
    const failed = await project.up();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(
        "LLMOS has not published the version. It says: Snapshotting: VolumeSnapshot failed: no space left",
    );
    const kept = (await project.resources()).get("badday-v1");
    expect([kept?.initErrors?.length, kept?.outputs["publishPhase"]]).toEqual([1, "Snapshotting"]);
    // The models of the test before are no longer declared, and this up did not come to delete them.
    expect(await planned(project)).toContain("update DatasetVersion badday-v1");

    await wish(outside.ask, { "default.badday-v1.snapshot": null });
    const healed = await succeeds(project.up());
    expect(done(healed)).toContain("updated badday-v1");
    const phase = (await outside.stored.get("datasetversions", "badday-v1")).status.publishStatus.phase;
    expect(phase).toBe("SnapshotReady");
    await expectSettled(project);

    await writeFile(join(project.folder, "content", "weights.bin"), "other weights");
    const refused = await project.preview();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain(
        'DatasetVersion "badday-data/v1" is published, and its content would change',
    );
    await declare({}, { "badday-v1": { ...version, republish: true } }, datasets);
    await succeeds(project.up());
    await expectSettled(project);
    await declare({});
    await succeeds(project.up());
});

test("an object that somebody else has made in place of ours is not changed without adopt", async () => {
    await declare({ "badday-remade": { in: "badday-two", content: "content" } });
    await succeeds(project.up());
    await outside.stored.remove("models", "badday-remade");
    await outside.stored.create("models", "badday-remade", { registry: "badday-two" });
    const before = await outside.stored.settled("models", "badday-remade");
    await declare({ "badday-remade": { in: "badday-two", content: "content", card: "ours" } });
    const refused = await project.up();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain(
        'The Model "badday-remade" is not the one in the stack: it was made, or taken over, by someone else',
    );
    expect(await outside.stored.get("models", "badday-remade")).toEqual(before);
    await outside.stored.remove("models", "badday-remade");
    await declare({});
    await succeeds(project.up("--refresh"));
});

test("a store out of reach fails a refresh and a preview, and leaves the state as it was; forgetting is on demand", async () => {
    await declare({ "badday-filled": { in: "badday-one", content: "content" } });
    await succeeds(project.up());
    const held = async () => {
        const { id, inputs, outputs } = (await project.resources()).get("badday-filled") ?? {};
        return JSON.stringify({ id, inputs, outputs });
    };
    const before = await held();
    await recorder.stop();
    for (const command of [() => project.refresh("--target", "**badday-filled"), () => project.preview()]) {
        const run = await command();
        expect(run.exitCode).not.toBe(0);
        expect(run.output).toContain("The S3 endpoint refuses the connection: nothing listens there");
    }
    expect(await held()).toBe(before);
    vi.stubEnv("PULUMI_LLMOS_DELETE_UNREACHABLE", "true");
    const refreshed = await succeeds(project.refresh());
    expect(refreshed.output).toContain("Model default/badday-filled is forgotten without a look at it");
    // Its finalizer waits for a bucket that will not come back.
    await outside.stored.startRemoval("models", "badday-filled");
    await outside.stored.change("models", "badday-filled", { metadata: { finalizers: null } });
    await succeeds(project.destroy());
});

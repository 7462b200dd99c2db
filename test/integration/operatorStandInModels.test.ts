import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Outside } from "../support/outside";
import { Registries } from "../support/registries";
import { finalizers, type StoredObjects } from "../support/storedObjects";
import { createBucket } from "../support/stores";

// What the real operator does for what is stored in a registry (what was not run, from
// its source).
const sandbox = inject("sandbox");
const { s3 } = sandbox;
const bucket = "stand-in-content";
const registry = "stored";
const condition = { type: "ready", status: "True", lastUpdateTime: expect.stringMatching(/Z$/) };

let outside: Outside;
let registries: Registries;
let objects: StoredObjects;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    registries = new Registries(outside.ask);
    objects = outside.stored;
    await createBucket(s3.url, s3, bucket, s3.caBundle);
    await makeRegistry(registry, bucket);
});

afterAll(async () => {
    await objects?.removeAll();
    await registries?.removeAll();
    outside?.s3.destroy();
});

async function makeRegistry(name: string, bucket: string): Promise<void> {
    const keys = { accessKeyID: s3.accessKeyId, accessKeySecret: s3.secretAccessKey };
    await registries.createSecret(name, keys);
    await remakeRegistry(name, bucket);
}

/** With the Secret that it had. */
async function remakeRegistry(name: string, bucket: string): Promise<void> {
    const { endpoint } = s3;
    await registries.create(name, { endpoint, bucket, useSSL: true, accessCredentialSecretName: name });
    await registries.settled(name);
}

async function keysUnder(prefix: string): Promise<string[]> {
    return (await outside.objects(bucket)).filter((key) => key.startsWith(prefix));
}

describe.each(["models", "datasets"] as const)("the stand-in's %s", (plural) => {
    it("are given a path, a directory in the bucket, a finalizer, and a condition without more than that", async () => {
        await objects.create(plural, "first", { registry });
        const { status, metadata } = await objects.settled(plural, "first");
        expect(status).toEqual({ path: `${plural}/default/first`, conditions: [condition] });
        expect(metadata.finalizers).toEqual([finalizers[plural]]);
        expect(await keysUnder(`${plural}/default/first`)).toEqual([`${plural}/default/first/`]);
    });

    it("get no directory where there is content already", async () => {
        await outside.put(bucket, `${plural}/default/filled/part/weights`);
        await objects.create(plural, "filled", { registry });
        await objects.settled(plural, "filled");
        expect(await keysUnder(`${plural}/default/filled`)).toEqual([
            `${plural}/default/filled/part/weights`,
        ]);
    });

    it("take their content with them, and nobody else's", async () => {
        await outside.put(bucket, `${plural}/default/first/weights`);
        await outside.put(bucket, `${plural}/default/first/part/weights`);
        await outside.put(bucket, `${plural}/default/first-of-all/weights`);
        await objects.remove(plural, "first");
        expect(await keysUnder(`${plural}/default/first`)).toEqual([
            `${plural}/default/first-of-all/weights`,
        ]);
    });

    it("are given their finalizer again when it is taken off", async () => {
        await objects.create(plural, "kept", { registry });
        const { status } = await objects.settled(plural, "kept");
        await objects.change(plural, "kept", { metadata: { finalizers: null } });
        expect((await objects.settled(plural, "kept")).status).toEqual(status);
    });

    it("say what hinders them, and are tried again until nothing does", async () => {
        const missing = `${plural}-later`;
        await makeRegistry(missing, missing);
        await objects.create(plural, "early", { registry: missing });
        const { status } = await objects.settled(plural, "early", "False");
        const message = `failed to create backend client: bucket ${missing} does not exist`;
        expect(status).toEqual({ conditions: [{ ...condition, status: "False", message }] });
        // The operator's own writing sets off no look any more.
        await sleep(500);
        await createBucket(s3.url, s3, missing, s3.caBundle);
        expect((await objects.settled(plural, "early")).status).toEqual({
            path: `${plural}/default/early`,
            conditions: [condition],
        });
    });

    it("whose registry goes stay ready until they change, hang when deleted, and go once it is back", async () => {
        const lost = `${plural}-lost`;
        await makeRegistry(lost, bucket);
        await objects.create(plural, "orphan", { registry: lost });
        await objects.settled(plural, "orphan");
        await objects.caughtUp(plural, lost);
        const before = await objects.get(plural, "orphan");
        await registries.remove(lost);
        expect(await objects.get(plural, "orphan")).toEqual(before);

        await objects.nudge(plural, "orphan");
        const reason = `get registry ${lost} failed: registries.ml.llmos.ai "${lost}" not found`;
        await objects.says(plural, "orphan", `failed to create backend client: ${reason}`);
        await objects.startRemoval(plural, "orphan");
        await sleep(1000);
        expect((await objects.get(plural, "orphan")).metadata.finalizers).toEqual([finalizers[plural]]);
        expect(await keysUnder(`${plural}/default/orphan`)).toEqual([`${plural}/default/orphan/`]);

        await remakeRegistry(lost, bucket);
        await objects.gone(plural, "orphan");
        expect(await keysUnder(`${plural}/default/orphan`)).toEqual([]);
    });

    it("that never had a path are let go, registry or not", async () => {
        const never = `${plural}-never`;
        await makeRegistry(never, never);
        await objects.create(plural, "pathless", { registry: never });
        await objects.settled(plural, "pathless", "False");
        await registries.remove(never);
        await objects.remove(plural, "pathless");
    });
});

describe("the stand-in's datasetversions", () => {
    const root = "datasets/default/texts";
    const versionsOf = async (dataset: string) => (await objects.get("datasets", dataset)).status.versions;

    beforeAll(async () => {
        await objects.create("datasets", "texts", { registry });
        await objects.settled("datasets", "texts");
    });

    it("have a directory within that of their dataset, which lists them", async () => {
        await objects.create("datasetversions", "texts-v1", { dataset: "texts", version: "v1" });
        const { status, spec } = await objects.settled("datasetversions", "texts-v1");
        expect(status).toEqual({
            registry,
            rootPath: `${root}/v1`,
            publishStatus: {},
            conditions: [condition],
        });
        // What Go's types write although nobody has set it.
        expect(spec).toEqual({ dataset: "texts", version: "v1", publish: false });
        expect(await keysUnder(`${root}/v1`)).toEqual([`${root}/v1/`]);
        expect(await versionsOf("texts")).toEqual([{ version: "v1", objectName: "texts-v1" }]);
    });

    it("copy the content of another version", async () => {
        await outside.put(bucket, `${root}/v1/train/part 1.txt`);
        await outside.put(bucket, `${root}/v1/test.txt`);
        const copyFrom = { namespace: "default", dataset: "texts", version: "v1" };
        await objects.create("datasets", "copies", { registry });
        await objects.settled("datasets", "copies");
        await objects.create("datasetversions", "copies-v2", { dataset: "copies", version: "v2", copyFrom });
        await objects.settled("datasetversions", "copies-v2");
        const copied = "datasets/default/copies/v2";
        expect(await keysUnder(copied)).toEqual([
            `${copied}/`,
            `${copied}/test.txt`,
            `${copied}/train/part 1.txt`,
        ]);
    });

    it("say what hinders the copy", async () => {
        const create = (name: string, copyFrom: object) =>
            objects.create("datasetversions", name, { dataset: "texts", version: name, copyFrom });
        await create("from-nowhere", { namespace: "other", dataset: "none", version: "v1" });
        await create("from-nothing", { namespace: "default", dataset: "texts", version: "v9" });
        const missing = 'get dataset other/none failed: datasets.ml.llmos.ai "none" not found';
        await objects.says("datasetversions", "from-nowhere", `copy failed: ${missing}`);
        const absent = "copy failed: version v9 of dataset default/texts not found";
        await objects.says("datasetversions", "from-nothing", absent);
        const { status } = await objects.get("datasetversions", "from-nothing");
        expect(status).toMatchObject({ registry, rootPath: `${root}/from-nothing`, publishStatus: {} });
        expect(await versionsOf("texts")).toEqual([{ version: "v1", objectName: "texts-v1" }]);
    });

    it("wait for their dataset", async () => {
        await makeRegistry("dataset-later", "dataset-later");
        await objects.create("datasets", "later", { registry: "dataset-later" });
        await objects.settled("datasets", "later", "False");
        await objects.create("datasetversions", "later-v1", { dataset: "later", version: "v1" });
        await objects.says("datasetversions", "later-v1", "dataset default/later is not ready");
        const { status } = await objects.get("datasetversions", "later-v1");
        expect(status).toMatchObject({ registry: "", rootPath: "", publishStatus: {} });
        await createBucket(s3.url, s3, "dataset-later", s3.caBundle);
        await objects.settled("datasetversions", "later-v1");
    });

    it("are published once there is something to publish, and are no longer when that is taken back", async () => {
        const copyFrom = { namespace: "default", dataset: "texts", version: "v1" };
        const spec = { dataset: "copies", version: "v3", copyFrom, publish: true };
        await objects.create("datasetversions", "published", spec);
        const publishStatus = async () =>
            (await objects.get("datasetversions", "published")).status?.publishStatus;
        await expect.poll(publishStatus, { timeout: 20_000 }).toEqual({
            phase: "SnapshotReady",
            message: "VolumeSnapshot is ready",
            lastTransitionTime: expect.stringMatching(/Z$/),
            pvcName: "published",
            jobName: "published",
            snapshotName: "published",
        });
        await objects.change("datasetversions", "published", { spec: { publish: false } });
        await expect.poll(publishStatus).toEqual({});
        expect((await objects.get("datasetversions", "published")).status.conditions).toEqual([condition]);
    });

    it("are not published as long as they are empty", async () => {
        const create = (name: string, more: object) =>
            objects.create("datasetversions", name, { dataset: "copies", version: name, ...more });
        await create("empty", {});
        await objects.settled("datasetversions", "empty");
        const copyFrom = { namespace: "default", dataset: "copies", version: "empty" };
        await create("empty-too", { copyFrom, publish: true });
        await objects.settled("datasetversions", "empty-too");
        await sleep(1000);
        const { status } = await objects.get("datasetversions", "empty-too");
        expect(status.publishStatus).toEqual({});
        expect(status.conditions).toEqual([condition]);
    });

    it("take their content with them, and their entry in the dataset", async () => {
        await objects.remove("datasetversions", "texts-v1");
        expect(await keysUnder(`${root}/v1`)).toEqual([]);
        expect(await versionsOf("texts")).toBeUndefined();
        expect((await objects.get("datasets", "texts")).status.conditions).toEqual([condition]);
    });

    it("go without their dataset too", async () => {
        await objects.remove("datasets", "copies");
        await objects.remove("datasetversions", "copies-v2");
        expect(await keysUnder("datasets/default/copies/v2")).toEqual([]);
    });
});

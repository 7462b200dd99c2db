/** Content that is not one object's alone: LLMOS deletes it with the object, so that the object stays. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { startStandInOperator } from "../../examples/sandbox/operator";
import { realContext } from "../../provider/lifecycle/context";
import { dataset } from "../../provider/resources/dataset/lifecycle";
import { datasetVersion } from "../../provider/resources/datasetVersion/lifecycle";
import { model } from "../../provider/resources/model/lifecycle";
import { kubeRequests } from "../support/kubeRequest";
import { Registries } from "../support/registries";
import { StoredObjects } from "../support/storedObjects";
import { StoredScene } from "../support/storedScene";

const sandbox = inject("sandbox");
const NAME = "shared-content";

let scene: StoredScene;

beforeAll(async () => {
    scene = await StoredScene.open(sandbox, NAME);
});
afterAll(() => scene?.close());

test("a dataset below which something lies that is none of its versions' is not deleted", async () => {
    const run = scene.run(dataset);
    expect((await run.up({ name: "shared-data", registry: NAME })).failure).toBe(undefined);
    const key = "datasets/default/shared-data/v1/by-hand.bin";
    await scene.outside.put(NAME, key);
    const { failure } = await run.destroy();
    expect(failure).toMatchObject({
        code: "content-lost",
        found: 'The Dataset "shared-data" is not deleted: 1 object below it belongs to none of its versions (v1/by-hand.bin)',
        where: `s3://${NAME}/datasets/default/shared-data`,
    });
    expect(await scene.outside.stored.settled("datasets", "shared-data")).toBeDefined();
    expect(await scene.outside.objects(NAME)).toContain(key);
    await scene.outside.remove(NAME, key);
    expect((await run.destroy()).failure).toBe(undefined);
});

test("what lies below a dataset and may not be listed is not deleted", async () => {
    const run = scene.run(dataset);
    expect((await run.up({ name: "shared-unseen", registry: NAME })).failure).toBe(undefined);
    const key = "datasets/default/shared-unseen/v1/by-hand.bin";
    await scene.outside.put(NAME, key);
    await scene.registries.changeSecret(NAME, { accessKeySecret: "wrong" });
    expect((await run.destroy()).failure?.code).toBe("wrong-secret");
    await scene.registries.changeSecret(NAME, { accessKeySecret: sandbox.s3.secretAccessKey });
    expect(await scene.outside.objects(NAME)).toContain(key);
    expect(await scene.outside.stored.settled("datasets", "shared-unseen")).toBeDefined();
    await scene.outside.remove(NAME, key);
    expect((await run.destroy()).failure).toBe(undefined);
});

test("what is replaced by an object of another cluster with its content in the same place stays, and says why", async () => {
    const other = await startSandbox({ objectStore: false, operator: false, engine: false });
    let operator: { stop(): Promise<void> } | undefined;
    try {
        operator = await startStandInOperator({
            folder: other.folder,
            kubeconfigFile: other.kubeconfigFile,
            s3CaBundle: sandbox.s3.caBundle,
        });
        await moveFrom(other);
    } finally {
        await operator?.stop();
        await other.stop();
    }
});

async function moveFrom(other: Sandbox) {
    const { endpoint, accessKeyId, secretAccessKey, caBundle } = sandbox.s3;
    const ask = await kubeRequests(other.kubeconfigFile);
    const registries = new Registries(ask);
    await registries.createSecret(NAME, { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey });
    const config = { endpoint, bucket: NAME, useSSL: true, accessCredentialSecretName: NAME };
    await registries.create(NAME, config);
    await registries.settled(NAME, "True", 20_000);
    await scene.write("weights.bin", "weights");
    const content = scene.folder;
    const warnings: string[] = [];
    const log = { info: async () => {}, warn: async (line: string) => void warnings.push(line) };
    const there = { cluster: { kubeconfig: other.kubeconfigFile } };
    const here = { cluster: { kubeconfig: scene.kubeconfig } };

    const moved = { name: "shared-model", registry: NAME, owner: "p/s/model", content };
    const data = { name: "shared-moved", registry: NAME, owner: "p/s/data" };
    const version = { name: "shared-v1", dataset: "shared-moved", version: "v1", owner: "p/s/v1", content };
    const before = realContext({ caBundle }, log);
    const former = {
        model: await model.create(before, { ...moved, ...there }),
        data: await dataset.create(before, { ...data, ...there }),
        version: await datasetVersion.create(before, { ...version, ...there }),
    };
    // One process makes what replaces them, and deletes them then.
    const after = realContext({ caBundle }, log);
    await model.create(after, { ...moved, ...here });
    await dataset.create(after, { ...data, ...here });
    const { id, state } = await datasetVersion.create(after, { ...version, ...here });
    await datasetVersion.delete(after, former.version.id, former.version.state);
    await dataset.delete(after, former.data.id, former.data.state);
    await model.delete(after, former.model.id, former.model.state);
    for (const [what, path] of [
        ["Model", "models/default/shared-model"],
        ["Dataset", "datasets/default/shared-moved"],
        ["DatasetVersion", "datasets/default/shared-moved/v1"],
    ]) {
        expect(warnings).toContainEqual(
            expect.stringMatching(`^The ${what} ".*" is kept in the cluster .* \\(s3://${NAME}/${path}\\)`),
        );
    }
    await sleep(1_000);
    const stored = new StoredObjects(ask);
    for (const [plural, name] of [
        ["models", "shared-model"],
        ["datasets", "shared-moved"],
        ["datasetversions", "shared-v1"],
    ] as const) {
        const { metadata } = (await stored.get(plural, name)) ?? {};
        expect(metadata, name).toMatchObject({ name });
        expect(metadata.deletionTimestamp, name).toBe(undefined);
    }
    for (const path of ["models/default/shared-model", "datasets/default/shared-moved/v1"]) {
        expect(Object.keys(await scene.hashes(path))).toContain("weights.bin");
    }
    // In another run nothing replaces it any more: it goes as usual.
    await datasetVersion.delete(realContext({ caBundle }, log), id, state);
    expect(await scene.hashes("datasets/default/shared-moved/v1")).toEqual({});
}

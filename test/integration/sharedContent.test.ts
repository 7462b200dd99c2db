/** Content that is not one object's alone: LLMOS deletes it with the object, so that the object stays. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { startStandInOperator } from "../../examples/sandbox/operator";
import { manifestKey } from "../../provider/content/manifest";
import type { Properties } from "../../provider/lifecycle";
import { realContext } from "../../provider/lifecycle/context";
import * as driver from "../../provider/lifecycle/driver";
import { LIFECYCLES } from "../../provider/resources";
import { dataset } from "../../provider/resources/dataset/lifecycle";
import { datasetVersion } from "../../provider/resources/datasetVersion/lifecycle";
import { model } from "../../provider/resources/model/lifecycle";
import { kubeRequests } from "../support/kubeRequest";
import { Registries } from "../support/registries";
import { StoredObjects } from "../support/storedObjects";
import { StoredScene } from "../support/storedScene";
import { testCache } from "../support/testCache";

const sandbox = inject("sandbox");
const NAME = "shared-content";

const silent = { info: async () => {}, warn: async () => {} };

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

test("a model at whose place objects of others lie is not made: deleting it would take them along", async () => {
    await scene.write("weights.bin", "ours");
    const key = "models/default/shared-taken/weights.bin";
    await scene.outside.put(NAME, key);
    const before = await scene.hashes("models/default/shared-taken");
    const run = scene.run(model);
    const args = { name: "shared-taken", registry: NAME, content: scene.folder };
    const found = 'The place of Model "shared-taken" holds 1 object that it has not stored (weights.bin)';
    expect((await run.preview(args)).failure).toMatchObject({ code: "content-taken", found });
    // Without content it is the same: what lies there goes with the object.
    const { content: _content, ...undeclared } = args;
    expect((await run.preview(undeclared)).failure).toMatchObject({ code: "content-taken", found });
    // Preview could not know: the registry was still to be made.
    const context = realContext(
        { kubeconfig: scene.kubeconfig, caBundle: sandbox.s3.caBundle },
        silent,
        undefined,
        testCache(),
    );
    await expect(model.create(context, args)).rejects.toThrow(found);
    await expect(model.create(context, undeclared)).rejects.toThrow(found);
    expect(await scene.outside.stored.get("models", "shared-taken")).toBeUndefined();
    expect(await scene.hashes("models/default/shared-taken")).toEqual(before);
    expect((await run.up({ ...args, adopt: true })).failure).toBeUndefined();
    expect(await scene.hashes("models/default/shared-taken")).not.toEqual(before);
    // Deleted and made again, by whomever: LLMOS has deleted the content with the object.
    expect((await run.destroy()).failure).toBeUndefined();
    expect((await run.up(args)).failure).toBeUndefined();
    await scene.outside.stored.remove("models", "shared-taken");
    await run.refresh();
    expect(run.state).toBeUndefined();
    expect((await run.up(args)).failure).toBeUndefined();
    expect((await run.up(args)).changes).toEqual([]);
    expect((await run.destroy()).failure).toBeUndefined();
});

test("an object whose content another one has taken over is kept", async () => {
    await scene.write("weights.bin", "ours");
    const run = scene.run(model);
    const args = { name: "shared-lost", registry: NAME, content: scene.folder };
    expect((await run.up(args)).failure).toBeUndefined();
    const path = "models/default/shared-lost";
    const theirs = { version: 2, owner: { cluster: "there", uid: "2" }, files: [], copied: [] };
    await scene.outside.put(NAME, manifestKey(path), JSON.stringify(theirs));
    expect((await run.up({ ...args, card: "other" })).failure?.code).toBe("content-taken");
    const { failure, warnings } = await run.destroy();
    expect(failure).toBeUndefined();
    expect(warnings.join("\n")).toContain(
        `is no longer in the stack: an object, in the cluster there has its content in the same place (s3://${NAME}/${path})`,
    );
    expect(
        (await scene.outside.stored.get("models", "shared-lost")).metadata.deletionTimestamp,
    ).toBeUndefined();
    expect(Object.keys(await scene.hashes(path))).toContain("weights.bin");
    await scene.outside.stored.startRemoval("models", "shared-lost");
    await scene.outside.stored.gone("models", "shared-lost");
});

test("what LLMOS has copied into a version belongs to it: prune leaves it, whatever becomes of the source", async () => {
    const args = { registry: NAME, name: "shared-copies" };
    const runs = {
        data: scene.run(dataset),
        first: scene.run(datasetVersion),
        second: scene.run(datasetVersion),
    };
    await scene.write("weights.bin", "first");
    await scene.write("labels.csv", "first");
    const of = { dataset: "shared-copies" };
    const first = { ...of, name: "shared-copies-1", version: "v1", content: scene.folder };
    expect((await runs.data.up(args)).failure).toBeUndefined();
    expect((await runs.first.up(first)).failure).toBeUndefined();
    const copied = await scene.hashes("datasets/default/shared-copies/v1");
    await scene.remove("labels.csv");
    await scene.write("weights.bin", "other");
    const second = {
        ...first,
        name: "shared-copies-2",
        version: "v2",
        copyFrom: { version: "v1" },
        prune: true,
    };
    expect((await runs.second.up(second)).failure).toBeUndefined();
    const path = "datasets/default/shared-copies/v2";
    const expected = async () => {
        const { "weights.bin": weights, "labels.csv": labels, ...rest } = await scene.hashes(path);
        expect(labels).toBe(copied["labels.csv"]);
        expect(weights).not.toBe(copied["weights.bin"]);
        expect(Object.keys(rest).filter((name) => name !== "")).toEqual([]);
    };
    await expected();
    expect(runs.second.state).toMatchObject({ fileCount: 2, contentDrift: [] });
    expect((await runs.second.up(second)).changes).toEqual([]);
    expect((await runs.first.destroy()).failure).toBeUndefined();
    await scene.write("weights.bin", "third");
    const { infos, failure } = await runs.second.up(second);
    expect(failure).toBeUndefined();
    expect(infos.join("\n")).not.toContain("to remove");
    await expected();
    for (const run of [runs.second, runs.data]) {
        expect((await run.destroy()).failure).toBeUndefined();
    }
});

test("LLMOS is not made to copy over what others have at the place of a new version", async () => {
    const runs = {
        data: scene.run(dataset),
        first: scene.run(datasetVersion),
        copy: scene.run(datasetVersion),
    };
    await scene.write("weights.bin", "first");
    const of = { dataset: "shared-over" };
    const first = { ...of, name: "shared-over-1", version: "v1", content: scene.folder };
    const copy = { ...of, name: "shared-over-2", version: "v2", copyFrom: { version: "v1" } };
    expect((await runs.data.up({ registry: NAME, name: "shared-over" })).failure).toBeUndefined();
    expect((await runs.first.up(first)).failure).toBeUndefined();
    const key = "datasets/default/shared-over/v2/weights.bin";
    await scene.outside.put(NAME, key);
    const found =
        'The place of DatasetVersion "shared-over/v2" holds 1 object that it has not stored (weights.bin)';
    expect((await runs.copy.preview(copy)).failure).toMatchObject({ code: "content-taken", found });
    const context = realContext(
        { kubeconfig: scene.kubeconfig, caBundle: sandbox.s3.caBundle },
        silent,
        undefined,
        testCache(),
    );
    await expect(datasetVersion.create(context, copy)).rejects.toThrow(found);
    expect(await scene.outside.stored.get("datasetversions", "shared-over-2")).toBeUndefined();
    await scene.outside.remove(NAME, key);
    expect((await runs.copy.up(copy)).failure).toBeUndefined();
    expect((await runs.copy.up(copy)).changes).toEqual([]);
    for (const run of [runs.copy, runs.first, runs.data]) {
        expect((await run.destroy()).failure).toBeUndefined();
    }
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
    const before = realContext({ caBundle }, log, undefined, testCache());
    const former = {
        model: await model.create(before, { ...moved, ...there }),
        data: await dataset.create(before, { ...data, ...there }),
        version: await datasetVersion.create(before, { ...version, ...there }),
    };
    // One process makes what replaces them, and deletes them then.
    const after = realContext({ caBundle }, log, undefined, testCache());
    const replace = async (kind: string, inputs: Properties) => {
        const lifecycle = LIFECYCLES[kind]!;
        const { clusterId } = former.model.state;
        const checked = await driver.check(
            lifecycle,
            after,
            { ...inputs, ...there, clusterId },
            { ...inputs, ...here },
        );
        expect(checked.failures).toEqual([]);
        return await driver.create(lifecycle, after, checked.inputs ?? {});
    };
    await replace("Model", moved);
    await replace("Dataset", data);
    const { id, outputs } = await replace("DatasetVersion", version);
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
    await driver.remove(
        LIFECYCLES["DatasetVersion"]!,
        realContext({ caBundle }, log, undefined, testCache()),
        id,
        outputs,
    );
    expect(await scene.hashes("datasets/default/shared-moved/v1")).toEqual({});
}

/** What is declared of a model or a dataset, and what the cluster says of it, come together again. */

import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Dataset, DatasetVersion, Model } from "../../provider";
import { DEFAULT_ANNOTATION } from "../../provider/llmos/objects";
import { dataset } from "../../provider/resources/dataset/lifecycle";
import { model } from "../../provider/resources/model/lifecycle";
import { MOST_CARD_BYTES } from "../../provider/resources/stored/card";
import { reworded } from "../support/faults";
import { StackStandIn } from "../support/stackStandIn";
import { StoredScene } from "../support/storedScene";

const sandbox = inject("sandbox");
const NAME = "amended";

let scene: StoredScene;
beforeAll(async () => {
    scene = await StoredScene.open(sandbox, NAME);
});
afterAll(() => scene?.close());

test("the storage URI of a model and of a dataset is that of the bucket in which their registry stores now", async () => {
    const runs = { models: scene.run(model), datasets: scene.run(dataset) };
    for (const run of Object.values(runs)) {
        expect((await run.up({ name: "moved", registry: NAME })).failure).toBeUndefined();
    }
    await scene.outside.s3.send(new CreateBucketCommand({ Bucket: `${NAME}-2` }));
    await scene.registries.change(NAME, { spec: { s3Config: { bucket: `${NAME}-2` } } });
    for (const [kind, run] of Object.entries(runs)) {
        expect(run.state?.storageUri).toBe(`s3://${NAME}/${kind}/default/moved`);
        await run.refresh();
        expect(run.state?.storageUri).toBe(`s3://${NAME}-2/${kind}/default/moved`);
        expect((await run.destroy()).failure).toBeUndefined();
    }
});

test("with reachability off a content settles: its registry is the one that its object names", async () => {
    await scene.write("weights.bin", "weights");
    // The flag of the shared cluster is other tests': this proxy shows it on the registry of this one.
    scene.recorder.faults.set(
        reworded((text) => JSON.stringify(JSON.parse(text), withDefault)),
        Number.POSITIVE_INFINITY,
        /^GET \S*\/v1\/registries(\?|$)/,
    );
    const stack = new StackStandIn(sandbox, { kubeconfig: scene.kubeconfig });
    const off = { content: scene.folder, reachability: "off" } as const;
    const program = () => {
        new Model("off-model", off);
        const data = new Dataset("off-data", { registry: NAME });
        new DatasetVersion("off-version", { dataset: data.name, version: "v1", ...off });
    };
    await stack.succeeds(stack.up(program));
    expect(stack.resources.get("off-model")?.outputs).toMatchObject({ registryName: NAME, fileCount: 1 });
    expect((await stack.succeeds(stack.preview(program))).done).toEqual([]);
    await scene.write("weights.bin", "changed");
    const { done, told } = await stack.succeeds(stack.preview(program));
    expect([...done].sort()).toEqual(["updated off-model", "updated off-version"]);
    expect(told).toContain('info: Model "off-model": 1 file (7 B) to send to models/default/off-model.');
    scene.recorder.faults.heal();
    await stack.succeeds(stack.destroy());
});

test("with reachability off the preview of a new model without content asks nobody about its place", async () => {
    const stack = new StackStandIn(sandbox, { kubeconfig: scene.kubeconfig });
    scene.recorder.requests.splice(0);
    await stack.succeeds(
        stack.preview(() => {
            new Model("off-undeclared", { registry: NAME, reachability: "off" });
        }),
    );
    expect(scene.recorder.requests).toEqual([]);
});

/** Replaces while JSON is written: the registry of the scene is the default. */
function withDefault(_: string, value: unknown): unknown {
    const { metadata } = (value ?? {}) as { metadata?: { name?: string; annotations?: object } };
    return metadata?.name === NAME
        ? {
              ...(value as object),
              metadata: {
                  ...metadata,
                  annotations: { ...metadata.annotations, [DEFAULT_ANNOTATION]: "true" },
              },
          }
        : value;
}

test("a card of the largest size is taken by the API server; a larger one is refused at preview", async () => {
    await scene.write("weights.bin", "weights");
    const run = scene.run(model);
    const empty = Buffer.byteLength(JSON.stringify({ description: "" }));
    // Some of its characters are longer in the API server's JSON.
    const card = "<".repeat(1_000) + "x".repeat(MOST_CARD_BYTES - empty - 6_000);
    const args = { name: "large-card", registry: NAME, content: scene.folder };
    const { failure, infos } = await run.up({ ...args, card: `${card}y` });
    expect(failure).toMatchObject({ code: "argument-invalid", property: "card" });
    expect(infos.join("\n")).not.toContain("sending");
    expect((await run.up({ ...args, card })).failure).toBeUndefined();
    expect((await run.destroy()).failure).toBeUndefined();
});

test("a card that is declared no more goes", async () => {
    const kinds = [
        { run: scene.run(model), plural: "models", field: "modelCard" },
        { run: scene.run(dataset), plural: "datasets", field: "datasetCard" },
    ];
    for (const { run, plural, field } of kinds) {
        const path = `/apis/ml.llmos.ai/v1/namespaces/default/${plural}/carded`;
        const card = async () => (await scene.outside.expect(200, "GET", path)).spec[field];
        const args = { name: "carded", registry: NAME };
        expect(
            (await run.up({ ...args, card: "Ours", metadata: { license: "MIT" } })).failure,
        ).toBeUndefined();
        expect(await card()).toMatchObject({ description: "Ours", metadata: { license: "MIT" } });
        expect((await run.up(args)).changes).not.toEqual([]);
        expect(await card()).toBeUndefined();
        expect((await run.destroy()).failure).toBeUndefined();
    }
});

/** A registry that has moved to another bucket: what is said of its models and datasets follows at the next look. */
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { dataset } from "../../provider/resources/dataset";
import { model } from "../../provider/resources/model";
import { StoredScene } from "../support/storedScene";

const sandbox = inject("sandbox");
const NAME = "moved-registry";

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

/** What a transfer waits for, in its real time. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ContentScene } from "../support/contentScene";
import { thinking } from "../support/faults";

const MIB = 1024 * 1024;
let scene: ContentScene;

beforeAll(async () => {
    scene = await ContentScene.open(inject("sandbox"), "transfers");
});

afterAll(() => scene.close());

test("a server that has taken a part and needs 40 s for its answer is waited for, and nothing is sent again", async () => {
    await scene.fill("weights.bin", 17 * MIB);
    scene.recorder.faults.set(thinking(40_000), 1, /partNumber=1&/);
    expect(await scene.store("models/default/thinking")).toMatchObject({ fileCount: 1, contentDrift: [] });
    const parts = scene.recorder.requests.filter((line) => line.includes("partNumber="));
    expect(parts).toHaveLength(2);
});

/** The end of models and datasets, where something holds it up. */

import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { model } from "../../provider/resources/model/lifecycle";
import { StoredScene } from "../support/storedScene";

const sandbox = inject("sandbox");
const HOLD = "test.example.com/hold";

let scene: StoredScene;

beforeAll(async () => {
    scene = await StoredScene.open(sandbox, "deletions");
});
afterAll(() => scene?.close());

async function held(name: string, more: object = {}) {
    const run = scene.run(model);
    expect((await run.up({ name, registry: "deletions", ...more })).failure).toBe(undefined);
    const { finalizers = [] } = (await scene.outside.stored.get("models", name)).metadata;
    await scene.outside.stored.change("models", name, { metadata: { finalizers: [...finalizers, HOLD] } });
    return run;
}

const release = (name: string) =>
    scene.outside.stored.change("models", name, { metadata: { finalizers: null } });

test("a deletion that is held up shows what it waits for, and one that is interrupted says how long it has waited", async () => {
    const run = await held("deletions-long");
    run.onInfo = () => run.interrupt();
    const { failure, infos } = await run.destroy();
    expect(infos).toContainEqual(
        expect.stringMatching(
            `^Model "deletions-long": waiting until LLMOS has deleted it with its content \\(it waits for ${HOLD}\\), 1\\d s\\.$`,
        ),
    );
    expect(failure?.found).toMatch(
        new RegExp(
            `^The Model "deletions-long" is not gone after 1\\d s \\(then the run was interrupted\\): it waits for ${HOLD}$`,
        ),
    );
    await release("deletions-long");
    expect((await run.destroy()).failure).toBe(undefined);
});

test("a deletion whose time is over says what it waits for", async () => {
    const run = await held("deletions-short", { timeouts: { deleteSeconds: 1 } });
    expect((await run.destroy()).failure?.found).toBe(
        `The Model "deletions-short" is not gone after 1 s: it waits for ${HOLD}`,
    );
    await release("deletions-short");
    expect((await run.destroy()).failure).toBe(undefined);
});

/**
 * The examples, by the real engine against the real servers of a sandbox: two are run whole, the others are previewed, and
 * run whole in the long suite. That all of them compile, `npm run lint` has shown before.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { ExampleProject } from "../support/exampleProject";
import { comesUp, ExampleScene, goesDown } from "../support/exampleScene";

let scene: ExampleScene;

beforeAll(async () => {
    scene = await ExampleScene.open(inject("cluster"));
});
afterAll(() => scene?.close());

test("quickstart, with its TypeScript checked by the engine: a mistake in a type is told before anything is asked", async () => {
    const project = await scene.quickstart();
    const program = await project.file("index.ts");
    const write = (text: string) => writeFile(join(project.folder, "index.ts"), text);
    await write(program.replace("default: true", 'default: "yes"'));
    const { exitCode, output } = await project.run("pulumi preview");
    expect(output).toContain("Type 'string' is not assignable to type 'boolean'");
    expect(exitCode).not.toBe(0);
    await write(program);
    await comesUp(project);
    expect(await project.outputs()).toMatchObject({ name: "models", state: "Active", isDefault: true });
    await goesDown(project);
});

test("models-and-datasets: files of real size, in two versions of a dataset", async () => {
    const project = await scene.modelsAndDatasets();
    // As its README says, word for word.
    const [, commands = ""] = /```sh\n(mkdir -p llama[^`]*)```/.exec(await project.file("README.md")) ?? [];
    await project.succeeds(commands);
    expect(await project.succeeds("pulumi preview")).toContain(
        'Model "llama": 2 files (95 MiB) to send to models/default/llama.',
    );
    await comesUp(project);
    expect(await project.outputs()).toMatchObject({
        modelUri: "s3://models/models/default/llama",
        modelFiles: 2,
        published: "SnapshotReady",
    });
    await goesDown(project);
});

test.each<[string, (scene: ExampleScene) => Promise<ExampleProject>]>([
    ["existing-bucket", (from) => from.existingBucket()],
    ["several-registries", (from) => from.severalRegistries()],
    ["environments", (from) => from.environment("dev")],
    ["drift-check", (from) => from.driftCheck()],
])("%s is previewed", async (_example, open) => {
    const project = await open(scene);
    // Checked before; the engine would take as long again for that as for the rest.
    const preview = await project.succeeds("PULUMI_NODEJS_TRANSPILE_ONLY=true pulumi preview");
    expect(preview).toMatch(/\+ \d+ to create/);
});

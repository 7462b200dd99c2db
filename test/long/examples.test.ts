/** The examples that `npm test` only previews, run whole, with their TypeScript checked by the engine. */
import { DeleteBucketCorsCommand, HeadBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { comesUp, DESTROY, ENVIRONMENTS, ExampleScene, goesDown, isSettled } from "../support/exampleScene";

let scene: ExampleScene;

beforeAll(async () => {
    scene = await ExampleScene.open(inject("cluster"));
});
afterAll(() => scene?.close());

test("existing-bucket: no keys in the stack, and nothing that was there before goes with it", async () => {
    const project = await scene.existingBucket();
    await comesUp(project);
    await isSettled(project);
    expect(await project.outputs()).toMatchObject({ state: "Active" });
    expect(await project.succeeds("pulumi stack export --show-secrets")).not.toContain(
        scene.keys.secretAccessKey,
    );
    await goesDown(project);
    await scene.outside.s3.send(new HeadBucketCommand({ Bucket: "existing" }));
});

test("several-registries: the lookup sees all of them, already after the first up", async () => {
    const project = await scene.severalRegistries();
    await comesUp(project);
    const { allRegistries, defaultRegistry } = await project.outputs();
    expect(allRegistries).toMatchObject([
        { name: "archive", state: "Active", default: false },
        { name: "models", state: "Active", default: true },
        { name: "training-data", state: "Active", default: false },
    ]);
    expect(defaultRegistry).toBe("models");
    await isSettled(project);
    await goesDown(project);
});

test.each(ENVIRONMENTS)("environments: %s", async (stack) => {
    const project = await scene.environment(stack);
    await comesUp(project);
    await isSettled(project);
    expect(await project.outputs()).toMatchObject({ bucket: `models-${stack}`, state: "Active" });
    if (stack === "prod") {
        const refused = await project.run(DESTROY);
        expect(refused.output).toContain("protected");
        expect(refused.exitCode).not.toBe(0);
        await project.succeeds("pulumi state unprotect --all --yes");
    }
    await goesDown(project);
});

test("drift-check: the command of the workflow ends well after an up, and not once the CORS rules are gone", async () => {
    const project = await scene.driftCheck();
    await comesUp(project);
    const workflow = await project.file(".github/workflows/drift.yml");
    const command = /run: (pulumi preview .*)/.exec(workflow)?.[1] ?? "";
    await project.succeeds(command);
    await scene.outside.s3.send(new DeleteBucketCorsCommand({ Bucket: "models" }));
    const drifted = await project.run(command);
    expect(drifted.output).toMatch(/models-cors/);
    expect(drifted.output).toContain("no changes were expected");
    expect(drifted.exitCode).not.toBe(0);
    await goesDown(project);
});

test("models-and-datasets: a second up sends nothing", async () => {
    const project = await scene.modelsAndDatasets();
    const [, commands = ""] = /```sh\n(mkdir -p llama[^`]*)```/.exec(await project.file("README.md")) ?? [];
    await project.succeeds(commands);
    await comesUp(project);
    await isSettled(project);
    await goesDown(project);
});

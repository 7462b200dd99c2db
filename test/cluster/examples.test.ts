/** The examples, with their TypeScript checked, by the real engine against the real servers of a sandbox. */
import { readFile, writeFile } from "node:fs/promises";
import { Agent } from "node:https";
import { join } from "node:path";
import { DeleteBucketCorsCommand, HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { ExampleProject } from "../support/exampleProject";
import { kubeRequests } from "../support/kubeRequest";
import { Registries } from "../support/registries";
import { createBucket } from "../support/stores";

const UP = "pulumi up --yes --skip-preview";
const DESTROY = "pulumi destroy --yes --skip-preview";
const ENVIRONMENTS = ["dev", "staging", "prod"];

let sandbox: Sandbox;
let registries: Registries;
let keys: { accessKeyId: string; secretAccessKey: string };
let store: Record<string, string>;
let projects: ExampleProject[] = [];

beforeAll(async () => {
    // One of its own: the default flag is one for the whole cluster.
    sandbox = await startSandbox();
    const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
    keys = { accessKeyId, secretAccessKey };
    store = { endpoint, "llmos:caBundle": caBundle };
    registries = new Registries(await kubeRequests(sandbox.kubeconfigFile));
    await registries.createSecret("existing-keys", {
        accessKeyID: accessKeyId,
        accessKeySecret: secretAccessKey,
    });
});
afterEach(async () => {
    await Promise.all(projects.map((project) => project.remove()));
    projects = [];
});
afterAll(() => sandbox?.stop());

test("quickstart", async () => {
    const project = await copyOf("quickstart");
    await project.configure(store, keys);
    await comesUp(project);
    expect(await project.outputs()).toMatchObject({ name: "models", state: "Active", isDefault: true });
    await goesDown(project);
});

test("existing-bucket: no keys in the stack, and nothing that was there before goes with it", async () => {
    await createBucket(sandbox.s3.url, { ...keys }, "existing", sandbox.s3.caBundle);
    const project = await copyOf("existing-bucket");
    await project.configure({ ...store, bucket: "existing", secretName: "existing-keys" });
    await comesUp(project);
    expect(await project.outputs()).toMatchObject({ state: "Active" });
    expect(await project.succeeds("pulumi stack export --show-secrets")).not.toContain(keys.secretAccessKey);
    await goesDown(project);
    await s3(new HeadBucketCommand({ Bucket: "existing" }));
});

test("several-registries: the lookup sees all of them, already after the first up", async () => {
    const project = await copyOf("several-registries");
    await project.configure(store, keys);
    await comesUp(project);
    const { allRegistries, defaultRegistry } = await project.outputs();
    expect(allRegistries).toMatchObject([
        { name: "archive", state: "Active", default: false },
        { name: "models", state: "Active", default: true },
        { name: "training-data", state: "Active", default: false },
    ]);
    expect(defaultRegistry).toBe("models");
    await goesDown(project);
});

test("models-and-datasets: files of real size, in two versions of a dataset; a second up sends nothing", async () => {
    const project = await copyOf("models-and-datasets");
    // As its README says, word for word.
    const [, commands = ""] = /```sh\n(mkdir -p llama[^`]*)```/.exec(await project.file("README.md")) ?? [];
    await project.succeeds(commands);
    await project.configure(store, keys);
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

test.each(ENVIRONMENTS)("environments: %s", async (stack) => {
    const environment = { KUBECONFIG: await kubeconfigOfEnvironments() };
    const project = await copyOf("environments", { stack, environment });
    await project.configure(store, keys);
    await comesUp(project);
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
    // All that the runner has of the cluster is the stack's configuration.
    const environment = { KUBECONFIG: join(sandbox.folder, "no-kubeconfig") };
    const project = await copyOf("drift-check", { stack: "prod", environment });
    const kubeconfig = await readFile(sandbox.kubeconfigFile, "utf8");
    await project.configure({ ...store, secretName: "existing-keys" }, { "llmos:kubeconfig": kubeconfig });
    await comesUp(project);
    const workflow = await project.file(".github/workflows/drift.yml");
    const command = /run: (pulumi preview .*)/.exec(workflow)?.[1] ?? "";
    await project.succeeds(command);
    await s3(new DeleteBucketCorsCommand({ Bucket: "models" }));
    const drifted = await project.run(command);
    expect(drifted.output).toMatch(/models-cors/);
    expect(drifted.output).toContain("no changes were expected");
    expect(drifted.exitCode).not.toBe(0);
    await goesDown(project);
});

test("a mistake in the type of an argument is told before anything is asked", async () => {
    const project = await copyOf("quickstart", { stack: "mistaken" });
    const program = await project.file("index.ts");
    await writeFile(join(project.folder, "index.ts"), program.replace("default: true", 'default: "yes"'));
    await project.configure(store, keys);
    const { exitCode, output } = await project.run("pulumi preview");
    expect(output).toContain("Type 'string' is not assignable to type 'boolean'");
    expect(exitCode).not.toBe(0);
});

async function copyOf(
    example: string,
    options?: { stack?: string; environment?: Record<string, string> },
): Promise<ExampleProject> {
    const project = await ExampleProject.create(sandbox, { example, ...options });
    projects.push(project);
    return project;
}

/** Preview and up; and after that, nothing is left to do. */
async function comesUp(project: ExampleProject): Promise<void> {
    await project.succeeds("pulumi preview");
    await project.succeeds(UP);
    await project.succeeds(`${UP} --expect-no-changes`);
    await project.succeeds("pulumi preview --refresh --expect-no-changes");
}

async function goesDown(project: ExampleProject): Promise<void> {
    await project.succeeds(DESTROY);
    const { deployment } = JSON.parse(await project.succeeds("pulumi stack export"));
    expect(deployment.resources ?? []).toEqual([]);
}

/** The sandbox, under the name of each environment. */
async function kubeconfigOfEnvironments(): Promise<string> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    config.loadFromFile(sandbox.kubeconfigFile);
    const current = config.getContextObject(config.getCurrentContext())!;
    for (const name of ENVIRONMENTS) {
        config.addContext({ ...current, name });
    }
    config.setCurrentContext("");
    const file = join(sandbox.folder, "environments.kubeconfig");
    await writeFile(file, config.exportConfig(), { mode: 0o600 });
    return file;
}

/** Asks the S3 server as a person with keys would. */
async function s3(command: HeadBucketCommand | DeleteBucketCorsCommand): Promise<void> {
    const { url, region, caBundle } = sandbox.s3;
    const requestHandler = new NodeHttpHandler({ httpsAgent: new Agent({ ca: caBundle }) });
    const client = new S3Client({
        endpoint: url,
        region,
        forcePathStyle: true,
        // A copy: the client writes into what it is given.
        credentials: { ...keys },
        requestHandler,
    });
    await client.send(command as HeadBucketCommand);
    client.destroy();
}

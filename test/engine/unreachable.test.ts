/** A server that cannot be reached, or is another one, is never taken for "gone": the state stays as it was. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { startStandInOperator } from "../../examples/sandbox/operator";
import { closedPort } from "../support/closedPort";
import { Outside } from "../support/outside";
import { planned } from "../support/plan";
import { Project } from "../support/project";

const program = `
new llmos.Registry("lost", {
    endpoint: values.endpoint,
    bucket: { name: "lost-bucket" },
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
});
`;

/** Named by `KUBECONFIG`; tests change what is in it. */
const kubeconfig = () => join(home.folder, "used-kubeconfig.json");

let home: Sandbox;
let other: Sandbox;
let otherOperator: { stop(): Promise<void> };
let project: Project;

// Sandboxes of its own: it stops one's S3 server, and needs a second cluster.
beforeAll(async () => {
    home = await startSandbox();
    other = await startSandbox({ objectStore: false, operator: false, engine: false });
    otherOperator = await startStandInOperator({
        folder: other.folder,
        kubeconfigFile: other.kubeconfigFile,
        s3CaBundle: home.s3.caBundle,
    });
    const { endpoint, caBundle, accessKeyId, secretAccessKey } = home.s3;
    project = await Project.create(home, {
        program,
        values: { endpoint, accessKeyId, secretAccessKey },
        config: { "llmos:caBundle": caBundle },
        environment: { KUBECONFIG: kubeconfig() },
        secrets: [accessKeyId, secretAccessKey],
    });
    await use(home.kubeconfigFile);
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
});
afterAll(async () => {
    vi.unstubAllEnvs();
    await project?.remove();
    await otherOperator?.stop();
    await other?.stop();
    await home?.stop();
});

async function use(file: string, edit: (text: string) => string = (text) => text): Promise<void> {
    await writeFile(kubeconfig(), edit(await readFile(file, "utf8")));
}

/**
 * What the state holds, of every resource. Not the export itself: the engine writes a time and encrypts anew
 * whenever it saves.
 */
async function held(): Promise<string> {
    const resources = [...(await project.resources()).values()];
    expect(resources.length).toBeGreaterThanOrEqual(7);
    return JSON.stringify(
        resources.map(({ urn, id, inputs, outputs, initErrors }) => ({
            urn,
            id,
            inputs,
            outputs,
            initErrors,
        })),
    );
}

test("an API server that does not answer fails a refresh and leaves the state as it was", async () => {
    const before = await held();
    const port = await closedPort();
    await use(home.kubeconfigFile, (text) => text.replaceAll(home.apiServerUrl, `https://127.0.0.1:${port}`));
    const refreshed = await project.refresh();
    expect(refreshed.exitCode).not.toBe(0);
    expect(refreshed.output).toContain(
        "The cluster's API server refuses the connection: nothing listens there",
    );
    expect(refreshed.output).toContain(`https://127.0.0.1:${port} (ECONNREFUSED)`);
    expect(await held()).toBe(before);
    await use(home.kubeconfigFile);
});

test("another cluster fails refresh and destroy, touches nothing, and an up moves there", async () => {
    const [here, there] = [await Outside.of(home), await Outside.of({ ...other, s3: home.s3 })];
    try {
        const before = await held();
        const registry = await here.registry("lost");
        await use(other.kubeconfigFile);
        for (const command of [() => project.refresh(), () => project.destroy()]) {
            const run = await command();
            expect(run.exitCode).not.toBe(0);
            expect(run.output).toContain("This is another cluster than the one in the stack");
        }
        expect(await held()).toBe(before);
        expect(await here.registry("lost")).toEqual(registry);

        expect(await planned(project)).toEqual([
            "update Bucket lost-bucket",
            "replace CredentialSecret lost-secret",
            "update BucketCors lost-cors",
            "replace RegistryObject lost-registry",
        ]);
        const moved = await project.up();
        expect(moved.exitCode, moved.output).toBe(0);
        expect(moved.output).toContain('The Registry "lost" is left in the cluster');
        expect(moved.output).toContain('The Secret "lost-credentials" is left in the cluster');
        const arrived = await there.registry("lost");
        expect(arrived.status.conditions[0].status).toBe("True");
        expect(arrived.metadata.uid).not.toBe(registry.metadata.uid);
        expect((await there.named("lost")).secrets).toEqual(["lost-credentials"]);
        expect(await here.registry("lost")).toEqual(registry);
    } finally {
        here.s3.destroy();
        there.s3.destroy();
    }
});

// The last one: the S3 server is not started again.
test("an S3 server that does not answer fails a refresh and leaves the state as it was", async () => {
    const before = await held();
    const store = home.processes["versitygw"] ?? Number.NaN;
    process.kill(store, "SIGKILL");
    await home.died;
    const refreshed = await project.refresh();
    expect(refreshed.exitCode).not.toBe(0);
    expect(refreshed.output).toContain("The S3 endpoint refuses the connection: nothing listens there");
    expect(await held()).toBe(before);
});

test("what is gone for good is forgotten by refresh and destroy, on demand only, and said so", async () => {
    const names = async () =>
        [...(await project.resources()).keys()].filter((name) => name.startsWith("lost-"));
    const destroyed = await project.destroy("--continue-on-error");
    expect(destroyed.exitCode).not.toBe(0);
    expect(destroyed.output).toContain(
        "with PULUMI_LLMOS_DELETE_UNREACHABLE=true in the environment, refresh and destroy forget what was there.",
    );
    expect((await names()).sort()).toContain("lost-bucket");

    vi.stubEnv("PULUMI_LLMOS_DELETE_UNREACHABLE", "true");
    const refreshed = await project.refresh();
    expect(refreshed.exitCode, refreshed.output).toBe(0);
    expect(refreshed.output).toContain("Bucket lost-bucket is forgotten without a look at it");
    expect(await names()).not.toContain("lost-bucket");

    await use(other.kubeconfigFile, (text) => text.replace('"current-context"', '"former-context"'));
    const misled = await project.destroy();
    expect(misled.exitCode, "a kubeconfig that cannot be used says nothing of the cluster").not.toBe(0);
    expect(misled.output).toContain("its current context names no cluster");
    expect(await names()).toEqual(["lost-secret"]);

    const port = await closedPort();
    await use(other.kubeconfigFile, (text) =>
        text.replaceAll(other.apiServerUrl, `https://127.0.0.1:${port}`),
    );
    const forgotten = await project.destroy();
    expect(forgotten.exitCode, forgotten.output).toBe(0);
    expect((await project.resources()).size).toBe(0);
});

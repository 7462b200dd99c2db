/** Stack configuration alone is enough, in up and, without the program, in refresh and destroy. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const values = { endpoint, accessKeyId, secretAccessKey };

/** No kubeconfig in the environment, and none in the home folder. */
const environment = { KUBECONFIG: undefined, HOME: sandbox.folder };

let outside: Outside;
let privateKey: string;
const projects: Project[] = [];

async function projectOf(program: string, config: Record<string, string>): Promise<Project> {
    const secrets = [accessKeyId, secretAccessKey, privateKey];
    const project = await Project.create(sandbox, { program, values, config, environment, secrets });
    projects.push(project);
    return project;
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    const kubeconfig = JSON.parse(await readFile(sandbox.kubeconfigFile, "utf8"));
    privateKey = kubeconfig.users[0].user["client-key-data"];
});
afterAll(async () => {
    await Promise.all(projects.map((project) => project.remove()));
    outside?.s3.destroy();
});

test("kubeconfig as secret content, namespace and CA bundle", async () => {
    const program = `
const { endpoint, ...keys } = values;
new llmos.Registry("configured", {
    endpoint,
    bucket: { name: "configured-bucket" },
    credentials: keys,
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    namespace: "llmos-system",
});
new llmos.CredentialSecret("configured-elsewhere", { name: "configured-elsewhere", ...keys });
`;
    const project = await projectOf(program, { "llmos:caBundle": caBundle, "llmos:namespace": "default" });
    const content = await readFile(sandbox.kubeconfigFile, "utf8");
    const set = await project.pulumi("config", "set", "--secret", "llmos:kubeconfig", content);
    expect(set.exitCode, set.output).toBe(0);
    const elsewhere = async () =>
        (await outside.ask("GET", "/api/v1/namespaces/default/secrets/configured-elsewhere")).status;

    const up = await project.up();
    expect(up.exitCode, up.output).toBe(0);
    expect(await outside.named("configured")).toEqual({
        registries: ["configured"],
        secrets: ["configured-credentials"],
        buckets: ["configured-bucket"],
    });
    expect(await elsewhere()).toBe(200);
    await project.exportState();

    await rm(join(project.folder, "index.js"));
    const refreshed = await project.refresh("--expect-no-changes");
    expect(refreshed.exitCode, refreshed.output).toBe(0);
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await outside.named("configured")).toEqual({ registries: [], secrets: [], buckets: [] });
    expect(await elsewhere()).toBe(404);
});

test("kubeconfig as a path, and a context that is not its current one", async () => {
    const program = `
new llmos.Registry("contextual", {
    endpoint: values.endpoint,
    bucket: { name: "contextual-bucket" },
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: false,
});
`;
    const path = join(sandbox.folder, "contextual-kubeconfig.json");
    const kubeconfig = JSON.parse(await readFile(sandbox.kubeconfigFile, "utf8"));
    kubeconfig.clusters.push({ name: "nowhere", cluster: { server: "https://127.0.0.1:1" } });
    kubeconfig.contexts.push({ name: "nowhere", context: { cluster: "nowhere", user: "sandbox-admin" } });
    kubeconfig["current-context"] = "nowhere";
    await writeFile(path, JSON.stringify(kubeconfig));

    const project = await projectOf(program, { "llmos:kubeconfig": path });
    const authority = `llmos:caBundle=${caBundle}`;
    const unset = await project.preview();
    expect(unset.exitCode).not.toBe(0);
    expect(unset.output).toContain(
        "The S3 endpoint's certificate was issued by an authority that is not trusted here",
    );
    const elsewhere = await project.preview("-c", authority);
    expect(elsewhere.exitCode).not.toBe(0);
    expect(elsewhere.output).toContain("https://127.0.0.1:1 (ECONNREFUSED)");
    const up = await project.up("-c", authority, "-c", "llmos:context=sandbox");
    expect(up.exitCode, up.output).toBe(0);
    expect((await outside.named("contextual")).registries).toEqual(["contextual"]);

    await rm(join(project.folder, "index.js"));
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await outside.named("contextual")).toEqual({ registries: [], secrets: [], buckets: [] });
});

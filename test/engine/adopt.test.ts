/** What is there already: taken over only when asked to, kept as others made it, and known again after a crash. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { Outside } from "../support/outside";
import { expectSettled } from "../support/plan";
import { Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const keys = { accessKeyId, secretAccessKey };
const second = { accessKeyId: "ADOPTSECONDUSER", secretAccessKey: "the-second-secret-of-adopt" };

const program = `
new llmos.Registry(values.name, {
    description: values.description,
    endpoint: values.endpoint,
    bucket: { name: values.name + "-bucket", adopt: values.adopt },
    credentials: values.keys,
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    adopt: values.adopt,
});
`;

let outside: Outside;
const projects: Project[] = [];

async function projectOf(values: Record<string, unknown>): Promise<Project> {
    const project = await Project.create(sandbox, {
        program,
        values,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey, second.accessKeyId, second.secretAccessKey],
    });
    projects.push(project);
    return project;
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await createUser(sandbox, { ...second, role: "admin" });
});
afterAll(async () => {
    await Promise.all(projects.map((project) => project.remove()));
    outside?.s3.destroy();
});

test("what somebody else made is refused without adopt, and with it kept as they made it", async () => {
    await outside.s3.send(new CreateBucketCommand({ Bucket: "adopted-bucket" }));
    await outside.put("adopted-bucket", "models/adopted");
    await outside.expect(201, "POST", "/api/v1/namespaces/llmos-system/secrets", {
        metadata: { name: "adopted-credentials", labels: { team: "vision" } },
        stringData: { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey, note: "kept" },
    });
    await outside.expect(201, "POST", "/apis/ml.llmos.ai/v1/registries", {
        apiVersion: "ml.llmos.ai/v1",
        kind: "Registry",
        metadata: { name: "adopted", labels: { team: "vision" }, annotations: { "example.com/owner": "us" } },
        spec: {
            backendType: "S3",
            s3Config: {
                endpoint,
                bucket: "adopted-bucket",
                useSSL: true,
                accessCredentialSecretName: "adopted-credentials",
            },
        },
    });
    const { uid } = (await outside.registry("adopted")).metadata;
    const secret = await outside.secret("adopted-credentials");

    const values = { endpoint, keys, name: "adopted", description: "Adopted" };
    const project = await projectOf(values);
    const refused = await project.preview();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain(
        'The bucket "adopted-bucket" exists already and holds objects; it was not made by this stack',
    );
    await project.setValues({ ...values, adopt: true });
    const adopted = await project.up();
    expect(adopted.exitCode, adopted.output).toBe(0);
    await project.setValues({ ...values, adopt: true, description: "Changed", keys: second });
    const changed = await project.up();
    expect(changed.exitCode, changed.output).toBe(0);

    const registry = await outside.registry("adopted");
    expect(registry.metadata).toMatchObject({ uid, labels: { team: "vision" } });
    expect(registry.metadata.annotations).toMatchObject({
        "example.com/owner": "us",
        "field.llmos.ai/description": "Changed",
    });
    expect(await outside.secret("adopted-credentials")).toEqual({
        uid: secret?.uid,
        data: { accessKeyID: second.accessKeyId, accessKeySecret: second.secretAccessKey, note: "kept" },
    });
    const raw = await outside.expect(
        200,
        "GET",
        "/api/v1/namespaces/llmos-system/secrets/adopted-credentials",
    );
    expect(raw.metadata.labels).toEqual({ team: "vision" });
    expect(await outside.objects("adopted-bucket")).toEqual(["models/adopted"]);
    await expectSettled(project);
});

test("a run that ended before it could note what it made is simply run again", async () => {
    // Ended between making the bucket and noting it.
    await outside.s3.send(new CreateBucketCommand({ Bucket: "crashed-bucket" }));
    const project = await projectOf({ endpoint, keys, name: "crashed" });
    const first = await project.up();
    expect(first.exitCode, first.output).toBe(0);
    const { uid } = (await outside.registry("crashed")).metadata;
    const secret = await outside.secret("crashed-credentials");

    // Ended later: the rest is there too, and only the bucket is noted.
    const file = join(project.folder, "state.json");
    const exported = await project.pulumi("stack", "export", "--file", file);
    expect(exported.exitCode, exported.output).toBe(0);
    const state = JSON.parse(await readFile(file, "utf8"));
    const { resources } = state.deployment;
    state.deployment.resources = resources.filter(
        ({ urn }: { urn: string }) => !/::crashed-(secret|cors|registry)$/.test(urn),
    );
    expect(state.deployment.resources.length).toBe(resources.length - 3);
    await writeFile(file, JSON.stringify(state));
    const imported = await project.pulumi("stack", "import", "--file", file);
    expect(imported.exitCode, imported.output).toBe(0);

    const again = await project.up();
    expect(again.exitCode, again.output).toBe(0);
    expect(again.output).toContain("3 created");
    expect(await outside.named("crashed")).toEqual({
        registries: ["crashed"],
        secrets: ["crashed-credentials"],
        buckets: ["crashed-bucket"],
    });
    expect((await outside.registry("crashed")).metadata.uid).toBe(uid);
    expect(await outside.secret("crashed-credentials")).toEqual(secret);
    await expectSettled(project);
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await outside.named("crashed")).toEqual({ registries: [], secrets: [], buckets: [] });
});

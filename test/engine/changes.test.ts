/** Edits of a program: each is an update in place of the child that it belongs to, and of no other. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createUser, type Sandbox, startSandbox } from "../../examples/sandbox";
import { Outside } from "../support/outside";
import { done, expectSettled, planned } from "../support/plan";
import { Project } from "../support/project";

const program = `
new llmos.Registry("changes", {
    description: values.description,
    endpoint: values.endpoint,
    bucket: { name: "changes-bucket" },
    credentials: values.keys,
    adminCredentials: values.adminKeys,
    cors: { allowedOrigins: values.origins },
    default: values.default,
});
`;
const second = { accessKeyId: "CHANGESSECONDUSER", secretAccessKey: "the-second-secret-of-changes" };
const unknown = { accessKeyId: "CHANGESUNKNOWNUSER", secretAccessKey: "the-unknown-secret-of-changes" };
const third = { accessKeyId: "CHANGESTHIRDUSER", secretAccessKey: "the-third-secret-of-changes" };

let sandbox: Sandbox;
let outside: Outside;
let project: Project;
let values: Record<string, unknown>;

/** Edits the program. */
async function edit(changes: Record<string, unknown>): Promise<void> {
    values = { ...values, ...changes };
    await project.setValues(values);
}

// A sandbox of its own, because the default flag is one for the whole cluster.
beforeAll(async () => {
    sandbox = await startSandbox();
    outside = await Outside.of(sandbox);
    const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
    await createUser(sandbox, { ...second, role: "admin" });
    await createUser(sandbox, { ...third, role: "admin" });
    values = {
        endpoint,
        keys: { accessKeyId, secretAccessKey },
        description: "First",
        origins: ["https://one.example.com"],
        default: false,
    };
    project = await Project.create(sandbox, {
        program,
        values,
        config: { "llmos:caBundle": caBundle },
        secrets: [
            accessKeyId,
            secretAccessKey,
            ...[second, third, unknown].flatMap((keys) => [keys.accessKeyId, keys.secretAccessKey]),
        ],
    });
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
});
afterAll(async () => {
    await project?.destroy();
    await project?.remove();
    outside?.s3.destroy();
    await sandbox?.stop();
});

test("a description changes the Registry only, an origin the CORS rules only", async () => {
    const before = await outside.registry("changes");
    await edit({ description: "Second" });
    expect(await planned(project)).toEqual(["update RegistryObject changes-registry"]);
    await edit({ description: "First", origins: ["https://two.example.com", "https://one.example.com"] });
    expect(await planned(project)).toEqual(["update BucketCors changes-cors"]);
    await edit({ description: "Second" });
    const run = await project.up();
    expect(run.exitCode, run.output).toBe(0);
    expect(done(run)).toEqual(["updated changes-cors", "updated changes-registry"]);
    const after = await outside.registry("changes");
    expect(after.metadata.annotations["field.llmos.ai/description"]).toBe("Second");
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.spec).toEqual(before.spec);
    expect((await outside.origins("changes-bucket")).sort()).toEqual([
        "https://one.example.com",
        "https://two.example.com",
    ]);
    await expectSettled(project);
});

test("the same origins in another order are no change", async () => {
    await edit({ origins: ["https://one.example.com", "https://two.example.com"] });
    expect(await planned(project)).toEqual([]);
});

test("the default flag comes and goes as a resource of its own", async () => {
    const flag = async () =>
        (await outside.registry("changes")).metadata.annotations["ml.llmos.ai/is-default-registry"];
    expect(await flag()).toBe(undefined);
    await edit({ default: true });
    expect(await planned(project)).toEqual(["create DefaultRegistry changes-default"]);
    const on = await project.up();
    expect(on.exitCode, on.output).toBe(0);
    expect(await flag()).toBe("true");
    await expectSettled(project);
    await edit({ default: false });
    expect(await planned(project)).toEqual(["delete DefaultRegistry changes-default"]);
    const off = await project.up();
    expect(off.exitCode, off.output).toBe(0);
    expect(await flag()).toBe("false");
});

test("new keys go into the same Secret, and the operator is made to look again", async () => {
    const verdict = async () =>
        (await project.resources()).get("changes-registry")?.outputs["operatorVerdict"];
    expect(await verdict()).toBe("fresh");
    const secret = await outside.secret("changes-credentials");
    const registry = await outside.registry("changes");
    await edit({ keys: second });
    // Without keys of an administrator, bucket and CORS rules are managed with these: their state must hold the new ones.
    expect(await planned(project)).toEqual([
        "update Bucket changes-bucket",
        "update CredentialSecret changes-secret",
        "update BucketCors changes-cors",
        "update RegistryObject changes-registry",
    ]);
    const run = await project.up();
    expect(run.exitCode, run.output).toBe(0);
    expect(await outside.secret("changes-credentials")).toEqual({
        uid: secret?.uid,
        data: { accessKeyID: second.accessKeyId, accessKeySecret: second.secretAccessKey },
    });
    const after = await outside.registry("changes");
    const nudge = "pulumi-llmos/credentials";
    expect(after.metadata.uid).toBe(registry.metadata.uid);
    expect(after.metadata.annotations[nudge]).toMatch(/^[0-9a-f]{16}$/);
    expect(after.metadata.annotations[nudge]).not.toBe(registry.metadata.annotations[nudge]);
    // True before and after: the operator has looked, and a look with the same outcome leaves no trace.
    expect(after.status).toEqual(registry.status);
    expect(await verdict()).toBe("unchanged");
    await expectSettled(project);
    await project.exportState();
});

test("with keys of an administrator, new keys change Secret and Registry only", async () => {
    const { accessKeyId, secretAccessKey } = sandbox.s3;
    await edit({ adminKeys: { accessKeyId, secretAccessKey } });
    const first = await project.up();
    expect(first.exitCode, first.output).toBe(0);
    expect(done(first)).toEqual(["updated changes-bucket", "updated changes-cors"]);
    await edit({ keys: third });
    expect(await planned(project)).toEqual([
        "update CredentialSecret changes-secret",
        "update RegistryObject changes-registry",
    ]);
    const run = await project.up();
    expect(run.exitCode, run.output).toBe(0);
    expect((await outside.secret("changes-credentials"))?.data).toEqual({
        accessKeyID: third.accessKeyId,
        accessKeySecret: third.secretAccessKey,
    });
    await expectSettled(project);
});

test("keys that the S3 server does not know are refused at preview, and nothing is touched", async () => {
    const before = await outside.secret("changes-credentials");
    await edit({ keys: unknown });
    const preview = await project.preview();
    expect(preview.exitCode).not.toBe(0);
    expect(preview.output).toContain("The S3 server does not know the access key");
    const run = await project.up();
    expect(run.exitCode).not.toBe(0);
    expect(done(run)).toEqual([]);
    expect(await outside.secret("changes-credentials")).toEqual(before);
});

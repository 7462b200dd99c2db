/** Edits of a program: each is an update in place of the child that it belongs to, and of no other. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { Outside } from "../support/outside";
import { done } from "../support/plan";
import { Project } from "../support/project";

const sandbox = inject("cluster");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const second = { accessKeyId: "CHANGESSECONDUSER", secretAccessKey: "the-second-secret-of-changes" };

const program = `
new llmos.Registry("changes", {
    description: values.description,
    endpoint: values.endpoint,
    bucket: { name: "changes-bucket" },
    credentials: values.keys,
    cors: { allowedOrigins: values.origins },
    default: values.default,
    timeouts: { settleSeconds: 0.5 },
});
`;
let values: Record<string, unknown> = {
    endpoint,
    keys: { accessKeyId, secretAccessKey },
    description: "First",
    origins: ["https://one.example.com"],
    default: false,
};

let outside: Outside;
let project: Project;

/** Edits the program. */
async function edit(changes: Record<string, unknown>): Promise<void> {
    values = { ...values, ...changes };
    await project.setValues(values);
}

async function up() {
    const run = await project.up();
    expect(run.exitCode, run.output).toBe(0);
    return run;
}

const flag = async () =>
    (await outside.registry("changes")).metadata.annotations["ml.llmos.ai/is-default-registry"];

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await createUser(sandbox, { ...second, role: "admin" });
    project = await Project.create(sandbox, {
        program,
        values,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey, second.accessKeyId, second.secretAccessKey],
    });
    await up();
});
afterAll(async () => {
    const destroyed = await project?.destroy();
    await project?.remove();
    outside?.s3.destroy();
    expect(destroyed?.exitCode, destroyed?.output).toBe(0);
});

test("a description changes the Registry only, an origin the CORS rules only, and the default flag comes as a resource of its own", async () => {
    const before = await outside.registry("changes");
    expect(await flag()).toBe(undefined);
    await edit({
        description: "Second",
        origins: ["https://two.example.com", "https://one.example.com"],
        default: true,
    });
    expect(done(await up())).toEqual([
        "updated changes-cors",
        "updated changes-registry",
        "created changes-default",
    ]);
    const after = await outside.registry("changes");
    expect(after.metadata.annotations["field.llmos.ai/description"]).toBe("Second");
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.spec).toEqual(before.spec);
    expect(await flag()).toBe("true");
    expect((await outside.origins("changes-bucket")).sort()).toEqual([
        "https://one.example.com",
        "https://two.example.com",
    ]);
});

test("new keys go into the same Secret, and the operator is made to look again; the default flag goes by itself", async () => {
    const secret = await outside.secret("changes-credentials");
    const registry = await outside.registry("changes");
    await edit({ keys: second, default: false });
    // Without keys of an administrator, bucket and CORS rules are managed with these: their state must hold the new ones.
    expect(done(await up()).sort()).toEqual([
        "deleted changes-default",
        "updated changes-bucket",
        "updated changes-cors",
        "updated changes-registry",
        "updated changes-secret",
    ]);
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
    const verdict = (await project.resources()).get("changes-registry")?.outputs["operatorVerdict"];
    expect(verdict).toBe("unchanged");
    expect(await flag()).toBe("false");
    await project.exportState();
});

test("all that was changed is settled, and the same origins in another order are no change", async () => {
    await edit({ origins: ["https://one.example.com", "https://two.example.com"] });
    const preview = await project.preview("--refresh", "--expect-no-changes");
    expect(preview.exitCode, preview.output).toBe(0);
});

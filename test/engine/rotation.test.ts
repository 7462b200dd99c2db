/** New keys: in one up, proved before anything is touched, and never believed because an old status still says True. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { Outside } from "../support/outside";
import { done, drifts, expectSettled } from "../support/plan";
import { Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const SECRET = "/api/v1/namespaces/llmos-system/secrets";
const NUDGE = "pulumi-llmos/credentials";

const second = { accessKeyId: "ROTATIONSECONDUSER", secretAccessKey: "the-second-secret-of-rotation" };
const wrong = { accessKeyId: second.accessKeyId, secretAccessKey: "a-wrong-secret-of-rotation" };

const program = `
new llmos.Registry("rotated", {
    endpoint: values.endpoint,
    bucket: { name: "rotated-bucket" },
    credentials: values.credentials,
    adminCredentials: values.admin,
    cors: false,
    reachability: values.reachability,
});
`;
const admin = { accessKeyId, secretAccessKey };

let outside: Outside;
let project: Project;

/** Somebody else's edit of the Secret. */
async function editSecret(keys: { accessKeyId: string; secretAccessKey: string }): Promise<void> {
    const stringData = { accessKeyID: keys.accessKeyId, accessKeySecret: keys.secretAccessKey };
    await outside.expect(200, "PATCH", `${SECRET}/rotated-keys`, { stringData });
}

/** What a provider would see that only reads the status. */
async function status(): Promise<string> {
    return (await outside.registry("rotated")).status.conditions[0].status;
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await createUser(sandbox, { ...second, role: "admin" });
    const stringData = { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey };
    await outside.expect(201, "POST", SECRET, { metadata: { name: "rotated-keys" }, stringData });
    project = await Project.create(sandbox, {
        program,
        values: { endpoint, admin, credentials: { secretName: "rotated-keys" } },
        config: { "llmos:caBundle": caBundle },
        secrets: [
            accessKeyId,
            secretAccessKey,
            second.accessKeyId,
            ...[second, wrong].map((k) => k.secretAccessKey),
        ],
    });
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
});
afterAll(async () => {
    const destroyed = await project?.destroy();
    await project?.remove();
    await outside?.expect(200, "DELETE", `${SECRET}/rotated-keys`);
    outside?.s3.destroy();
    expect(destroyed?.exitCode, destroyed?.output).toBe(0);
});

test("good keys that somebody put into the Secret are noticed, and the operator is nudged to look", async () => {
    const before = await outside.registry("rotated");
    await editSecret(second);
    const preview = await project.pulumi("preview", "--refresh", "--diff");
    expect(preview.exitCode, preview.output).toBe(0);
    expect(drifts(preview)).toEqual(["refresh RegistryObject rotated-registry: seenDigest"]);
    const run = await project.up("--refresh");
    expect(run.exitCode, run.output).toBe(0);
    expect(done(run)).toEqual(["updated rotated-registry"]);
    const after = await outside.registry("rotated");
    expect(after.metadata.annotations[NUDGE]).not.toBe(before.metadata.annotations[NUDGE]);
    expect((await outside.secret("rotated-keys"))?.data["accessKeyID"]).toBe(second.accessKeyId);
    await expectSettled(project);
});

test("bad keys that somebody put into the Secret are an error, although the status still says True", async () => {
    await editSecret(wrong);
    const before = await outside.registry("rotated");
    const preview = await project.pulumi("preview", "--refresh", "--expect-no-changes");
    expect(preview.exitCode, preview.output).not.toBe(0);
    const run = await project.up("--refresh");
    expect(run.exitCode, run.output).not.toBe(0);
    expect(run.output).toContain(
        "The S3 server refuses the signature: the secret access key does not belong",
    );
    expect(await status()).toBe("True");
    expect(await outside.registry("rotated")).toEqual(before);
    await editSecret(second);
    const repaired = await project.up("--refresh");
    expect(repaired.exitCode, repaired.output).toBe(0);
    await expectSettled(project);
});

test("a wrong new key changes nothing, even when preview may not ask", async () => {
    const values = { endpoint, admin, credentials: { ...second, name: "rotated-own-keys" } };
    await project.setValues(values);
    const own = await project.up();
    expect(own.exitCode, own.output).toBe(0);
    const [secret, registry] = [await outside.secret("rotated-own-keys"), await outside.registry("rotated")];
    await project.setValues({
        ...values,
        credentials: { ...wrong, name: "rotated-own-keys" },
        reachability: "off",
    });
    const run = await project.up();
    expect(run.exitCode, run.output).not.toBe(0);
    expect(run.output).toContain("The S3 server refuses the signature");
    expect(await outside.secret("rotated-own-keys")).toEqual(secret);
    expect(await outside.registry("rotated")).toEqual(registry);
    await project.setValues(values);
    await expectSettled(project);
    await project.exportState();
});

/** Another name, another bucket, another endpoint: the new one first, and nothing that is in use. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { done } from "../support/plan";
import { Project } from "../support/project";

const program = `
new llmos.Registry("replaced", {
    name: values.name,
    endpoint: values.endpoint,
    bucket: { name: values.bucket, adopt: values.adoptBucket, forceDestroy: values.forceDestroy },
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    default: true,
    relocate: values.relocate,
    adopt: values.adopt,
    timeouts: { settleSeconds: 0.5 },
});
`;

const sandbox = inject("cluster");
let outside: Outside;
let project: Project;
let values: Record<string, unknown>;

/** Edits the program. */
async function edit(changes: Record<string, unknown>): Promise<void> {
    values = { ...values, ...changes };
    await project.setValues(values);
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
    values = { endpoint, accessKeyId, secretAccessKey, name: "old", bucket: "first" };
    project = await Project.create(sandbox, {
        program,
        values,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
});
afterAll(async () => {
    await project?.remove();
    await outside?.clear();
    outside?.s3.destroy();
});

test("another name: the new registry is Active, and the default, before the old one goes", async () => {
    const since = await outside.now();
    await edit({ name: "new" });
    const run = await project.up();
    expect(run.exitCode, run.output).toBe(0);
    // Bucket and CORS rules name the registry whose they are.
    expect(done(run)).toEqual([
        "updated replaced-bucket",
        "created replacement replaced-secret",
        "updated replaced-cors",
        "created replacement replaced-registry",
        "updated replaced-default",
        "deleted original replaced-registry",
        "deleted original replaced-secret",
    ]);
    expect(await outside.registryHistory(since)).toEqual([
        "new ADDED",
        "new is Active",
        "old is Active, no default",
        "new is Active, the default",
        "old DELETED",
    ]);
    expect(await outside.named("")).toEqual({
        registries: ["new"],
        secrets: ["new-credentials"],
        buckets: ["first"],
    });
});

test("another bucket: made first, the Registry edited in place, the old bucket deleted when it is empty", async () => {
    const { metadata } = await outside.registry("new");
    await edit({ bucket: "second" });
    const run = await project.up();
    expect(run.exitCode, run.output).toBe(0);
    expect(done(run)).toEqual([
        "created replacement replaced-bucket",
        "updated replaced-secret",
        "created replacement replaced-cors",
        "updated replaced-registry",
        "deleted original replaced-cors",
        "deleted original replaced-bucket",
    ]);
    const after = await outside.registry("new");
    expect(after.metadata.uid).toBe(metadata.uid);
    expect(after.spec.s3Config.bucket).toBe("second");
    expect((await outside.named("")).buckets).toEqual(["second"]);
});

test("with relocate it moves although a Model uses it; an old bucket that holds something is kept, and said so", async () => {
    await outside.put("second", "models/default/chat/weights");
    await outside.stored.create("models", "chat", { registry: "new" });
    await outside.stored.settled("models", "chat");
    const { metadata } = await outside.registry("new");
    await edit({ bucket: "third", relocate: true });
    const run = await project.up();
    expect(run.exitCode, run.output).toBe(0);
    expect(run.output).toContain(
        `The bucket "second" at ${sandbox.s3.url} is kept: it is no longer used, but it is not empty.`,
    );
    const after = await outside.registry("new");
    expect(after.metadata.uid).toBe(metadata.uid);
    expect(after.spec.s3Config.bucket).toBe("third");
    expect(await outside.objects("second")).toEqual(["models/default/chat/weights"]);
    expect((await outside.stored.get("models", "chat")).spec.registry).toBe("new");
    await outside.stored.remove("models", "chat");
});

test("another address of the same server leaves bucket and CORS rules as they are", async () => {
    const { metadata } = await outside.registry("new");
    const endpoint = `127.0.0.1:${sandbox.s3.endpoint.split(":")[1]}`;
    // The last two are for the test below.
    await edit({ endpoint, adoptBucket: true, adopt: true, forceDestroy: true });
    const run = await project.up();
    expect(run.exitCode, run.output).toBe(0);
    const after = await outside.registry("new");
    expect(after.metadata.uid).toBe(metadata.uid);
    expect(after.spec.s3Config).toMatchObject({ endpoint, bucket: "third" });
    // Its mark says that it is the same one.
    expect(run.output).not.toContain("is left as it is");
    expect(await outside.origins("third")).toEqual(["https://llmos.example.com"]);
});

test("a replacement of everything, of which the end runs in another process, leaves bucket, content and rules", async () => {
    await outside.put("third", "models/weights");
    const { uid } = (await outside.registry("new")).metadata;
    const secret = await outside.secret("new-credentials");
    // The provider is a resource too: the former ones are deleted by the former provider.
    const run = await project.up("--replace", "**");
    expect(run.exitCode, run.output).toBe(0);
    expect(await outside.objects("third")).toEqual(["models/weights"]);
    expect(await outside.origins("third")).toEqual(["https://llmos.example.com"]);
    const { metadata } = await outside.registry("new");
    expect(metadata.uid).toBe(uid);
    expect(metadata.annotations["ml.llmos.ai/is-default-registry"]).toBe("true");
    expect(await outside.secret("new-credentials")).toEqual(secret);
    const settled = await project.preview("--refresh", "--expect-no-changes");
    expect(settled.exitCode, settled.output).toBe(0);
});

/** Another name, another bucket, another endpoint, or all of it anew: the new one first, and nothing that is in use. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Registry, type RegistryArgs } from "../../provider";
import { Outside } from "../support/outside";
import { Project } from "../support/project";
import { StackStandIn, type StandInRun } from "../support/stackStandIn";

const sandbox = inject("cluster");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
let outside: Outside;
const stack = new StackStandIn(sandbox);
let args: RegistryArgs = {
    name: "old",
    endpoint,
    bucket: { name: "first" },
    credentials: { accessKeyId, secretAccessKey },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    default: true,
    timeouts: { settleSeconds: 0.5 },
};

/** Edits the program, and runs it. */
function edit(changes: Partial<RegistryArgs>): Promise<StandInRun> {
    args = { ...args, ...changes };
    return stack.succeeds(stack.up(() => void new Registry("replaced", args)));
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await edit({});
});
afterAll(async () => {
    await outside?.clear();
    outside?.s3.destroy();
});

test("another name: the new registry is Active, and the default, before the old one goes", async () => {
    const since = await outside.now();
    const run = await edit({ name: "new" });
    // Bucket and CORS rules name the registry whose they are.
    expect(run.done).toEqual([
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
    const run = await edit({ bucket: { name: "second" } });
    expect(run.done).toEqual([
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
    const run = await edit({ bucket: { name: "third" }, relocate: true });
    expect(run.told.join("\n")).toContain(
        `The bucket "second" at ${sandbox.s3.url} is kept: it has been replaced, but it is not empty.`,
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
    const other = `127.0.0.1:${endpoint.split(":")[1]}`;
    const run = await edit({ endpoint: other });
    const after = await outside.registry("new");
    expect(after.metadata.uid).toBe(metadata.uid);
    expect(after.spec.s3Config).toMatchObject({ endpoint: other, bucket: "third" });
    // Its mark says that it is the same one.
    expect(run.told.join("\n")).not.toContain("is left as it is");
    expect(await outside.origins("third")).toEqual(["https://llmos.example.com"]);
});

test("a replacement of everything, of which the end runs in another process, leaves bucket, content and rules", async () => {
    const project = await Project.create(sandbox, {
        program: 'new llmos.Registry("forced", values);',
        values: {
            ...args,
            name: "forced",
            endpoint,
            bucket: { name: "forced", adopt: true, forceDestroy: true },
            adopt: true,
        },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
    await outside.put("forced", "models/weights");
    const { uid } = (await outside.registry("forced")).metadata;
    const secret = await outside.secret("forced-credentials");
    // The provider is a resource too: the former ones are deleted by the former provider.
    const run = await project.up("--replace", "**");
    expect(run.exitCode, run.output).toBe(0);
    expect(await outside.objects("forced")).toEqual(["models/weights"]);
    expect(await outside.origins("forced")).toEqual(["https://llmos.example.com"]);
    const { metadata } = await outside.registry("forced");
    expect(metadata.uid).toBe(uid);
    expect(metadata.annotations["ml.llmos.ai/is-default-registry"]).toBe("true");
    expect(await outside.secret("forced-credentials")).toEqual(secret);
    const settled = await project.preview("--refresh", "--expect-no-changes");
    expect(settled.exitCode, settled.output).toBe(0);
    await project.remove();
});

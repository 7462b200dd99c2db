/** Edits of a program: each is an update in place of the child that it belongs to, and of no other. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { Registry, type RegistryArgs } from "../../provider";
import { Outside } from "../support/outside";
import { Recorder } from "../support/recorder";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("cluster");
const { accessKeyId, secretAccessKey } = sandbox.s3;
const second = { accessKeyId: "CHANGESSECONDUSER", secretAccessKey: "the-second-secret-of-changes" };

let s3: Recorder;
let cluster: Recorder;
let outside: Outside;
let stack: StackStandIn;
let args: RegistryArgs;

const programOf = (given: RegistryArgs) => () => void new Registry("changes", given);

/** Edits the program, and runs it. */
async function edit(changes: Partial<RegistryArgs>) {
    args = { ...args, ...changes };
    return await stack.succeeds(stack.up(programOf(args)));
}

const flag = async () =>
    (await outside.registry("changes")).metadata.annotations["ml.llmos.ai/is-default-registry"];

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await createUser(sandbox, { ...second, role: "admin" });
    s3 = await Recorder.beforeS3(sandbox);
    const before = await Recorder.beforeCluster(sandbox);
    cluster = before.recorder;
    stack = new StackStandIn(sandbox, { kubeconfig: before.kubeconfig });
    args = {
        description: "First",
        endpoint: `localhost:${s3.port}`,
        bucket: { name: "changes-bucket" },
        credentials: { accessKeyId, secretAccessKey },
        cors: { allowedOrigins: ["https://one.example.com"] },
        default: false,
        timeouts: { settleSeconds: 0.5 },
    };
    await edit({});
});
afterAll(async () => {
    const destroyed = await stack?.destroy();
    await s3?.stop();
    await cluster?.stop();
    outside?.s3.destroy();
    expect(destroyed?.failed, destroyed?.told.join("\n")).toBe(false);
});

test("a preview of changes to every part only reads", async () => {
    // What made it all was seen to write.
    expect(s3.methods()).toContain("PUT");
    expect(cluster.methods()).toContain("POST");
    const preview = await stack.succeeds(
        stack.preview(
            programOf({
                ...args,
                description: "Second",
                bucket: { name: "changes-bucket-2" },
                cors: { allowedOrigins: ["https://other.example.com"] },
                credentials: { accessKeyId, secretAccessKey, secretName: "changes-other" },
                default: true,
            }),
        ),
    );
    expect(preview.done).toHaveLength(5);
    expect(s3.methods()).toEqual(["GET", "HEAD"]);
    // Whether this user may do what is to come is asked in the form of a POST, which stores nothing.
    const asked = cluster.requests.filter((line) => !line.endsWith("/selfsubjectaccessreviews"));
    expect(asked).not.toEqual([]);
    expect(asked.filter((line) => !line.startsWith("GET "))).toEqual([]);
});

test("a description changes the Registry only, an origin the CORS rules only, and the default flag comes as a resource of its own", async () => {
    const before = await outside.registry("changes");
    expect(await flag()).toBe(undefined);
    const changed = await edit({
        description: "Second",
        cors: { allowedOrigins: ["https://two.example.com", "https://one.example.com"] },
        default: true,
    });
    expect(changed.done).toEqual([
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
    const changed = await edit({ credentials: second, default: false });
    // Without keys of an administrator, bucket and CORS rules are managed with these: their state must hold the new ones.
    expect([...changed.done].sort()).toEqual([
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
    expect(stack.resources.get("changes-registry")?.outputs["operatorVerdict"]).toBe("unchanged");
    expect(await flag()).toBe("false");
});

test("a description that is taken out goes in one up", async () => {
    const { description: _former, ...rest } = args;
    args = rest;
    expect((await edit({})).done).toEqual(["updated changes-registry"]);
    expect(
        (await outside.registry("changes")).metadata.annotations["field.llmos.ai/description"],
    ).toBeFalsy();
});

test("all that was changed is settled, and the same origins in another order are no change", async () => {
    const cors = { allowedOrigins: ["https://one.example.com", "https://two.example.com"] };
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
    expect((await stack.succeeds(stack.preview(programOf({ ...args, cors })))).done).toEqual([]);
});

/** New keys: proved before anything is touched, and never believed because an old status still says True. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { Registry, type RegistryArgs } from "../../provider";
import { Outside } from "../support/outside";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
const SECRET = "/api/v1/namespaces/llmos-system/secrets";
const NUDGE = "pulumi-llmos/credentials";

const admin = { accessKeyId, secretAccessKey };
const second = { accessKeyId: "ROTATIONSECONDUSER", secretAccessKey: "the-second-secret-of-rotation" };
const third = { accessKeyId: "ROTATIONTHIRDUSER", secretAccessKey: "the-third-secret-of-rotation" };
const wrong = { accessKeyId: second.accessKeyId, secretAccessKey: "a-wrong-secret-of-rotation" };
const unknown = { accessKeyId: "ROTATIONUNKNOWNUSER", secretAccessKey: "an-unknown-secret-of-rotation" };

const args: RegistryArgs = {
    endpoint,
    bucket: { name: "rotated-bucket" },
    credentials: { secretName: "rotated-keys", existing: true },
    adminCredentials: admin,
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    timeouts: { settleSeconds: 0.5 },
};
const program = (changes: Partial<RegistryArgs> = {}) => {
    return () => void new Registry("rotated", { ...args, ...changes });
};

let outside: Outside;
const stack = new StackStandIn(sandbox);

/** Somebody else's edit of the Secret. */
async function editSecret(keys: { accessKeyId: string; secretAccessKey: string }): Promise<void> {
    const stringData = { accessKeyID: keys.accessKeyId, accessKeySecret: keys.secretAccessKey };
    await outside.expect(200, "PATCH", `${SECRET}/rotated-keys`, { stringData });
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await createUser(sandbox, { ...second, role: "admin" });
    await createUser(sandbox, { ...third, role: "admin" });
    const stringData = { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey };
    await outside.expect(201, "POST", SECRET, { metadata: { name: "rotated-keys" }, stringData });
    await stack.succeeds(stack.up(program()));
});
afterAll(async () => {
    const destroyed = await stack.destroy();
    await outside?.expect(200, "DELETE", `${SECRET}/rotated-keys`);
    outside?.s3.destroy();
    expect(destroyed.told).toEqual([]);
});

test("good keys that somebody put into the Secret are noticed, and the operator is nudged to look", async () => {
    const before = await outside.registry("rotated");
    await editSecret(second);
    expect((await stack.refresh()).done).toEqual(["refreshed rotated-registry: seenDigest"]);
    const run = await stack.succeeds(stack.up(program()));
    expect(run.done).toEqual(["updated rotated-registry"]);
    const after = await outside.registry("rotated");
    expect(after.metadata.annotations[NUDGE]).not.toBe(before.metadata.annotations[NUDGE]);
    expect((await outside.secret("rotated-keys"))?.data["accessKeyID"]).toBe(second.accessKeyId);
    expect((await stack.refresh()).done).toEqual([]);
    expect((await stack.up(program())).done).toEqual([]);
});

test("bad keys that somebody put into the Secret are an error, although the status still says True", async () => {
    await editSecret(wrong);
    const before = await outside.registry("rotated");
    await stack.refresh();
    expect((await stack.preview(program())).done, "no quiet preview").toEqual(["updated rotated-registry"]);
    const run = await stack.up(program());
    expect(run.told.join("\n")).toContain(
        "The S3 server refuses the signature: the secret access key does not belong",
    );
    expect(run.done).toEqual([]);
    expect(before.status.conditions[0].status).toBe("True");
    expect(await outside.registry("rotated")).toEqual(before);
    await editSecret(second);
    await stack.refresh();
    await stack.succeeds(stack.up(program()));
    expect((await stack.refresh()).done).toEqual([]);
});

test("keys in the program: with those of an administrator beside them, new ones change Secret and Registry only", async () => {
    await stack.succeeds(stack.up(program({ credentials: { ...second, secretName: "rotated-own-keys" } })));
    const { uid } = (await outside.registry("rotated")).metadata;
    const run = await stack.succeeds(
        stack.up(program({ credentials: { ...third, secretName: "rotated-own-keys" } })),
    );
    expect(run.done).toEqual(["updated rotated-secret", "updated rotated-registry"]);
    expect((await outside.secret("rotated-own-keys"))?.data).toEqual({
        accessKeyID: third.accessKeyId,
        accessKeySecret: third.secretAccessKey,
    });
    expect((await outside.registry("rotated")).metadata.uid).toBe(uid);
});

test.each([
    ["a secret that is wrong", wrong, "The S3 server refuses the signature"],
    ["an id that is not known", unknown, "The S3 server does not know the access key"],
])("%s changes nothing, even when preview may not ask", async (_what, keys, words) => {
    const [secret, registry] = [await outside.secret("rotated-own-keys"), await outside.registry("rotated")];
    const credentials = { ...keys, secretName: "rotated-own-keys" };
    const asked = await stack.preview(program({ credentials }));
    expect(asked.told.join("\n")).toContain(words);
    const run = await stack.up(program({ credentials, reachability: "off" }));
    expect(run.failed).toBe(true);
    expect(run.told.join("\n")).toContain(words);
    expect(run.done).not.toContain("updated rotated-secret");
    expect(await outside.secret("rotated-own-keys")).toEqual(secret);
    expect(await outside.registry("rotated")).toEqual(registry);
});

/** What is there already: taken over only when asked to, kept as others made it, and known again after a crash. */
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { Registry, type RegistryArgs } from "../../provider";
import { Outside } from "../support/outside";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
const keys = { accessKeyId, secretAccessKey };
const second = { accessKeyId: "ADOPTSECONDUSER", secretAccessKey: "the-second-secret-of-adopt" };

const program = (name: string, more: Partial<RegistryArgs> = {}) => {
    return () =>
        void new Registry(name, {
            endpoint,
            bucket: { name: `${name}-bucket`, ...(more.adopt !== undefined && { adopt: more.adopt }) },
            credentials: keys,
            cors: { allowedOrigins: ["https://llmos.example.com"] },
            timeouts: { settleSeconds: 0.5 },
            ...more,
        });
};

let outside: Outside;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await createUser(sandbox, { ...second, role: "admin" });
});
afterAll(() => outside?.s3.destroy());

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

    const stack = new StackStandIn(sandbox);
    const refused = await stack.preview(program("adopted", { description: "Adopted" }));
    expect(refused.told.join("\n")).toContain(
        'The bucket "adopted-bucket" exists already and holds objects; it was not made by this stack',
    );
    await stack.succeeds(stack.up(program("adopted", { description: "Adopted", adopt: true })));
    const changed = program("adopted", { description: "Changed", adopt: true, credentials: second });
    await stack.succeeds(stack.up(changed));

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
    expect((await stack.up(changed)).done).toEqual([]);
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
});

test("a run that ended before it could note what it made is simply run again", async () => {
    // Ended between making the bucket and noting it.
    await outside.s3.send(new CreateBucketCommand({ Bucket: "crashed-bucket" }));
    const stack = new StackStandIn(sandbox);
    await stack.succeeds(stack.up(program("crashed")));
    const { uid } = (await outside.registry("crashed")).metadata;
    const secret = await outside.secret("crashed-credentials");

    // Ended later: the rest is there too, and only the bucket is noted.
    for (const part of ["secret", "cors", "registry"]) {
        expect(stack.resources.delete(`crashed-${part}`)).toBe(true);
    }
    const again = await stack.succeeds(stack.up(program("crashed")));
    expect(again.done).toEqual([
        "created crashed-secret",
        "created crashed-cors",
        "created crashed-registry",
    ]);
    expect(await outside.named("crashed")).toEqual({
        registries: ["crashed"],
        secrets: ["crashed-credentials"],
        buckets: ["crashed-bucket"],
    });
    expect((await outside.registry("crashed")).metadata.uid).toBe(uid);
    expect(await outside.secret("crashed-credentials")).toEqual(secret);
    expect((await stack.up(program("crashed"))).done).toEqual([]);
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
    await stack.succeeds(stack.destroy());
    expect(await outside.named("crashed")).toEqual({ registries: [], secrets: [], buckets: [] });
});

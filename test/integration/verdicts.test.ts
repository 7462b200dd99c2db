/** The operator says no: what was made is kept, and repaired or cleaned up from there. */
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Registry } from "../../provider";
import { Outside } from "../support/outside";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
const keys = { accessKeyId, secretAccessKey };

let outside: Outside;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
});
afterAll(() => outside?.s3.destroy());

test("a registry that a refusal left Inactive is not whole after a refresh either, until an up has repaired it", async () => {
    const stack = new StackStandIn(sandbox);
    const program = (namespace?: string) => () =>
        void new Registry("inactive", {
            endpoint,
            bucket: { name: "inactive-bucket" },
            credentials: keys,
            cors: { unmanaged: true },
            timeouts: { graceSeconds: 0.5, settleSeconds: 0.5 },
            ...(namespace && { namespace }),
        });
    // The operator reads Secrets of llmos-system only.
    const failed = await stack.up(program("default"));
    expect(failed.told.join("\n")).toContain("secret inactive-credentials not found in llmos-system");
    await stack.succeeds(stack.refresh());
    const again = await stack.up(program("default"));
    expect(again.failed, "an up that changes nothing may not end well with an Inactive registry").toBe(true);
    await stack.succeeds(stack.up(program()));
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
    expect((await stack.up(program())).done).toEqual([]);
    await stack.succeeds(stack.destroy());
    expect(await outside.named("inactive")).toEqual({ registries: [], secrets: [], buckets: [] });
});

test("a registry that turns False by a change is kept, and destroy cleans it up", async () => {
    const stack = new StackStandIn(sandbox);
    const program = (bucket: string) => () =>
        void new Registry("turned", {
            endpoint,
            bucket: { name: bucket, existing: true },
            credentials: { secretName: "turned-keys", existing: true },
            adminCredentials: keys,
            namespace: "default",
            cors: { unmanaged: true },
            timeouts: { graceSeconds: 0.5, settleSeconds: 2 },
        });
    for (const Bucket of ["turned-one", "turned-two"]) {
        await outside.s3.send(new CreateBucketCommand({ Bucket }));
    }
    const data = { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey };
    const made = { metadata: { name: "turned-keys" }, stringData: data };
    const [ours, theirs] = ["default", "llmos-system"].map((each) => `/api/v1/namespaces/${each}/secrets`);
    await outside.expect(201, "POST", `${ours}`, made);
    await outside.expect(201, "POST", `${theirs}`, made);
    await stack.succeeds(stack.up(program("turned-one")));
    expect(stack.resources.get("turned-registry")?.outputs["operatorVerdict"]).toBe("fresh");

    // Only the operator's copy of the keys goes bad: our own proof, with the other one, passes.
    const bad = { stringData: { accessKeySecret: "not-the-secret" } };
    await outside.expect(200, "PATCH", `${theirs}/turned-keys`, bad);
    const failed = await stack.up(program("turned-two"));
    expect(failed.told.join("\n")).toContain(
        "The LLMOS operator cannot use the registry. It says: check registry accessibility failed: failed to check if bucket turned-two exists: ",
    );
    expect(stack.resources.get("turned-registry")?.outputs).toMatchObject({
        bucket: "turned-two",
        state: "Inactive",
    });
    await stack.succeeds(stack.destroy());
    expect((await outside.named("turned")).registries).toEqual([]);
});

/** Another cluster, one whose operator says nothing, and servers that cannot be reached: never taken for "gone". */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { startStandInOperator } from "../../examples/sandbox/operator";
import { Registry, type RegistryArgs } from "../../provider";
import { closedPort } from "../support/closedPort";
import { Outside } from "../support/outside";
import { Recorder } from "../support/recorder";
import { StackStandIn } from "../support/stackStandIn";

const home = inject("sandbox");
const keys = { accessKeyId: home.s3.accessKeyId, secretAccessKey: home.s3.secretAccessKey };

let other: Sandbox;
let otherOperator: { stop(): Promise<void> };
let s3: Recorder;
const stack = new StackStandIn(home);

const program = () =>
    void new Registry("moving", {
        endpoint: `localhost:${s3.port}`,
        bucket: { name: "moving-bucket" },
        credentials: keys,
        cors: { allowedOrigins: ["https://llmos.example.com"] },
    });

// One more cluster: one without an operator at first, then with one that trusts the first cluster's store.
beforeAll(async () => {
    s3 = await Recorder.beforeS3(home);
    other = await startSandbox({ objectStore: false, operator: false, engine: false });
    await stack.succeeds(stack.up(program));
});
afterAll(async () => {
    vi.unstubAllEnvs();
    await s3?.stop();
    await otherOperator?.stop();
    await other?.stop();
});

function use(kubeconfig: string): void {
    stack.settings = { ...stack.settings, kubeconfig };
}

/** The kubeconfig of a sandbox, with the address of a server that is down. */
async function down(sandbox: Sandbox | typeof home): Promise<string> {
    const url = `https://127.0.0.1:${await closedPort()}`;
    return (await readFile(sandbox.kubeconfigFile, "utf8")).replaceAll(sandbox.apiServerUrl, url);
}

const held = () => structuredClone([...stack.resources]);

test("an operator that says nothing is waited for as long as asked, then destroy cleans up", async () => {
    const silent = new StackStandIn(home, { kubeconfig: other.kubeconfigFile });
    const args: RegistryArgs = {
        endpoint: home.s3.endpoint,
        bucket: { name: "silent-bucket" },
        credentials: keys,
        cors: { unmanaged: true },
        timeouts: { verdictSeconds: 1 },
    };
    const failed = await silent.up(() => void new Registry("silent", args));
    expect(failed.told.join("\n")).toContain("The LLMOS operator gave no verdict within 1 s");
    expect([...silent.resources.keys()]).toContain("silent-registry");
    await silent.succeeds(silent.destroy());
    const there = await Outside.of({ ...other, s3: home.s3 });
    expect(await there.named("silent")).toEqual({ registries: [], secrets: [], buckets: [] });
    there.s3.destroy();
});

test("an API server that does not answer fails a refresh and leaves the state as it was", async () => {
    const before = held();
    use(await down(home));
    const refreshed = await stack.refresh();
    expect(refreshed.failed).toBe(true);
    const words = refreshed.told.join("\n");
    expect(words).toContain("The cluster's API server refuses the connection: nothing listens there");
    expect(words).toContain("(ECONNREFUSED)");
    expect(held()).toEqual(before);
    use(home.kubeconfigFile);
});

test("another cluster fails refresh and destroy, touches nothing, and an up moves there", async () => {
    const [here, there] = [await Outside.of(home), await Outside.of({ ...other, s3: home.s3 })];
    try {
        const before = held();
        const registry = await here.registry("moving");
        use(other.kubeconfigFile);
        for (const run of [await stack.refresh(), await stack.destroy()]) {
            expect(run.failed).toBe(true);
            expect(run.told.join("\n")).toContain("This is another cluster than the one in the stack");
            expect(run.done).toEqual([]);
        }
        expect(held()).toEqual(before);
        expect(await here.registry("moving")).toEqual(registry);

        otherOperator = await startStandInOperator({
            folder: other.folder,
            kubeconfigFile: other.kubeconfigFile,
            s3CaBundle: home.s3.caBundle,
        });
        const moved = await stack.succeeds(stack.up(program));
        expect(moved.done).toEqual([
            "updated moving-bucket",
            "created replacement moving-secret",
            "updated moving-cors",
            "created replacement moving-registry",
            "deleted original moving-registry",
            "deleted original moving-secret",
        ]);
        expect(moved.told.join("\n")).toContain('The Registry "moving" is left in the cluster');
        expect(moved.told.join("\n")).toContain('The Secret "moving-credentials" is left in the cluster');
        const arrived = await there.registry("moving");
        expect(arrived.status.conditions[0].status).toBe("True");
        expect(arrived.metadata.uid).not.toBe(registry.metadata.uid);
        expect((await there.named("moving")).secrets).toEqual(["moving-credentials"]);
        expect(await here.registry("moving")).toEqual(registry);
    } finally {
        here.s3.destroy();
        there.s3.destroy();
    }
});

// The last one: the S3 server does not come back.
test("what is gone for good is forgotten by refresh and destroy, on demand only, and said so", async () => {
    const before = held();
    await s3.stop();
    const refreshed = await stack.refresh();
    expect(refreshed.told.join("\n")).toContain(
        "The S3 endpoint refuses the connection: nothing listens there",
    );
    expect(held()).toEqual(before);
    // The Registry would go before its bucket.
    use(await down(other));
    const destroyed = await stack.destroy();
    expect(destroyed.told.join("\n")).toContain(
        "with PULUMI_LLMOS_DELETE_UNREACHABLE=true in the environment, refresh and destroy forget what was there.",
    );
    expect(held()).toEqual(before);

    vi.stubEnv("PULUMI_LLMOS_DELETE_UNREACHABLE", "true");
    use(other.kubeconfigFile);
    const forgetting = await stack.succeeds(stack.refresh());
    expect(forgetting.told.join("\n")).toContain("Bucket moving-bucket is forgotten without a look at it");
    expect([...stack.resources.keys()]).toEqual(["moving-secret", "moving-registry"]);

    const text = await readFile(other.kubeconfigFile, "utf8");
    use(text.replace('"current-context"', '"former-context"'));
    const misled = await stack.destroy();
    expect(misled.failed, "a kubeconfig that cannot be used says nothing of the cluster").toBe(true);
    expect(misled.told.join("\n")).toContain("it names no current context");
    expect([...stack.resources.keys()]).toEqual(["moving-secret", "moving-registry"]);

    use(await down(other));
    await stack.succeeds(stack.destroy());
    expect(stack.resources.size).toBe(0);
});

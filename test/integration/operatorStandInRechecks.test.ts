import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { kubeRequests } from "../support/kubeRequest";
import { Registries, type SeenRegistry } from "../support/registries";
import { CountingStore, createBucket } from "../support/stores";

// When the real operator looked again, and what it then left behind.
const { s3, kubeconfigFile } = inject("sandbox");
const good = { accessKeyID: s3.accessKeyId, accessKeySecret: s3.secretAccessKey };
const broken = { ...good, accessKeySecret: "broken" };
const bucket = "stand-in-rechecks";
/** GetBucketLocation and HeadBucket. */
const requestsOfOneCheck = 2;

describe("the stand-in of the LLMOS operator, looking again", () => {
    let registries: Registries;
    let store: CountingStore;

    beforeAll(async () => {
        registries = new Registries(await kubeRequests(kubeconfigFile));
        await createBucket(s3.url, s3, bucket, s3.caBundle);
    });

    afterAll(async () => {
        await registries?.removeAll();
        await store?.stop();
    });

    async function createAt(
        endpoint: string,
        name: string,
        useSSL: boolean,
        keys = good,
    ): Promise<SeenRegistry> {
        await registries.createSecret(name, keys);
        await registries.create(name, { endpoint, bucket, useSSL, accessCredentialSecretName: name });
        return registries.settled(name);
    }

    it("asks for the location, then for the bucket, and does not answer to its own writing for long", async () => {
        store = await CountingStore.start();
        await createAt(store.endpoint, "recheck-calls", false);
        await sleep(1000);
        const check = [`GET /${bucket}/?location=`, `HEAD /${bucket}/`];
        // Once for the new Registry, and once more for the status just written, as the real one does.
        expect(store.requests).toEqual([...check, ...check]);
        expect(await store.during(2000)).toBe(0);
    });

    it("leaves no trace of a check with the same result", async () => {
        const before = await registries.get("recheck-calls");
        const nudged = await registries.nudge("recheck-calls");
        expect(await store.during(1000)).toBe(requestsOfOneCheck);
        const after = await registries.get("recheck-calls");
        expect(after.metadata.resourceVersion).toBe(nudged.metadata.resourceVersion);
        expect(after.status).toEqual(before.status);
    });

    it("does not look at a good Registry when its Secret changes", async () => {
        const before = await registries.get("recheck-calls");
        await registries.changeSecret("recheck-calls", broken);
        expect(await store.during(3000)).toBe(0);
        expect(await registries.get("recheck-calls")).toEqual(before);
    });

    it("finds a broken Secret within a second of any edit, and its repair without one", async () => {
        const first = await createAt(s3.endpoint, "recheck-rotation", true);
        expect(first.status?.conditions?.[0]?.["status"]).toBe("True");
        // The check that its own writing sets off must not meet the broken Secret.
        await sleep(1000);
        await registries.changeSecret("recheck-rotation", broken);
        await sleep(1500);
        expect((await registries.get("recheck-rotation")).status).toEqual(first.status);

        await registries.nudge("recheck-rotation");
        const failed = await registries.settled("recheck-rotation", "False", 1000);
        expect(failed.status?.storageAddress).toBeUndefined();
        expect(timeOf(failed)).toBeGreaterThan(timeOf(first));

        await sleep(1100);
        await registries.changeSecret("recheck-rotation", good);
        const repaired = await registries.settled("recheck-rotation", "True", 30_000);
        expect(timeOf(repaired)).toBeGreaterThan(timeOf(failed));
        expect(repaired.status?.storageAddress).toBe(`https://${bucket}.${s3.endpoint}/`);
    });

    it("takes up a Secret that is made later", async () => {
        const accessCredentialSecretName = "recheck-late";
        const config = { endpoint: s3.endpoint, bucket, useSSL: true, accessCredentialSecretName };
        await registries.create("recheck-late", config);
        await registries.settled("recheck-late", "False");
        await registries.createSecret("recheck-late", good);
        await registries.settled("recheck-late", "True", 30_000);
    });

    it("looks at a bad Registry again and again, ever more slowly, without a trace", async () => {
        store.refusing = true;
        store.requests.length = 0;
        const failed = await createAt(store.endpoint, "recheck-refused", false);
        await sleep(1000);
        // Delays of 5 ms, 10 ms, ... add up to one second at the eighth.
        expect(store.requests.length).toBeGreaterThanOrEqual(6);
        expect(store.requests.length).toBeLessThanOrEqual(10);
        expect(await store.during(3000)).toBeLessThanOrEqual(3);
        expect(await registries.get("recheck-refused")).toEqual(failed);
    });

    it("moves the time when only the message changes", async () => {
        const before = await registries.get("recheck-refused");
        await registries.change("recheck-refused", { spec: { s3Config: { endpoint: "127.0.0.1:1" } } });
        await expect.poll(async () => messageOf(await registries.get("recheck-refused"))).toMatch(/refused$/);
        const after = await registries.get("recheck-refused");
        expect(after.status?.conditions?.[0]?.["status"]).toBe("False");
        expect(timeOf(after)).toBeGreaterThan(timeOf(before));
    });
});

function timeOf(registry: SeenRegistry): number {
    return Date.parse(registry.status?.conditions?.[0]?.["lastUpdateTime"] ?? "");
}

function messageOf(registry: SeenRegistry): string | undefined {
    return registry.status?.conditions?.[0]?.["message"];
}

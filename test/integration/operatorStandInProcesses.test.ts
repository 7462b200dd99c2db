import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { s3Error } from "../support/faults";
import { Outside } from "../support/outside";
import { Recorder } from "../support/recorder";
import { Registries } from "../support/registries";
import { finalizers, type StoredObjects } from "../support/storedObjects";
import { createBucket } from "../support/stores";
import { wish } from "../support/wishes";

// What was seen when the real operator, its webhook server, the API server and S3 were ended, held up and started again.
// A sandbox of its own: all of it would disturb others.
const registry = "processes";
const configurations = "/apis/admissionregistration.k8s.io/v1";
const leasePath = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/llmos-operator-leader";

let own: Sandbox;
let outside: Outside;
let registries: Registries;
let objects: StoredObjects;

beforeAll(async () => {
    own = await startSandbox({ engine: false });
    outside = await Outside.of(own);
    objects = outside.stored;
    registries = new Registries(outside.ask);
    await createBucket(own.s3.url, own.s3, registry, own.s3.caBundle);
    await makeRegistry(registry, own.s3.endpoint);
});
afterAll(async () => {
    outside?.s3.destroy();
    await own?.stop();
});

async function makeRegistry(name: string, endpoint: string): Promise<void> {
    const keys = { accessKeyID: own.s3.accessKeyId, accessKeySecret: own.s3.secretAccessKey };
    await registries.createSecret(name, keys);
    const config = { bucket: registry, useSSL: true, accessCredentialSecretName: name };
    await registries.create(name, { endpoint, ...config });
    await registries.settled(name);
}

const message = async (asked: ReturnType<StoredObjects["tryCreate"]>) => (await asked).body.message;
const lease = async () => (await outside.ask("GET", leasePath)).body.spec;

test("the webhooks are registered as the real ones are, and in effect over a restart of the API server", async () => {
    const registered = async (type: string) => {
        const path = `${configurations}/${type}webhookconfigurations/llmos-operator-webhook`;
        const [webhook] = (await outside.expect(200, "GET", path)).webhooks;
        return {
            ...webhook,
            rules: webhook.rules.flatMap((rule: { resources: string[] }) => rule.resources),
        };
    };
    const both = { admissionReviewVersions: ["v1", "v1beta1"] };
    expect(await registered("validating")).toMatchObject({
        ...both,
        name: "validator.llmos-system.llmos-operator-webhook",
        failurePolicy: "Fail",
        rules: ["models", "datasets", "datasetversions", "localmodels", "localmodelversions"],
    });
    expect(await registered("mutating")).toMatchObject({
        ...both,
        name: "mutator.llmos-system.llmos-operator-webhook",
        failurePolicy: "Ignore",
        rules: ["datasetversions", "localmodelversions"],
    });
    await own.restart("kube-apiserver", 0);
    const refused = message(objects.tryCreate("models", "restarted", { registry: "none" }));
    expect(await refused).toContain("denied the request: Internal error occurred: registry none not found");
});

test("without the process of the webhooks everything on their kinds is refused, the operator's own writes too", async () => {
    await objects.create("models", "kept", { registry });
    await objects.settled("models", "kept");
    await own.end("stand-in-webhooks");
    const down =
        /^Internal error occurred: failed calling webhook "validator\.llmos-system\.llmos-operator-webhook": failed to call webhook: Post .*: connect: connection refused$/;
    const create = await objects.tryCreate("models", "refused", { registry });
    expect(create.status).toBe(500);
    expect(create.body.message).toMatch(down);
    const change = await objects.change("models", "kept", { metadata: { finalizers: null } });
    expect(change.body.message).toMatch(down);

    // The status is no part of the rules, but the finalizer is: deletion does not come to its end.
    await objects.startRemoval("models", "kept");
    await sleep(1500);
    expect((await objects.get("models", "kept")).metadata.finalizers).toEqual([finalizers.models]);
    await own.start("stand-in-webhooks");
    await objects.gone("models", "kept");
    await objects.create("models", "accepted", { registry });
});

test("the webhooks see what was written as late as is wished", async () => {
    await wish(outside.ask, { "just-made.webhook-cache-delay": "1500" });
    // The wish itself reaches the webhooks by a watch.
    await sleep(500);
    await makeRegistry("just-made", own.s3.endpoint);
    const create = () => objects.tryCreate("models", "early", { registry: "just-made" });
    expect(await message(create())).toMatch(/registry just-made not found$/);
    await expect.poll(async () => (await create()).status, { interval: 200, timeout: 10_000 }).toBe(201);
});

test("errors of S3 are tried again for seconds, with no status and no finalizer meanwhile", async () => {
    const recorder = await Recorder.beforeS3(own);
    await makeRegistry("faulty", `localhost:${recorder.port}`);
    await objects.create("datasets", "texts", { registry: "faulty" });
    await objects.settled("datasets", "texts");
    await objects.create("datasetversions", "texts-v1", { dataset: "texts", version: "v1" });
    await objects.settled("datasetversions", "texts-v1");
    await outside.put(registry, "datasets/default/texts/v1/text");

    recorder.faults.set(s3Error(500, "InternalError"), Number.POSITIVE_INFINITY, /^PUT .*\/v2\/text/);
    const copyFrom = { namespace: "default", dataset: "texts", version: "v1" };
    await objects.create("datasetversions", "texts-v2", { dataset: "texts", version: "v2", copyFrom });
    await expect.poll(() => recorder.faults.hits).toBeGreaterThanOrEqual(2);
    const early = await objects.get("datasetversions", "texts-v2");
    expect(early.status).toBeUndefined();
    expect(early.metadata.finalizers).toBeUndefined();
    const failed = await objects.settled("datasetversions", "texts-v2", "False");
    expect(recorder.faults.hits).toBeGreaterThanOrEqual(10);
    const target = "datasets/default/texts/v2/text";
    expect(failed.status.conditions[0].message).toBe(
        `copy failed: copy from default/texts/v1 failed: copy file datasets/default/texts/v1/text to ${target} failed: Please try again.`,
    );

    recorder.faults.heal();
    await objects.settled("datasetversions", "texts-v2");
    recorder.faults.set(s3Error(503, "SlowDown"), 3, /^DELETE /);
    await vi.waitFor(async () => {
        recorder.requests.length = 0;
        await sleep(500);
        // What is looked at besides asks for the same.
        expect(recorder.requests).toEqual([]);
    }, 20_000);
    await objects.startRemoval("datasetversions", "texts-v1");
    await objects.gone("datasetversions", "texts-v1");
    const deletes = recorder.requests.filter((line) => line.startsWith("DELETE "));
    const [first = ""] = deletes;
    expect(deletes.filter((line) => line === first)).toHaveLength(4);
    // Within one look: each begins with what lies at the path itself.
    const during = recorder.requests.slice(0, recorder.requests.lastIndexOf(first));
    expect(during.filter((line) => /^HEAD .*\/texts\/v1$/.test(line))).toHaveLength(1);
    // Nothing is left that would ask the proxy.
    await objects.remove("datasetversions", "texts-v2");
    await objects.remove("datasets", "texts");
    await recorder.stop();
});

test("an operator that is ended gives its lease back, and nothing is done until another holds it", async () => {
    const before = await lease();
    expect(before).toMatchObject({ leaseDurationSeconds: 45, leaseTransitions: 0 });
    await own.end("stand-in-operator");
    expect((await lease()).holderIdentity).toBe("");
    await objects.create("models", "unseen", { registry });
    await sleep(1000);
    expect((await objects.get("models", "unseen")).status).toBeUndefined();
    await own.start("stand-in-operator");
    await objects.settled("models", "unseen");
    expect((await lease()).leaseTransitions).toBe(1);
});

test("the lease of an operator that was killed is waited for", async () => {
    await wish(outside.ask, { "lease-seconds": "6" });
    await expect.poll(async () => (await lease()).leaseDurationSeconds, { timeout: 30_000 }).toBe(6);
    const { holderIdentity } = await lease();
    await own.kill("stand-in-operator");
    const started = own.start("stand-in-operator");
    const begun = Date.now();
    await objects.create("models", "waiting", { registry });
    await sleep(3000);
    expect((await lease()).holderIdentity).toBe(holderIdentity);
    expect((await objects.get("models", "waiting")).status).toBeUndefined();
    await started;
    expect(Date.now() - begun).toBeGreaterThan(5000);
    expect((await lease()).holderIdentity).not.toBe(holderIdentity);
    await objects.settled("models", "waiting");
});

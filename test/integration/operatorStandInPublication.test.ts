import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it, test, vi } from "vitest";
import { Outside } from "../support/outside";
import { Registries } from "../support/registries";
import type { StoredObjects } from "../support/storedObjects";
import { createBucket } from "../support/stores";
import { wish } from "../support/wishes";

// What the real operator makes and writes when it publishes a version, as it was seen or as its source says; what the
// cluster does of it is as is wished.
const sandbox = inject("sandbox");
const { s3 } = sandbox;
const registry = "publication";
const dataset = "published";
const places = {
    claim: "/api/v1/namespaces/default/persistentvolumeclaims",
    job: "/apis/batch/v1/namespaces/default/jobs",
    snapshot: "/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots",
};

interface PublishStatus {
    phase?: string;
    message?: string;
    lastTransitionTime?: string;
    pvcName?: string;
    jobName?: string;
    snapshotName?: string;
}

let outside: Outside;
let registries: Registries;
let objects: StoredObjects;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    objects = outside.stored;
    registries = new Registries(outside.ask);
    await createBucket(s3.url, s3, registry, s3.caBundle);
    const keys = { accessKeyID: s3.accessKeyId, accessKeySecret: s3.secretAccessKey };
    await registries.createSecret(registry, keys);
    const config = { bucket: registry, useSSL: true, accessCredentialSecretName: registry };
    await registries.create(registry, { endpoint: s3.endpoint, ...config });
    await registries.settled(registry);
    await objects.create("datasets", dataset, { registry });
    await objects.settled("datasets", dataset);
});

afterAll(async () => {
    await objects?.removeAll();
    await registries?.removeAll();
    outside?.s3.destroy();
});

/** A version with content, ready to be published; its object has the same name. */
async function makeVersion(version: string): Promise<string> {
    await objects.create("datasetversions", version, { dataset, version });
    await objects.settled("datasetversions", version);
    await outside.put(registry, `datasets/default/${dataset}/${version}/text`);
    return version;
}

async function publish(name: string, wanted = true): Promise<void> {
    const { status, body } = await objects.change("datasetversions", name, { spec: { publish: wanted } });
    expect(status, JSON.stringify(body)).toBe(200);
}

async function statusOf(name: string): Promise<PublishStatus> {
    return (await objects.get("datasetversions", name)).status.publishStatus;
}

async function untilStatus(name: string, wanted: object): Promise<void> {
    await expect.poll(() => statusOf(name), { timeout: 40_000 }).toMatchObject(wanted);
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into the object as it is.
async function made(kind: keyof typeof places, name: string): Promise<any> {
    const { status, body } = await outside.ask("GET", `${places[kind]}/${name}`);
    return status === 404 ? undefined : body;
}

async function remove(kind: keyof typeof places, name: string): Promise<void> {
    expect((await outside.ask("DELETE", `${places[kind]}/${name}`)).status).toBeLessThan(300);
    await expect.poll(() => made(kind, name)).toBeUndefined();
}

/** Each different status that a publication has had, as the API server itself tells it. */
async function historyOf(name: string, since: string): Promise<PublishStatus[]> {
    const query = `watch=true&resourceVersion=${since}&timeoutSeconds=1&fieldSelector=metadata.name=${name}`;
    const path = `/apis/ml.llmos.ai/v1/namespaces/default/datasetversions?${query}`;
    const lines: string[] = (await outside.ask("GET", path)).body.trim().split("\n");
    const seen = lines.map((line) => JSON.parse(line).object.status.publishStatus as PublishStatus);
    return seen.filter((status, index) => status.phase !== seen[index - 1]?.phase);
}

test("a version is published in the steps of the real operator, each with the object that it makes", async () => {
    const name = await makeVersion("steps");
    const { metadata, spec } = await objects.get("datasetversions", name);
    await wish(outside.ask, { [`default.${name}.job`]: "hang", [`default.${name}.snapshot`]: "hang" });
    await publish(name);
    const labels = {
        "ml.llmos.ai/dataset-name": dataset,
        "ml.llmos.ai/dataset-version": spec.version,
        "ml.llmos.ai/resource-type": "dataset-version",
    };
    const managed = { "llmos.ai/snapshotting-manager": "true", "llmos.ai/resource-type": "datasetversions" };
    const owner = { apiVersion: "ml.llmos.ai/v1", kind: "DatasetVersion", name, uid: metadata.uid };
    const ownerReferences = [{ ...owner, controller: true }];

    await untilStatus(name, { phase: "Downloading" });
    expect(await made("claim", name)).toMatchObject({
        metadata: { labels, ownerReferences },
        spec: {
            storageClassName: "llmos-ceph-block",
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage: "1Gi" } },
        },
    });
    const job = await made("job", name);
    expect(job).toMatchObject({
        metadata: { labels: { ...labels, ...managed }, ownerReferences },
        spec: { backoffLimit: 1, ttlSecondsAfterFinished: 0 },
    });
    expect(job.spec.template.spec).toMatchObject({
        serviceAccountName: "llmos-operator-downloader",
        containers: [{ args: expect.arrayContaining([`--name=default/${name}`, "--type=datasetversions"]) }],
        volumes: [{ persistentVolumeClaim: { claimName: name } }],
    });
    const account = "/api/v1/namespaces/default/serviceaccounts/llmos-operator-downloader";
    expect((await outside.ask("GET", account)).status).toBe(200);
    const binding = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/llmos-operator";
    const { body: bound } = await outside.ask("GET", binding);
    expect(bound.roleRef.name).toBe("llmos-operator-registry-reader");

    await wish(outside.ask, { [`default.${name}.job`]: null });
    await untilStatus(name, { phase: "Snapshotting" });
    expect(await made("snapshot", name)).toMatchObject({
        metadata: { labels: { ...labels, ...managed }, ownerReferences },
        spec: {
            volumeSnapshotClassName: "llmos-ceph-block-snapshot-class",
            source: { persistentVolumeClaimName: name },
        },
    });
    // A Job that has succeeded goes at once; the claim stays until the snapshot is taken.
    await expect.poll(() => made("job", name)).toBeUndefined();
    expect(await made("claim", name)).toBeDefined();

    await wish(outside.ask, { [`default.${name}.snapshot`]: null });
    await untilStatus(name, { phase: "SnapshotReady" });
    await expect.poll(() => made("claim", name)).toBeUndefined();
    expect((await made("snapshot", name)).status).toMatchObject({ readyToUse: true, restoreSize: "1Gi" });

    const history = await historyOf(name, metadata.resourceVersion);
    const lastTransitionTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const [pvc, jobToo, all] = [
        { pvcName: name },
        { pvcName: name, jobName: name },
        { pvcName: name, jobName: name, snapshotName: name },
    ];
    const steps: [string, string, object][] = [
        ["PVCReady", "PVC created successfully", pvc],
        ["Downloading", "Job created successfully, downloading in progress", jobToo],
        ["Downloaded", "Job completed successfully", jobToo],
        ["Snapshotting", "VolumeSnapshot created successfully, snapshotting in progress", all],
        ["SnapshotReady", "VolumeSnapshot is ready", all],
    ];
    const expected = steps.map(([phase, message, names]) => ({
        phase,
        message,
        lastTransitionTime,
        ...names,
    }));
    expect(history.filter(({ phase }) => phase)).toEqual(expected);
});

const denied = 'admission webhook "creation.stand-in.cluster" denied the request: too much';
const failures: [step: string, phase: string, message: (name: string) => string][] = [
    [
        "create-pvc",
        "PreparePVC",
        (name) => `Failed to create PVC: failed to create pvc default/${name}: ${denied}`,
    ],
    ["create-job", "PVCReady", () => `Failed to create Job: failed to create job: ${denied}`],
    ["job", "Downloading", () => "Job failed or timed out"],
    [
        "create-snapshot",
        "Downloaded",
        (name) =>
            `Failed to create VolumeSnapshot: failed to create volume snapshot default/${name}: ${denied}`,
    ],
    ["snapshot", "Snapshotting", () => "VolumeSnapshot failed: too much"],
];

describe("a publication that fails", () => {
    const named = failures.map(([step, phase, message]) => {
        const name = `fails-at-${step}`;
        return { name, key: `default.${name}.${step}`, phase, message: message(name) };
    });
    const wishAll = (value: string | null) =>
        wish(outside.ask, Object.fromEntries(named.map(({ key }) => [key, value])));
    const statuses = () => Promise.all(named.map(({ name }) => statusOf(name)));

    it("keeps its phase, says why, names nothing any more, and leaves the version ready", async () => {
        await wishAll("fail: too much");
        await Promise.all(named.map(({ name }) => makeVersion(name).then((made) => publish(made))));
        const lastTransitionTime = expect.any(String);
        // Whole: no name of an object is left.
        const expected = named.map(({ phase, message }) => ({ phase, message, lastTransitionTime }));
        await expect.poll(statuses, { timeout: 40_000 }).toEqual(expected);
        const conditions = named.map(
            async ({ name }) => (await objects.settled("datasetversions", name)).status.conditions,
        );
        expect((await Promise.all(conditions)).map(([ready]) => ready.message)).toEqual(
            named.map(() => undefined),
        );
    });

    it("is not tried again by itself once the cause is gone", async () => {
        // What it writes sets off another look, until one writes the same: times are told to the second.
        let before: PublishStatus[] = [];
        await vi.waitFor(
            async () => {
                before = await statuses();
                await sleep(1500);
                expect(await statuses()).toEqual(before);
            },
            { timeout: 40_000 },
        );
        await wishAll(null);
        await sleep(1500);
        expect(await statuses()).toEqual(before);
    });

    it("goes on with any change of the object if an object could not be made, and else does not", async () => {
        await Promise.all(named.map(({ name }) => objects.nudge("datasetversions", name)));
        const phases = async () => (await statuses()).map(({ phase }) => phase);
        const expected = ["SnapshotReady", "SnapshotReady", "Downloading", "SnapshotReady", "Snapshotting"];
        await expect.poll(phases, { timeout: 40_000 }).toEqual(expected);
    });
});

test("a namespace in which the downloader gets no account: the words of the real operator", async () => {
    const namespace = "no-downloader";
    const account = `${namespace}.llmos-operator-downloader.create-serviceaccount`;
    await wish(outside.ask, { [account]: "fail: too much" });
    const place = `/apis/ml.llmos.ai/v1/namespaces/${namespace}`;
    const create = (plural: string, kind: string, name: string, spec: object) =>
        outside.expect(201, "POST", `${place}/${plural}`, {
            apiVersion: "ml.llmos.ai/v1",
            kind,
            metadata: { name },
            spec,
        });
    const version = async () => (await outside.ask("GET", `${place}/datasetversions/v1`)).body;
    const ready = async (plural: string, name: string) =>
        (await outside.ask("GET", `${place}/${plural}/${name}`)).body.status?.conditions?.[0]?.status;
    await outside.expect(201, "POST", "/api/v1/namespaces", { metadata: { name: namespace } });
    await create("datasets", "Dataset", "texts", { registry });
    await expect.poll(() => ready("datasets", "texts"), { timeout: 40_000 }).toBe("True");
    await create("datasetversions", "DatasetVersion", "v1", { dataset: "texts", version: "v1" });
    await expect.poll(() => ready("datasetversions", "v1"), { timeout: 40_000 }).toBe("True");
    await outside.put(registry, `datasets/${namespace}/texts/v1/text`);
    await outside.expect(200, "PATCH", `${place}/datasetversions/v1`, { spec: { publish: true } });
    const message = `Failed to ensure ServiceAccount and ClusterRoleBinding: failed to create service account ${namespace}/llmos-operator-downloader: ${denied}`;
    await expect
        .poll(async () => (await version()).status.publishStatus, { timeout: 40_000 })
        .toMatchObject({ phase: "PVCReady", message });
    // Its dataset, its claim and all else that it owns go with what they belong to.
    await outside.expect(200, "DELETE", `${place}/datasets/texts`);
    await expect.poll(async () => (await version()).code, { timeout: 40_000 }).toBe(404);
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    await expect.poll(async () => (await outside.ask("GET", claims)).body.items).toEqual([]);
});

test("a failed Job stays, so that publishing again heals only once Job and claim are gone", async () => {
    const name = await makeVersion("failed-job");
    await wish(outside.ask, { [`default.${name}.job`]: "fail" });
    await publish(name);
    await untilStatus(name, { phase: "Downloading", message: "Job failed or timed out" });
    await expect.poll(async () => (await made("job", name)).status.conditions?.at(-1).type).toBe("Failed");
    const { metadata, spec } = await made("job", name);
    expect(spec.ttlSecondsAfterFinished).toBe(86_400);

    await wish(outside.ask, { [`default.${name}.job`]: null });
    await publish(name, false);
    await expect.poll(() => statusOf(name)).toEqual({});
    expect((await made("job", name)).metadata.uid).toBe(metadata.uid);
    await publish(name);
    await untilStatus(name, { phase: "Downloading", jobName: name });
    await sleep(1500);
    expect(await statusOf(name)).toMatchObject({ phase: "Downloading", jobName: name });
    expect((await made("job", name)).metadata.uid).toBe(metadata.uid);

    await publish(name, false);
    await expect.poll(() => made("job", name)).toBeUndefined();
    await expect.poll(() => made("claim", name)).toBeUndefined();
    await publish(name);
    await untilStatus(name, { phase: "SnapshotReady" });
});

test("Job and claim of a failed publication can be deleted, and then it is published", async () => {
    const name = await makeVersion("deleted-job");
    await wish(outside.ask, { [`default.${name}.job`]: "fail" });
    await publish(name);
    await untilStatus(name, { message: "Job failed or timed out" });
    await publish(name, false);
    await expect.poll(() => statusOf(name)).toEqual({});
    await remove("job", name);
    await remove("claim", name);
    await wish(outside.ask, { [`default.${name}.job`]: null });
    await publish(name);
    await untilStatus(name, { phase: "SnapshotReady" });
});

test("a claim stays as long as a snapshot of it has failed", async () => {
    const name = await makeVersion("failed-snapshot");
    await wish(outside.ask, { [`default.${name}.snapshot`]: "fail" });
    await publish(name);
    await untilStatus(name, { message: expect.stringMatching(/^VolumeSnapshot failed: /) });
    expect((await outside.ask("DELETE", `${places.claim}/${name}`)).status).toBe(200);
    await sleep(500);
    expect((await made("claim", name)).metadata.finalizers).toEqual([
        "snapshot.storage.kubernetes.io/pvc-as-source-protection",
    ]);
    await remove("snapshot", name);
    await expect.poll(() => made("claim", name)).toBeUndefined();
});

test("a Job that is tried again is a failure first, and goes on by itself", async () => {
    const name = await makeVersion("second-try");
    const { metadata } = await objects.get("datasetversions", name);
    await wish(outside.ask, { [`default.${name}.job`]: "fail once" });
    await publish(name);
    await untilStatus(name, { phase: "SnapshotReady" });
    const query = `watch=true&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=1`;
    const { body } = await outside.ask("GET", `/apis/ml.llmos.ai/v1/datasetversions?${query}`);
    expect(body).toContain("Job failed or timed out");
});

test("what is published does not follow its content", async () => {
    const name = await makeVersion("unfollowed");
    await publish(name);
    await untilStatus(name, { phase: "SnapshotReady" });
    const before = await made("snapshot", name);
    expect(before.status.readyToUse).toBe(true);
    await outside.put(registry, `datasets/default/${dataset}/${name}/more`);
    await objects.nudge("datasetversions", name);
    await sleep(1000);
    expect(await made("snapshot", name)).toEqual(before);
});

test("a publication that is taken back, and a version that is deleted, take what they made with them", async () => {
    const name = await makeVersion("taken-back");
    await publish(name);
    await untilStatus(name, { phase: "SnapshotReady" });
    expect(await made("snapshot", name)).toBeDefined();
    await publish(name, false);
    await expect.poll(() => statusOf(name)).toEqual({});
    await expect.poll(() => made("snapshot", name)).toBeUndefined();
    await wish(outside.ask, { [`default.${name}.job`]: "hang" });
    await publish(name);
    await untilStatus(name, { phase: "Downloading" });
    expect(await made("job", name)).toBeDefined();
    await objects.remove("datasetversions", name);
    for (const kind of ["job", "claim"] as const) await expect.poll(() => made(kind, name)).toBeUndefined();
});

test("a wish that means nothing is refused in words", async () => {
    const name = await makeVersion("misspelt");
    await wish(outside.ask, { [`default.${name}.create-pvc`]: "fails" });
    await publish(name);
    await untilStatus(name, {
        phase: "PreparePVC",
        message: expect.stringContaining('"fails" is none of succeed, fail, fail once, hang'),
    });
});

import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { KubeAnswer } from "../support/kubeRequest";
import { Outside } from "../support/outside";
import { Registries } from "../support/registries";
import type { Plural, StoredObjects } from "../support/storedObjects";
import { createBucket } from "../support/stores";

// What the real operator's webhooks refuse, by its source: its rules, and the one code that its webhook server has.
const sandbox = inject("sandbox");
const { s3 } = sandbox;
const registry = "admission";

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
    await objects.create("datasets", "judged", { registry });
    await objects.settled("datasets", "judged");
    await objects.create("datasetversions", "judged-v1", { dataset: "judged", version: "v1" });
    await objects.settled("datasetversions", "judged-v1");
});

afterAll(async () => {
    await objects?.removeAll();
    await registries?.removeAll();
    outside?.s3.destroy();
});

function expectRefused({ status, body }: KubeAnswer, webhook: "validator" | "mutator", why: string): void {
    const by = `admission webhook "${webhook}.llmos-system.llmos-operator-webhook" denied the request`;
    expect(body.message).toBe(`${by}: Internal error occurred: ${why}`);
    expect({ status, reason: body.reason }).toEqual({ status: 500, reason: "InternalError" });
}

const noDataset = 'get dataset default/none failed: datasets.ml.llmos.ai "none" not found';
const versionOf = (dataset: string, version: string, more: object = {}) => ({ dataset, version, ...more });
const refusedCreates: [string, Plural, object, "validator" | "mutator", string][] = [
    ["no registry", "models", { registry: "none" }, "validator", "registry none not found"],
    ["no registry", "datasets", { registry: "none" }, "validator", "registry none not found"],
    ["an empty name", "models", { registry: "" }, "validator", "registry  not found"],
    ["no dataset", "datasetversions", versionOf("none", "v1"), "mutator", noDataset],
    [
        "a version that there is",
        "datasetversions",
        versionOf("judged", "v1"),
        "validator",
        "dataset default/judged already has version v1",
    ],
    [
        "publishing without a copy",
        "datasetversions",
        versionOf("judged", "v2", { publish: true }),
        "validator",
        "copyFrom field is required when publish is true",
    ],
    [
        "publishing a copy of nothing",
        "datasetversions",
        versionOf("judged", "v2", {
            publish: true,
            copyFrom: { namespace: "default", dataset: "", version: "v1" },
        }),
        "validator",
        "copyFrom field is required when publish is true",
    ],
];

test.each(refusedCreates)("%s: create of %s is refused", async (_title, plural, spec, webhook, why) => {
    expectRefused(await objects.tryCreate(plural, "refused", spec), webhook, why);
    expect(await objects.get(plural, "refused")).toBeUndefined();
});

test.each(["models", "datasets"] as const)(
    "the registry of %s cannot be changed, all else can",
    async (plural) => {
        await objects.create(plural, "fixed", { registry });
        await objects.settled(plural, "fixed");
        const moved = await objects.change(plural, "fixed", { spec: { registry: "other" } });
        expectRefused(moved, "validator", "registry field cannot be modified once set");
        const card = plural === "models" ? "modelCard" : "datasetCard";
        const described = { spec: { [card]: { description: "new", metadata: {} } } };
        expect((await objects.change(plural, "fixed", described)).status).toBe(200);
    },
);

const unchangeable = "dataset and version field cannot be modified once set";
const copyFrom = { namespace: "default", dataset: "judged", version: "v1" };
test.each<[string, object, string]>([
    ["dataset", { dataset: "other" }, unchangeable],
    ["version", { version: "v2" }, unchangeable],
    ["copyFrom", { copyFrom }, "copyFrom field cannot be modified once set"],
])("%s of a datasetversion cannot be changed", async (_field, spec, why) => {
    expectRefused(await objects.change("datasetversions", "judged-v1", { spec }), "validator", why);
});

test("a datasetversion is published only once it is ready and holds something", async () => {
    const publish = (name: string) => objects.change("datasetversions", name, { spec: { publish: true } });
    const refused = (why: string) => `cannot publish dataset version: ${why}`;
    const failing = versionOf("judged", "v3", { copyFrom: { ...copyFrom, version: "v9" } });
    await objects.create("datasetversions", "unready", failing);
    await objects.settled("datasetversions", "unready", "False");
    expectRefused(await publish("unready"), "validator", refused("dataset version is not ready"));
    expectRefused(await publish("judged-v1"), "validator", refused("dataset version has no content"));
    await outside.put(registry, "datasets/default/judged/v1/text");
    expect((await publish("judged-v1")).status).toBe(200);
});

test("a datasetversion belongs to its dataset, and is labelled with it, in place of what else it was given", async () => {
    const labels = { mine: "label" };
    const owner = { apiVersion: "v1", kind: "Secret", name: "other", uid: "1" };
    const metadata = { labels, ownerReferences: [owner] };
    await objects.create("datasetversions", "owned", versionOf("judged", "owned"), metadata);
    const { metadata: given } = await objects.get("datasetversions", "owned");
    expect(given.labels).toEqual({
        "ml.llmos.ai/dataset-name": "judged",
        "ml.llmos.ai/dataset-version": "owned",
    });
    const { uid } = (await objects.get("datasets", "judged")).metadata;
    expect(given.ownerReferences).toEqual([
        { apiVersion: "ml.llmos.ai/v1", kind: "Dataset", name: "judged", uid },
    ]);
});

const localModels = "/apis/ml.llmos.ai/v1/namespaces/default/localmodels";
const localVersions = "/apis/ml.llmos.ai/v1/namespaces/default/localmodelversions";
const makeLocal = (path: string, kind: string, name: string, spec: object) =>
    outside.ask("POST", path, { apiVersion: "ml.llmos.ai/v1", kind, metadata: { name }, spec });

test("a localmodelversion needs storage, its localmodel, and a model that is ready", async () => {
    const classes = "/apis/storage.k8s.io/v1/storageclasses";
    const none = 'localmodels.ml.llmos.ai "none" not found';
    const create = (localModel: string) =>
        makeLocal(localVersions, "LocalModelVersion", `${localModel}-v1`, { localModel });
    const declare = async (name: string, spec: object) =>
        expect((await makeLocal(localModels, "LocalModel", name, spec)).status).toBe(201);
    await declare("public", { registry: "huggingface", modelName: "someone/model" });
    await declare("absent", { registry, modelName: "default/none" });
    await declare("nameless", { registry, modelName: "none" });
    expectRefused(await create("none"), "mutator", `failed to get local model default/none: ${none}`);
    expectRefused(
        await create("nameless"),
        "mutator",
        "invalid model name none of local model default/nameless",
    );
    const noStorage = "storage class llmos-ceph-block not found, please enable system storage firstly";
    expectRefused(await create("public"), "validator", noStorage);

    const storageClass = { metadata: { name: "llmos-ceph-block" }, provisioner: "none" };
    await outside.expect(201, "POST", classes, storageClass);
    try {
        const noModel = 'failed to get model default/none: models.ml.llmos.ai "none" not found';
        // The webhooks see the class when its watch tells them.
        await expect
            .poll(async () => (await create("absent")).body.message)
            .toContain(`Internal error occurred: ${noModel}`);
        const { status, body } = await create("public");
        expect(status, JSON.stringify(body)).toBe(201);
        expect(body.metadata.labels).toEqual({
            "ml.llmos.ai/local-model-name": "public",
            "ml.llmos.ai/registry-name": "huggingface",
            "ml.llmos.ai/model-name": "model",
            "ml.llmos.ai/model-namespace": "someone",
        });
        expect(body.metadata.ownerReferences).toMatchObject([{ kind: "LocalModel", name: "public" }]);
        const moved = await outside.ask("PATCH", `${localVersions}/public-v1`, {
            spec: { localModel: "absent" },
        });
        expectRefused(moved, "validator", "updating spec.localModel is not allowed");
    } finally {
        await outside.ask("DELETE", `${classes}/llmos-ceph-block`);
    }
    const choose = (defaultVersion: string) =>
        outside.ask("PATCH", `${localModels}/public`, { spec: { defaultVersion } });
    expectRefused(
        await choose("none"),
        "validator",
        'failed to get local model version default/none: localmodelversions.ml.llmos.ai "none" not found',
    );
    expectRefused(await choose("public-v1"), "validator", "local model version public-v1 is not ready");
    const made = ["public", "absent", "nameless"].map((name) => `${localModels}/${name}`);
    for (const path of [...made, `${localVersions}/public-v1`]) await outside.ask("DELETE", path);
});

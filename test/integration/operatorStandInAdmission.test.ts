import { afterAll, beforeAll, describe, expect, inject, it, test } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { startStandInOperator } from "../../examples/sandbox/operator";
import { type KubeAnswer, type KubeRequest, kubeRequests } from "../support/kubeRequest";
import { Outside } from "../support/outside";
import { Registries } from "../support/registries";
import { type Plural, StoredObjects } from "../support/storedObjects";
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

describe("the webhooks of a cluster", () => {
    let own: Sandbox;
    let ask: KubeRequest;
    const settings = ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"];

    beforeAll(async () => {
        own = await startSandbox({ operator: false, objectStore: false, engine: false });
        ask = await kubeRequests(own.kubeconfigFile);
    });
    afterAll(() => own?.stop());

    async function configured(): Promise<string[]> {
        const lists = settings.map((plural) => ask("GET", `/apis/admissionregistration.k8s.io/v1/${plural}`));
        return (await Promise.all(lists)).flatMap(({ body }) =>
            body.items.flatMap(({ webhooks }: { webhooks: { name: string; failurePolicy: string }[] }) =>
                webhooks.map(({ name, failurePolicy }) => `${name} ${failurePolicy}`),
            ),
        );
    }

    it("are in effect as long as the operator runs, over a restart of the API server", async () => {
        expect(await configured()).toEqual([]);
        const { kubeconfigFile } = own;
        const operator = await startStandInOperator({ kubeconfigFile, s3CaBundle: "" });
        const objects = new StoredObjects(ask);
        const create = (name: string) => objects.tryCreate("models", name, { registry: "none" });
        try {
            expectRefused(await create("early"), "validator", "registry none not found");
            expect(await configured()).toEqual([
                "validator.llmos-system.llmos-operator-webhook Fail",
                "mutator.llmos-system.llmos-operator-webhook Ignore",
            ]);
            await own.restart("kube-apiserver", 0);
            expectRefused(await create("restarted"), "validator", "registry none not found");
        } finally {
            await operator.stop();
        }
        expect(await configured()).toEqual([]);
        expect((await create("late")).status).toBe(201);
    });
});

/** Webhooks of LLMOS that are late, or not there: what passes is waited for, and the rest is told as what it is. */
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { dataset } from "../../provider/resources/dataset";
import { datasetVersion } from "../../provider/resources/datasetVersion";
import { model } from "../../provider/resources/model";
import { instead } from "../support/faults";
import { StoredScene } from "../support/storedScene";

const sandbox = inject("sandbox");
const WEBHOOK = "validator.llmos-system.llmos-operator-webhook";

let scene: StoredScene;

beforeAll(async () => {
    scene = await StoredScene.open(sandbox, "webhooks");
    await scene.outside.stored.create("datasets", "webhooks-data", { registry: "webhooks" });
    await scene.outside.stored.settled("datasets", "webhooks-data");
});
afterAll(() => scene?.close());
beforeEach(() => scene.recorder.faults.heal());

/** As the API server passes on what a webhook of LLMOS says. */
function refused(message: string) {
    const said = `admission webhook "${WEBHOOK}" denied the request: Internal error occurred: ${message}`;
    return failed(said);
}

function failed(message: string) {
    const status = {
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        reason: "InternalError",
        code: 500,
    };
    return instead(500, "application/json", JSON.stringify({ ...status, message }));
}

const writes = (plural: string) =>
    scene.asked().filter((line) => line.startsWith("PATCH") && line.includes(plural));

test("a webhook that does not see a registry yet is asked again, when the registry is there", async () => {
    scene.recorder.faults.set(refused("registry webhooks not found"), 2, /^PATCH .*models/);
    const run = scene.run(model);
    const { failure } = await run.up({ name: "webhooks-model", registry: "webhooks" });
    expect(failure).toBe(undefined);
    expect(writes("models")).toHaveLength(3);
    scene.recorder.faults.heal();
    expect((await run.destroy()).failure).toBe(undefined);
});

test("a registry that is not there is refused at once, in the words of LLMOS", async () => {
    const run = scene.run(dataset);
    const { failure } = await run.up({
        name: "webhooks-none",
        registry: "webhooks-none",
        awaits: ["registry"],
    });
    expect(failure).toMatchObject({
        code: "write-denied",
        found: "The cluster's rules do not let this apply: registry webhooks-none not found",
    });
    expect(writes("datasets")).toHaveLength(1);
});

test.each([
    "dataset default/webhooks-data not found",
    'get dataset default/webhooks-data failed: datasets.ml.llmos.ai "webhooks-data" not found',
    "dataset default/webhooks-data already has version v1",
])("a webhook that sees a dataset late is asked again: %s", async (message) => {
    scene.recorder.faults.set(refused(message), 2, /^PATCH .*datasetversions/);
    const run = scene.run(datasetVersion);
    const { failure } = await run.up({ name: "webhooks-v1", dataset: "webhooks-data", version: "v1" });
    expect(failure).toBe(undefined);
    expect(writes("datasetversions")).toHaveLength(3);
    scene.recorder.faults.heal();
    expect((await run.destroy()).failure).toBe(undefined);
});

test("a version that the dataset does have is refused at once", async () => {
    await scene.outside.stored.create("datasetversions", "webhooks-v2", {
        dataset: "webhooks-data",
        version: "v2",
    });
    await scene.outside.stored.settled("datasetversions", "webhooks-v2");
    const { failure } = await scene
        .run(datasetVersion)
        .up({ name: "webhooks-other", dataset: "webhooks-data", version: "v2" });
    expect(failure?.found).toContain("dataset default/webhooks-data already has version v2");
    expect(writes("datasetversions")).toHaveLength(1);
});

test("a webhook that stays behind is told in its words, with what was waited", async () => {
    scene.recorder.faults.set(refused("registry webhooks not found"), undefined, /^PATCH .*models/);
    const { failure } = await scene.run(model).up({ name: "webhooks-model", registry: "webhooks" });
    expect(failure?.found).toContain("registry webhooks not found");
    expect(writes("models").length).toBeGreaterThan(5);
});

test("a webhook server that is down is what one is sent to look at", async () => {
    const said =
        'failed to call webhook: Post "https://127.0.0.1:1/v1/webhook/validation?timeout=10s": connection refused';
    scene.recorder.faults.set(
        failed(`Internal error occurred: failed calling webhook "${WEBHOOK}": ${said}`),
        undefined,
        /^PATCH/,
    );
    const { failure } = await scene.run(model).up({ name: "webhooks-model", registry: "webhooks" });
    expect(failure).toMatchObject({
        code: "webhook-unreachable",
        found: `The API server cannot apply: it cannot call the admission webhook "${WEBHOOK}": ${said}`,
        next: "It was asked again several times. Check the webhook server of LLMOS (kubectl get pods --namespace llmos-system), then run again.",
    });
    scene.recorder.faults.set(
        failed('Internal error occurred: failed calling webhook "validate.kyverno.svc-fail": no endpoints'),
        undefined,
        /^PATCH/,
    );
    const other = await scene.run(model).up({ name: "webhooks-model", registry: "webhooks" });
    expect(other.failure?.next).toBe(
        "It was asked again several times. Check the server behind that webhook, then run again.",
    );
});

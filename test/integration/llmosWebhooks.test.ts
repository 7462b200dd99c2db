/** Webhooks of LLMOS that are late, or not there: what passes is waited for, and the rest is told as what it is. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { startSandbox } from "../../examples/sandbox";
import { dataset } from "../../provider/resources/dataset/lifecycle";
import { datasetVersion } from "../../provider/resources/datasetVersion/lifecycle";
import { model } from "../../provider/resources/model/lifecycle";
import { instead } from "../support/faults";
import { LifecycleRun } from "../support/lifecycleRun";
import { StoredScene } from "../support/storedScene";
import { wish } from "../support/wishes";

const sandbox = inject("sandbox");
const WEBHOOK = "validator.llmos-system.llmos-operator-webhook";

let scene: StoredScene;

beforeAll(async () => {
    scene = await StoredScene.open(sandbox, "webhooks");
});
afterAll(() => scene?.close());
beforeEach(() => {
    scene.recorder.faults.heal();
    scene.asked();
});

const writes = (plural: string) =>
    scene.asked().filter((line) => line.startsWith("POST") && line.includes(plural));

/** From now on the webhooks see an object of that name so late. */
async function late(name: string, milliseconds: number | null): Promise<void> {
    const delay = milliseconds === null ? null : String(milliseconds);
    await wish(scene.outside.ask, { [`${name}.webhook-cache-delay`]: delay });
    // It reaches them by a watch.
    await sleep(500);
}

/** Lets them see it as it is: a change that is not late brings all that was before it. */
async function caughtUp(name: string, nudge: () => Promise<unknown>): Promise<void> {
    await late(name, null);
    await nudge();
}

describe("caches that are late", () => {
    /** A write of such a kind is refused, waited for, and taken once the caches have caught up. */
    async function passes<T>(up: Promise<T>, plural: string, catchUp: () => Promise<void>): Promise<T> {
        const isWrite = (line: string) => line.startsWith("POST") && line.includes(plural);
        await expect.poll(() => scene.recorder.requests.filter(isWrite).length, { timeout: 60_000 }).toBe(1);
        await catchUp();
        const done = await up;
        expect(writes(plural).length).toBeGreaterThan(1);
        return done;
    }

    test("by a Registry that was made a moment ago are waited for", async () => {
        const name = "webhooks-late";
        await late(name, 60_000);
        const s3Config = { endpoint: sandbox.s3.endpoint, bucket: "webhooks", useSSL: true };
        await scene.registries.create(name, { ...s3Config, accessCredentialSecretName: "webhooks" });
        const run = scene.run(model);
        const made = await passes(run.up({ name: "webhooks-model", registry: name }), "models", () =>
            caughtUp(name, () => scene.registries.nudge(name)),
        );
        expect(made.failure).toBe(undefined);
        expect((await run.destroy()).failure).toBe(undefined);
    });

    test("by a Dataset that was made a moment ago, and by a version of it that has gone, are waited for", async () => {
        const name = "webhooks-data";
        await late(name, 60_000);
        expect((await scene.run(dataset).up({ name, registry: "webhooks" })).failure).toBe(undefined);
        const version = scene.run(datasetVersion);
        const args = { name: "webhooks-v1", dataset: name, version: "v1" };
        const catchUp = () => caughtUp(name, () => scene.outside.stored.nudge("datasets", name));
        const made = await passes(version.up(args), "datasetversions", catchUp);
        expect(made.failure).toBe(undefined);

        await late(name, 60_000);
        expect((await version.destroy()).failure).toBe(undefined);
        scene.asked();
        const again = await passes(scene.run(datasetVersion).up(args), "datasetversions", catchUp);
        expect(again.failure).toBe(undefined);
    });

    test("by more than a moment are told in their words", async () => {
        await late("webhooks-behind", 60_000);
        await scene.registries.create("webhooks-behind", {
            endpoint: sandbox.s3.endpoint,
            bucket: "webhooks",
            useSSL: true,
            accessCredentialSecretName: "webhooks",
        });
        const { failure } = await scene
            .run(model)
            .up({ name: "webhooks-other", registry: "webhooks-behind" });
        expect(failure).toMatchObject({
            code: "write-denied",
            found: "The cluster's rules do not let this create: registry webhooks-behind not found",
        });
        expect(writes("models").length).toBeGreaterThan(3);
    });
});

describe("what is not there", () => {
    test("is refused at once, in the words of LLMOS", async () => {
        const run = scene.run(dataset);
        const { failure } = await run.up({
            name: "webhooks-none",
            registry: "webhooks-none",
            awaits: ["registry"],
        });
        expect(failure).toMatchObject({
            code: "write-denied",
            found: "The cluster's rules do not let this create: registry webhooks-none not found",
        });
        expect(writes("datasets")).toHaveLength(1);
    });

    test("and a version that the dataset does have, too", async () => {
        const { stored } = scene.outside;
        await stored.create("datasets", "webhooks-full", { registry: "webhooks" });
        await stored.settled("datasets", "webhooks-full");
        await stored.create("datasetversions", "webhooks-v2", { dataset: "webhooks-full", version: "v2" });
        await stored.settled("datasetversions", "webhooks-v2");
        const { failure } = await scene
            .run(datasetVersion)
            .up({ name: "webhooks-twice", dataset: "webhooks-full", version: "v2" });
        expect(failure?.found).toContain("dataset default/webhooks-full already has version v2");
        expect(writes("datasetversions")).toHaveLength(1);
    });
});

describe("a webhook that cannot be called", () => {
    test("of LLMOS is what one is sent to look at", async () => {
        const own = await startSandbox({ objectStore: false, engine: false });
        try {
            await own.kill("stand-in-webhooks");
            const run = new LifecycleRun(model, { kubeconfig: own.kubeconfigFile });
            const { failure } = await run.up({
                name: "webhooks-down",
                registry: "any",
                awaits: ["registry"],
            });
            expect(failure).toMatchObject({
                code: "webhook-unreachable",
                found: expect.stringContaining(
                    `The API server cannot create: it cannot call the admission webhook "${WEBHOOK}": failed to call webhook: Post `,
                ),
                next: "It was asked 5 times. Check the webhook server of LLMOS (kubectl get pods --namespace llmos-system), then run again.",
            });
            expect(failure?.found).toContain("connection refused");
        } finally {
            await own.stop();
        }
    });

    test("of somebody else's is told as theirs", async () => {
        const said = 'failed calling webhook "validate.kyverno.svc-fail": no endpoints available';
        const status = { kind: "Status", apiVersion: "v1", status: "Failure", code: 500 };
        const body = JSON.stringify({ ...status, message: `Internal error occurred: ${said}` });
        scene.recorder.faults.set(instead(500, "application/json", body), undefined, /^POST .*\/models/);
        const { failure } = await scene.run(model).up({ name: "webhooks-elses", registry: "webhooks" });
        expect(failure).toMatchObject({
            code: "webhook-unreachable",
            next: "It was asked 5 times. Check the server behind that webhook, then run again.",
        });
    });
});

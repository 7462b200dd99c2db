/** A registry that something uses is not deleted and not moved: all that uses it is named, and nothing is touched. */
import { CreateBucketCommand, DeleteBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Registry, type RegistryArgs, RegistryObject } from "../../provider";
import { type Example, examples } from "../support/customResourceExamples";
import { Outside } from "../support/outside";
import { StackStandIn, type StandInRun } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;

const args: RegistryArgs = {
    endpoint,
    bucket: { name: "guarded-bucket" },
    credentials: { accessKeyId, secretAccessKey },
    cors: { unmanaged: true },
    timeouts: { settleSeconds: 0.5 },
};
const program = (changes: Partial<RegistryArgs> = {}) => {
    return () => void new Registry("guarded", { ...args, ...changes });
};
const USERS = ["Model", "Dataset", "DatasetVersion", "LocalModel", "DataCollection"];
const IN_USE = 'The registry "guarded" is in use and is not deleted';
const MOVED = 'The registry "guarded" is in use and is not moved to another bucket or endpoint';

let outside: Outside;
const stack = new StackStandIn(sandbox);
const made: string[] = [];

function collectionOf({ group, plural }: Example): string {
    return `/apis/${group}/v1/namespaces/default/${plural}`;
}

/** Of the kinds that the operator cares for, as many as are to be made. */
const stored = { models: 7, datasets: 1, datasetversions: 1 };

/** Makes objects that use the registry, and waits until the operator has cared for them. */
async function store(plural: keyof typeof stored): Promise<void> {
    const names = Array.from({ length: stored[plural] }, (_, index) => `guarded-${index + 1}`);
    const spec =
        plural === "datasetversions" ? { dataset: "guarded-1", version: "v1" } : { registry: "guarded" };
    await Promise.all(names.map((name) => outside.stored.create(plural, name, spec)));
    await Promise.all(names.map((name) => outside.stored.settled(plural, name)));
}

/** Makes an object of a kind that nothing in the sandbox cares for. */
async function use(example: Example): Promise<void> {
    const { kind, group, spec } = example;
    const object = { apiVersion: `${group}/v1`, kind, metadata: { name: "guarded-1" } };
    // A local model has its first version later: LLMOS refuses a default that is not there.
    const { defaultVersion: _later, ...rest } = spec as { defaultVersion?: string };
    const given = { ...rest, registry: "guarded" };
    await outside.expect(201, "POST", collectionOf(example), { ...object, spec: given });
    made.push(`${collectionOf(example)}/guarded-1`);
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await stack.succeeds(stack.up(program()));
    await store("models");
    await store("datasets");
    await store("datasetversions");
    for (const example of examples) {
        if (example.kind === "LocalModel" || example.kind === "DataCollection") {
            await use(example);
        }
    }
});
afterAll(async () => {
    for (const place of made) {
        await outside?.expect(200, "DELETE", place);
    }
    await outside?.stored.removeAll();
    const destroyed = await stack.destroy();
    outside?.s3.destroy();
    expect(destroyed.told).toEqual([]);
});

const list = [
    "Model: 7 (default/guarded-1, default/guarded-2, default/guarded-3, default/guarded-4, default/guarded-5, …)",
    ...USERS.slice(1).map((kind) => `${kind}: 1 (default/guarded-1)`),
].join("; ");

/** The Registry, and what else there is. */
async function sides() {
    return { registry: await outside.registry("guarded"), all: await outside.named("guarded") };
}

/** Refused with the whole list, and nothing touched. */
async function expectRefused(run: StandInRun, why: string, before: unknown): Promise<void> {
    expect(run.failed).toBe(true);
    const words = run.told.join("\n");
    expect(words).toContain(why);
    expect(words).toContain(`where: ${sandbox.apiServerUrl}: ${list}`);
    expect(await sides()).toEqual(before);
}

test("destroy, another name and another bucket are refused with kind, count and names of all five", async () => {
    const before = await sides();
    // LLMOS itself would delete at once, and the models would then hang on their finalizers.
    expect(before.registry.metadata.deletionTimestamp).toBe(undefined);
    await expectRefused(await stack.destroy(), IN_USE, before);
    const bucket = { name: "guarded-other-bucket" };
    await expectRefused(await stack.preview(program({ bucket })), MOVED, before);
    await expectRefused(await stack.up(program({ bucket })), MOVED, before);
    const port = endpoint.split(":")[1];
    const moved = { endpoint: `127.0.0.1:${port}`, bucket: { name: "guarded-bucket", adopt: true } };
    await expectRefused(await stack.preview(program(moved)), MOVED, before);
    await expectRefused(await stack.preview(program({ name: "guarded-renamed" })), IN_USE, before);
});

test("adopting moves it no more than an edit does, whether preview may ask or not", async () => {
    const Bucket = "guarded-adopted-bucket";
    await outside.s3.send(new CreateBucketCommand({ Bucket }));
    const adopter = new StackStandIn(sandbox);
    const adopting = (reachability: "enforce" | "off") => () =>
        void new RegistryObject("adopter", {
            name: "guarded",
            endpoint,
            bucket: Bucket,
            secretName: "guarded-credentials",
            adopt: true,
            reachability,
        });
    const before = await sides();
    await expectRefused(await adopter.preview(adopting("enforce")), MOVED, before);
    await expectRefused(await adopter.up(adopting("off")), MOVED, before);
    await outside.s3.send(new DeleteBucketCommand({ Bucket }));
});

test("somebody's edit of the bucket is undone although models use the registry: their content never moved", async () => {
    const path = "/apis/ml.llmos.ai/v1/registries/guarded";
    await outside.expect(200, "PATCH", path, { spec: { s3Config: { bucket: "guarded-elsewhere" } } });
    await stack.refresh();
    expect((await stack.succeeds(stack.up(program()))).done).toEqual(["updated guarded-registry"]);
    expect((await outside.registry("guarded")).spec.s3Config.bucket).toBe("guarded-bucket");
});

/** A registry that something uses is neither deleted nor moved: everything that uses it is named, and nothing is touched. */
import { CreateBucketCommand, DeleteBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Example, examples } from "../support/customResourceExamples";
import { Outside } from "../support/outside";
import { done } from "../support/plan";
import { type EngineRun, Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

const program = `
new llmos.Registry("guarded", {
    endpoint: values.endpoint,
    bucket: { name: values.bucket },
    credentials: values.keys,
    cors: false,
});
`;
const values = { endpoint, bucket: "guarded-bucket", keys: { accessKeyId, secretAccessKey } };
const USERS = ["Model", "Dataset", "DatasetVersion", "LocalModel", "DataCollection"];
let outside: Outside;
let project: Project;
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
    const given = { ...spec, registry: "guarded" };
    await outside.expect(201, "POST", collectionOf(example), { ...object, spec: given });
    made.push(`${collectionOf(example)}/guarded-1`);
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    project = await Project.create(sandbox, {
        program,
        values,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    const up = await project.up();
    expect(up.exitCode, up.output).toBe(0);
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
    const destroyed = await project?.destroy();
    await project?.remove();
    outside?.s3.destroy();
    expect(destroyed?.exitCode, destroyed?.output).toBe(0);
});

const list = [
    "Model: 7 (default/guarded-1, default/guarded-2, default/guarded-3, default/guarded-4, default/guarded-5, …)",
    ...USERS.slice(1).map((kind) => `${kind}: 1 (default/guarded-1)`),
].join("; ");

/** Refused with the whole list, and nothing done. */
async function expectRefused(run: EngineRun, why: string, before: unknown): Promise<void> {
    expect(run.exitCode, run.output).not.toBe(0);
    expect(run.output).toContain(why);
    expect(run.output).toContain(`where: ${sandbox.apiServerUrl}: ${list}`);
    expect(done(run)).toEqual([]);
    expect(await outside.registry("guarded")).toEqual(before);
}

test("destroy, another name and another bucket are refused with kind, count and names of all five", async () => {
    const before = await outside.registry("guarded");
    // LLMOS itself would delete at once, and the models would then hang on their finalizers.
    expect(before.metadata.deletionTimestamp).toBe(undefined);
    await expectRefused(
        await project.destroy(),
        'The registry "guarded" is in use and is not deleted',
        before,
    );
    await project.setValues({ ...values, bucket: "guarded-other-bucket" });
    const moved = 'The registry "guarded" is in use and is not moved to another bucket or endpoint';
    await expectRefused(await project.preview(), moved, before);
    await expectRefused(await project.up(), moved, before);
    await project.setValues(values);
    await project.setProgram(program.replace("bucket:", 'name: "guarded-renamed", bucket:'));
    await expectRefused(
        await project.preview(),
        'The registry "guarded" is in use and is not deleted',
        before,
    );
    await project.setProgram(program);
    expect((await outside.named("guarded")).buckets).toEqual(["guarded-bucket"]);
});

test("adopting moves it no more than an edit does, whether preview may ask or not", async () => {
    const Bucket = "guarded-adopted-bucket";
    await outside.s3.send(new CreateBucketCommand({ Bucket }));
    const adopter = await Project.create(sandbox, {
        program: `
new llmos.RegistryObject("adopter", {
    name: "guarded",
    endpoint: values.endpoint,
    bucket: "${Bucket}",
    secretName: "guarded-credentials",
    adopt: true,
    reachability: values.reachability,
});
`,
        values,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    const before = await outside.registry("guarded");
    const moved = 'The registry "guarded" is in use and is not moved to another bucket or endpoint';
    await expectRefused(await adopter.preview(), moved, before);
    await adopter.setValues({ ...values, reachability: "off" });
    await expectRefused(await adopter.up(), moved, before);
    await adopter.remove();
    await outside.s3.send(new DeleteBucketCommand({ Bucket }));
});

test("somebody's edit of the bucket is undone although models use the registry: their content never moved", async () => {
    const path = "/apis/ml.llmos.ai/v1/registries/guarded";
    await outside.expect(200, "PATCH", path, { spec: { s3Config: { bucket: "guarded-elsewhere" } } });
    const healed = await project.up("--refresh");
    expect(healed.exitCode, healed.output).toBe(0);
    expect((await outside.registry("guarded")).spec.s3Config.bucket).toBe("guarded-bucket");
});

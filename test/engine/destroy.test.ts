/** Destroy: nothing is left behind, and nothing is lost that nobody meant to delete. */
import {
    CreateBucketCommand,
    CreateMultipartUploadCommand,
    DeleteBucketCommand,
    ListMultipartUploadsCommand,
    ListObjectVersionsCommand,
    PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { done } from "../support/plan";
import { Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, url, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

const program = `
new llmos.Registry(values.name, {
    endpoint: values.endpoint,
    bucket: values.bucket,
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: values.cors,
});
`;
const cors = { allowedOrigins: ["https://llmos.example.com"] };
const keys = { endpoint, accessKeyId, secretAccessKey };

let outside: Outside;
const projects: Project[] = [];

async function projectOf(values: Record<string, unknown>): Promise<Project> {
    const project = await Project.create(sandbox, {
        program,
        values: { ...keys, ...values },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    projects.push(project);
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
    return project;
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
});
afterAll(async () => {
    await Promise.all(projects.map((project) => project.remove()));
    outside?.s3.destroy();
});

test("nothing is left in cluster and store", async () => {
    const project = await projectOf({ name: "left", bucket: { name: "left-bucket" }, cors });
    expect(await outside.named("left")).toEqual({
        registries: ["left"],
        secrets: ["left-credentials"],
        buckets: ["left-bucket"],
    });
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await outside.named("left")).toEqual({ registries: [], secrets: [], buckets: [] });
    expect((await project.resources()).size).toBe(0);
});

test("a bucket that the stack did not make is never deleted, empty as it may be", async () => {
    await outside.s3.send(new CreateBucketCommand({ Bucket: "theirs-bucket" }));
    const bucket = { name: "theirs-bucket", create: false, forceDestroy: true };
    const project = await projectOf({ name: "theirs", bucket, cors: false });
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await outside.named("theirs")).toEqual({
        registries: [],
        secrets: [],
        buckets: ["theirs-bucket"],
    });
    await outside.s3.send(new DeleteBucketCommand({ Bucket: "theirs-bucket" }));
});

test("a Model that uses the registry stops it, then an object does, until forceDestroy was applied", async () => {
    const bucket = { name: "used-bucket" };
    const project = await projectOf({ name: "used", bucket, cors });

    const registry = await outside.registry("used");
    await outside.stored.create("models", "used-model", { registry: "used" });
    const model = await outside.stored.settled("models", "used-model");
    const whileUsed = await project.destroy();
    expect(whileUsed.exitCode).not.toBe(0);
    expect(whileUsed.output).toContain('The registry "used" is in use and is not deleted');
    expect(whileUsed.output).toContain(`where: ${sandbox.apiServerUrl}: Model: 1 (default/used-model)`);
    expect(done(whileUsed)).toEqual([]);
    expect(await outside.registry("used")).toEqual(registry);
    expect(await outside.stored.get("models", "used-model")).toEqual(model);
    await outside.stored.remove("models", "used-model");

    await outside.put("used-bucket", "weights");
    // An edit of the program alone changes nothing.
    const forced = { ...keys, name: "used", bucket: { ...bucket, forceDestroy: true }, cors };
    await project.setValues(forced);
    const whileFilled = await project.destroy();
    expect(whileFilled.exitCode).not.toBe(0);
    expect(lines(whileFilled.output)).toContain(
        [
            'The bucket "used-bucket" holds 1 object and is not deleted',
            `where: ${url}/used-bucket, the first is "weights"`,
            "why:   Deleting it would delete the models and datasets stored there.",
            "next:  Empty it by hand; or set forceDestroy: true, run `pulumi up`, then delete it; or keep it and run `pulumi state delete` for this resource.",
        ].join("\n"),
    );
    expect(await outside.objects("used-bucket")).toEqual(["weights"]);

    const applied = await project.up();
    expect(applied.exitCode, applied.output).toBe(0);
    await fillWithVersions("used-bucket");
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await outside.named("used")).toEqual({ registries: [], secrets: [], buckets: [] });
});

test("a Bucket with another resource name, and then by another address too, is not emptied by the end of the former", async () => {
    const [, port] = endpoint.split(":");
    const project = await Project.create(sandbox, {
        program: `
const { endpoint, accessKeyId, secretAccessKey } = values;
const credentials = { accessKeyId, secretAccessKey };
const flags = { adopt: true, forceDestroy: true };
new llmos.Bucket(values.resource, { name: "renamed-bucket", endpoint, credentials, ...flags });
`,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    projects.push(project);
    for (const [resource, address] of [
        ["first", endpoint],
        ["second", endpoint],
        ["third", `127.0.0.1:${port}`],
    ]) {
        await project.setValues({ ...keys, resource, endpoint: address });
        const run = await project.up();
        expect(run.exitCode, run.output).toBe(0);
        await outside.put("renamed-bucket", resource ?? "");
    }
    expect(await outside.objects("renamed-bucket")).toEqual(["first", "second", "third"]);
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect((await outside.named("renamed")).buckets).toEqual([]);
});

/** Old versions, a delete marker and an open upload: all that makes a bucket that looks empty refuse to be deleted. */
async function fillWithVersions(Bucket: string): Promise<void> {
    const { s3 } = outside;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    await outside.put(Bucket, "versioned");
    await outside.put(Bucket, "versioned");
    await outside.remove(Bucket, "versioned");
    await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "unfinished" }));
    const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    expect([Versions?.length, DeleteMarkers?.length, Uploads?.length]).toEqual([3, 1, 1]);
}

/** The output without its indentation, which is deeper in a list of errors. */
function lines(output: string): string {
    return output
        .split("\n")
        .map((line) => line.trim())
        .join("\n");
}

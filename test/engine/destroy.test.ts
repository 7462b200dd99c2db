/** Destroy: nothing is lost that nobody meant to delete, until it was said that it may be. */
import {
    CreateMultipartUploadCommand,
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
new llmos.Registry("used", {
    endpoint: values.endpoint,
    bucket: values.bucket,
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    timeouts: { settleSeconds: 0.5 },
});
`;
const keys = { endpoint, accessKeyId, secretAccessKey };

let outside: Outside;
let project: Project;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    project = await Project.create(sandbox, {
        program,
        values: { ...keys, bucket: { name: "used-bucket" } },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
});
afterAll(async () => {
    await project?.remove();
    outside?.s3.destroy();
});

test("a Model that uses the registry stops it, then an object does, until forceDestroy was applied", async () => {
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
    await project.setValues({ ...keys, bucket: { name: "used-bucket", forceDestroy: true } });
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
    // The mark of the bucket is one of them.
    expect([Versions?.length, DeleteMarkers?.length, Uploads?.length]).toEqual([4, 1, 1]);
}

/** The output without its indentation, which is deeper in a list of errors. */
function lines(output: string): string {
    return output
        .split("\n")
        .map((line) => line.trim())
        .join("\n");
}

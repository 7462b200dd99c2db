/** Destroy by the engine: nothing is lost that nobody meant to delete, and why comes to the terminal. With forceDestroy: integration/buckets. */
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

test("a Model that uses the registry stops it, then an object does, and each says so in the terminal", async () => {
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

    expect(await outside.named("used")).toEqual({ registries: [], secrets: [], buckets: ["used-bucket"] });
    await outside.removeBucket("used-bucket");
});

/** The output without its indentation, which is deeper in a list of errors. */
function lines(output: string): string {
    return output
        .split("\n")
        .map((line) => line.trim())
        .join("\n");
}

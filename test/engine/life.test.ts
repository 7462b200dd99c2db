/** A registry's whole life, by the real engine against a real API server and a real HTTPS S3 server. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

const program = `
const registry = new llmos.Registry("life", {
    description: values.description,
    endpoint: values.endpoint,
    bucket: { name: "life-bucket" },
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: { allowedOrigins: values.origins },
});
exports.state = registry.state;
`;
const values = {
    endpoint,
    accessKeyId,
    secretAccessKey,
    description: "First",
    origins: ["https://llmos.example.com"],
};

let project: Project;

beforeAll(async () => {
    project = await Project.create(sandbox, {
        program,
        values,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
});
afterAll(() => project?.remove());

test("the first up makes everything, the second changes nothing, a refresh finds nothing", async () => {
    const first = await project.up();
    expect(first.output).toContain("6 created");
    expect(first.exitCode).toBe(0);
    const second = await project.up("--expect-no-changes");
    expect(second.output).toContain("6 unchanged");
    expect(second.exitCode).toBe(0);
    const preview = await project.preview("--refresh", "--expect-no-changes");
    expect(preview.exitCode, preview.output).toBe(0);
    await project.exportState();
});

test("the stack records what was proved, and when", async () => {
    const resources = await project.resources();
    const proved = ["registry", "cors"].flatMap((part) => {
        const [, resource] = [...resources].find(([name]) => name.endsWith(`-${part}`)) ?? [];
        return (resource?.outputs["checks"] ?? []) as { name: string; outcome: string; at: string }[];
    });
    expect(proved.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
        "cluster passed",
        "secret passed",
        "endpoint passed",
        "keys passed",
        "keys-write passed",
        "verdict passed",
        "cors passed",
        "cors-preflight passed",
    ]);
    for (const { at } of proved) {
        expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(3_600_000);
    }
});

test("a description that is taken out goes in one up", async () => {
    const { description: _former, ...rest } = values;
    await project.setValues(rest);
    const changed = await project.up();
    expect(changed.output).toContain("1 updated");
    const settled = await project.preview("--refresh", "--expect-no-changes");
    expect(settled.exitCode, settled.output).toBe(0);
});

test("destroy leaves nothing", async () => {
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect((await project.resources()).size).toBe(0);
});

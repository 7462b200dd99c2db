/** Servers that cannot be reached are never taken for "gone": the engine's state stays as it was, until forgetting is asked for. */
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { Outside } from "../support/outside";
import { Project } from "../support/project";
import { Recorder } from "../support/recorder";

const sandbox = inject("sandbox");
const { caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

const program = `
new llmos.Registry("lost", {
    endpoint: values.endpoint,
    bucket: { name: "lost-bucket" },
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
});
`;

let s3: Recorder;
let cluster: Recorder;
let outside: Outside;
let project: Project;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    s3 = await Recorder.beforeS3(sandbox);
    const before = await Recorder.beforeCluster(sandbox);
    cluster = before.recorder;
    project = await Project.create(sandbox, {
        program,
        values: { endpoint: `localhost:${s3.port}`, accessKeyId, secretAccessKey },
        config: { "llmos:caBundle": caBundle, "llmos:kubeconfig": before.kubeconfig },
        secrets: [accessKeyId, secretAccessKey],
    });
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
});
afterAll(async () => {
    vi.unstubAllEnvs();
    await project?.remove();
    outside?.s3.destroy();
});

/** What the state holds; the engine writes a time and encrypts anew whenever it saves. */
async function held(): Promise<string> {
    const resources = [...(await project.resources()).values()];
    return JSON.stringify(
        resources.map(({ urn, id, inputs, outputs, initErrors }) => [urn, id, inputs, outputs, initErrors]),
    );
}

test("a refresh fails with the words for both sides, and leaves the state as it was", async () => {
    const before = await held();
    await s3.stop();
    await cluster.stop();
    const refreshed = await project.refresh();
    expect(refreshed.exitCode).not.toBe(0);
    for (const side of ["The S3 endpoint", "The cluster's API server"]) {
        expect(refreshed.output).toContain(`${side} refuses the connection: nothing listens there`);
    }
    expect(await held()).toBe(before);
});

test("destroy forgets what was there, on demand only, and says so", async () => {
    vi.stubEnv("PULUMI_LLMOS_DELETE_UNREACHABLE", "true");
    const forgotten = await project.destroy();
    expect(forgotten.exitCode, forgotten.output).toBe(0);
    expect(forgotten.output).toContain("Bucket lost-bucket is forgotten without a look at it");
    expect((await project.resources()).size).toBe(0);
    expect(await outside.named("lost")).toEqual({
        registries: ["lost"],
        secrets: ["lost-credentials"],
        buckets: ["lost-bucket"],
    });
});

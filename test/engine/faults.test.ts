/** Servers that misbehave under the engine: what passes is retried by every command. What lasts: integration/faultsStack. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
    answerLost,
    cutOff,
    emptied,
    type Fault,
    halved,
    kubernetesStatus,
    late,
    proxyPage,
    reset,
    s3Error,
} from "../support/faults";
import { Outside } from "../support/outside";
import { done } from "../support/plan";
import { type EngineRun, Project } from "../support/project";
import { Recorder } from "../support/recorder";

const sandbox = inject("sandbox");
const { caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

/** One fault for each request line in turn, so that every kind meets every kind of request sooner or later. */
const COMMON: Fault[] = [
    late(500),
    reset,
    answerLost,
    cutOff("end"),
    cutOff("reset"),
    halved,
    emptied,
    proxyPage,
];
const S3_KINDS = [
    s3Error(500, "InternalError"),
    s3Error(503, "SlowDown"),
    s3Error(429, "TooManyRequests", { "retry-after": "1" }),
    ...COMMON,
];
const CLUSTER_KINDS = [
    kubernetesStatus(500, "InternalError"),
    kubernetesStatus(503, "ServiceUnavailable"),
    kubernetesStatus(429, "TooManyRequests", { "retry-after": "1" }),
    ...COMMON,
];

/**
 * The operator asks through the same proxy: for the location, then for the bucket, whose path it ends with a slash. It is
 * not what is tested here, and a verdict that is False for a moment would be told.
 */
const NOT_OF_OPERATOR = /^(?!.*location=|HEAD \/[^/]+\/$)/;

const program = `
const registry = new llmos.Registry("passing", {
    description: values.description,
    endpoint: values.endpoint,
    bucket: { name: "passing-bucket" },
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: { allowedOrigins: [values.origin] },
    timeouts: { settleSeconds: 1 },
});
exports.state = registry.state;
`;

let s3: Recorder;
let cluster: Recorder;
let outside: Outside;
let project: Project;

const declare = (description: string, origin: string) =>
    project.setValues({
        endpoint: `localhost:${s3.port}`,
        accessKeyId,
        secretAccessKey,
        description,
        origin,
    });

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    s3 = await Recorder.beforeS3(sandbox);
    const before = await Recorder.beforeCluster(sandbox);
    cluster = before.recorder;
    project = await Project.create(sandbox, {
        program,
        config: { "llmos:caBundle": caBundle, "llmos:kubeconfig": before.kubeconfig },
        secrets: [accessKeyId, secretAccessKey],
    });
});
afterAll(async () => {
    await project?.remove();
    await s3?.stop();
    await cluster?.stop();
    outside?.s3.destroy();
});

async function shaken(run: () => Promise<EngineRun>): Promise<EngineRun> {
    s3.faults.set(S3_KINDS, 1, NOT_OF_OPERATOR);
    cluster.faults.set(CLUSTER_KINDS, 1);
    const outcome = await run();
    expect(outcome.exitCode, outcome.output).toBe(0);
    expect(s3.faults.hits).toBeGreaterThan(1);
    expect(cluster.faults.hits).toBeGreaterThan(1);
    return outcome;
}

async function expectWhole(origin: string): Promise<void> {
    const whole = { registries: ["passing"], secrets: ["passing-credentials"], buckets: ["passing-bucket"] };
    expect(await outside.named("passing")).toEqual(whole);
    expect(await outside.origins("passing-bucket")).toEqual([origin]);
    expect(await outside.objects("passing-bucket")).toEqual([]);
    expect((await outside.registry("passing")).status.conditions[0].status).toBe("True");
}

test("faults that pass are retried by up, refresh and destroy", async () => {
    await declare("First", "https://first.example.com");
    await shaken(() => project.up());
    await expectWhole("https://first.example.com");
    await shaken(() => project.refresh("--expect-no-changes"));
    await declare("Second", "https://second.example.com");
    const changed = await shaken(() => project.up());
    expect(done(changed).sort()).toEqual(["updated passing-cors", "updated passing-registry"]);
    await expectWhole("https://second.example.com");
    await shaken(() => project.destroy());
    expect(await outside.named("passing")).toEqual({ registries: [], secrets: [], buckets: [] });
});

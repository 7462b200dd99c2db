/** Servers that misbehave while a whole registry is made, looked at, changed and deleted: what passes is retried. What lasts: faultsStack. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Registry } from "../../provider";
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
import { Recorder } from "../support/recorder";
import { StackStandIn, type StandInRun } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { accessKeyId, secretAccessKey } = sandbox.s3;

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

let s3: Recorder;
let cluster: Recorder;
let outside: Outside;
let stack: StackStandIn;

const program = (description: string, origin: string) => () =>
    void new Registry("passing", {
        description,
        endpoint: `localhost:${s3.port}`,
        bucket: { name: "passing-bucket" },
        credentials: { accessKeyId, secretAccessKey },
        cors: { allowedOrigins: [origin] },
        timeouts: { settleSeconds: 1 },
    });

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    s3 = await Recorder.beforeS3(sandbox);
    const before = await Recorder.beforeCluster(sandbox);
    cluster = before.recorder;
    stack = new StackStandIn(sandbox, { kubeconfig: before.kubeconfig });
});
afterAll(async () => {
    await s3?.stop();
    await cluster?.stop();
    outside?.s3.destroy();
});

async function shaken(run: () => Promise<StandInRun>): Promise<StandInRun> {
    s3.faults.set(S3_KINDS, 1, NOT_OF_OPERATOR);
    cluster.faults.set(CLUSTER_KINDS, 1);
    const outcome = await stack.succeeds(run());
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
    await shaken(() => stack.up(program("First", "https://first.example.com")));
    await expectWhole("https://first.example.com");
    expect((await shaken(() => stack.refresh())).done).toEqual([]);
    const changed = await shaken(() => stack.up(program("Second", "https://second.example.com")));
    expect([...changed.done].sort()).toEqual(["updated passing-cors", "updated passing-registry"]);
    await expectWhole("https://second.example.com");
    await shaken(() => stack.destroy());
    expect(await outside.named("passing")).toEqual({ registries: [], secrets: [], buckets: [] });
});

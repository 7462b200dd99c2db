/** Servers that misbehave under the engine: what passes is ridden out, what lasts ends with an explained error. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { RAW } from "../support/explained";
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
import { done, expectSettled } from "../support/plan";
import { type EngineRun, Project } from "../support/project";
import { Recorder } from "../support/recorder";
import { told } from "../support/wrongInput";

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

let s3: Recorder;
let cluster: Recorder;
let kubeconfig: string;
let outside: Outside;
const projects: Project[] = [];

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    s3 = await Recorder.beforeS3(sandbox);
    ({ recorder: cluster, kubeconfig } = await Recorder.beforeCluster(sandbox));
});
beforeEach(() => {
    s3.faults.heal();
    cluster.faults.heal();
});
afterAll(async () => {
    await Promise.all(projects.map((project) => project.remove()));
    await s3?.stop();
    await cluster?.stop();
    outside?.s3.destroy();
});

const program = `
const registry = new llmos.Registry(values.name, {
    description: values.description,
    endpoint: values.endpoint,
    bucket: { name: values.name + "-bucket", create: true },
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: { allowedOrigins: [values.origin] },
    timeouts: { settleSeconds: 1 },
});
exports.state = registry.state;
`;

function valuesOf(name: string, changed: object = {}) {
    const endpoint = `localhost:${s3.port}`;
    const fixed = { name, endpoint, accessKeyId, secretAccessKey };
    return { ...fixed, description: "First", origin: "https://first.example.com", ...changed };
}

async function projectOf(name: string): Promise<Project> {
    const project = await Project.create(sandbox, {
        program,
        values: valuesOf(name),
        config: { "llmos:caBundle": caBundle, "llmos:kubeconfig": kubeconfig },
        secrets: [accessKeyId, secretAccessKey],
    });
    projects.push(project);
    return project;
}

async function expectWhole(name: string, origin: string): Promise<void> {
    const whole = { registries: [name], secrets: [`${name}-credentials`], buckets: [`${name}-bucket`] };
    expect(await outside.named(name)).toEqual(whole);
    expect(await outside.origins(`${name}-bucket`)).toEqual([origin]);
    expect(await outside.objects(`${name}-bucket`)).toEqual([]);
    expect((await outside.registry(name)).status.conditions[0].status).toBe("True");
}

/** What the state holds; the engine writes a time and encrypts anew whenever it saves. */
async function held(project: Project): Promise<string> {
    const resources = [...(await project.resources()).values()];
    return JSON.stringify(
        resources.map(({ urn, id, inputs, outputs, initErrors }) => [urn, id, inputs, outputs, initErrors]),
    );
}

/** What the SDK and the engine put around a failure (provider/pulumi/dynamic.ts, `plain`). */
const FRAME = /^Stack: ((pulumi-llmos: the reason follows|error: (update|refresh|destroy) failed)\s*)+$/;

/** Asserts that a run failed with findings only, one a resource; gives the first line of each. */
function findingsOf(run: EngineRun): string[] {
    expect(run.exitCode, run.output).not.toBe(0);
    expect(run.output).not.toMatch(RAW);
    const entries = told(run).filter((entry) => !FRAME.test(entry));
    const resources = entries.map((entry) => entry.split(":", 1)[0]);
    expect(new Set(resources).size, run.output).toBe(resources.length);
    return entries.map((entry) => {
        const [first = "", ...rest] = entry.split("\n").filter((line) => line !== "");
        const parts = rest.map((line) => line.trim().split(":", 1)[0]).join();
        expect(parts, entry).toBe("where,why,next");
        return first;
    });
}

test("faults that pass are ridden out by up, refresh and destroy", async () => {
    const project = await projectOf("passing");
    const shaken = async (run: () => Promise<EngineRun>) => {
        s3.faults.set(S3_KINDS, 1, NOT_OF_OPERATOR);
        cluster.faults.set(CLUSTER_KINDS, 1);
        const { exitCode, output } = await run();
        expect(exitCode, output).toBe(0);
        expect(s3.faults.hits).toBeGreaterThan(1);
        expect(cluster.faults.hits).toBeGreaterThan(1);
        return output;
    };
    await shaken(() => project.up());
    await expectWhole("passing", "https://first.example.com");
    await shaken(() => project.refresh("--expect-no-changes"));
    await project.setValues(
        valuesOf("passing", { description: "Second", origin: "https://second.example.com" }),
    );
    const output = await shaken(() => project.up());
    expect(done({ exitCode: 0, output }).sort()).toEqual([
        "updated passing-cors",
        "updated passing-registry",
    ]);
    await expectWhole("passing", "https://second.example.com");
    s3.faults.heal();
    cluster.faults.heal();
    await expectSettled(project);
    await shaken(() => project.destroy());
    expect(await outside.named("passing")).toEqual({ registries: [], secrets: [], buckets: [] });
});

describe("faults that last", () => {
    test("fail a refresh with the words for each, and leave the state as it was", async () => {
        const project = await projectOf("lasting");
        const made = await project.up();
        expect(made.exitCode, made.output).toBe(0);
        const before = await held(project);
        const rounds: [Fault | undefined, Fault | undefined, RegExp[]][] = [
            [
                s3Error(503, "SlowDown"),
                undefined,
                [/The S3 server fails at s3:ListBucket: Please try again\.$/],
            ],
            [undefined, kubernetesStatus(503, "ServiceUnavailable"), [/cannot read now: please try again$/]],
            [
                halved,
                emptied,
                [
                    /The S3 endpoint gave an answer that is cut off/,
                    /API server gave an answer that is cut off/,
                ],
            ],
        ];
        for (const [store, server, words] of rounds) {
            s3.faults.set(store ?? []);
            cluster.faults.set(server ?? []);
            const lines = findingsOf(await project.refresh());
            for (const each of words) {
                expect(lines).toContainEqual(expect.stringMatching(each));
            }
            expect(lines.filter((line) => !words.some((each) => each.test(line)))).toEqual([]);
            expect(await held(project)).toBe(before);
        }
        s3.faults.heal();
        cluster.faults.heal();
        await expectSettled(project);
        const destroyed = await project.destroy();
        expect(destroyed.exitCode, destroyed.output).toBe(0);
    });

    test("while something is made leave nothing that the next up does not put right", async () => {
        const project = await projectOf("halfway");
        const upWith = async (store: RegExp | undefined, server: RegExp | undefined) => {
            s3.faults.set(store ? answerLost : [], undefined, store);
            cluster.faults.set(server ? answerLost : [], undefined, server);
            return findingsOf(await project.up());
        };
        const BROKE = "The connection to the S3 endpoint broke off";
        expect(await upWith(/^PUT .*bucket\/?$/, undefined)).toEqual([expect.stringContaining(BROKE)]);
        expect((await outside.named("halfway")).buckets, "it is there, and nobody knows").toEqual([
            "halfway-bucket",
        ]);
        const second = await upWith(/^PUT .*cors/, /^PATCH .*secrets/);
        expect(second.length).toBeGreaterThanOrEqual(1);
        const third = await upWith(undefined, /^PATCH .*registries/);
        expect(third).toEqual([
            expect.stringContaining("The connection to the cluster's API server broke off"),
        ]);
        expect((await outside.named("halfway")).registries, "as the bucket was").toEqual(["halfway"]);
        s3.faults.heal();
        cluster.faults.heal();
        const up = await project.up();
        expect(up.exitCode, up.output).toBe(0);
        await expectWhole("halfway", "https://first.example.com");
        await expectSettled(project);

        s3.faults.set(answerLost, undefined, /^DELETE/);
        cluster.faults.set(answerLost, undefined, /^DELETE/);
        findingsOf(await project.destroy());
        s3.faults.heal();
        cluster.faults.heal();
        const destroyed = await project.destroy();
        expect(destroyed.exitCode, destroyed.output).toBe(0);
        expect(await outside.named("halfway")).toEqual({ registries: [], secrets: [], buckets: [] });
    });
});

/** Faults that last, while a whole registry is looked at, made and deleted: explained, and put right by the next run. */
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { Registry } from "../../provider";
import { RAW } from "../support/explained";
import { answerLost, emptied, type Fault, halved, kubernetesStatus, s3Error } from "../support/faults";
import { Outside } from "../support/outside";
import { Recorder } from "../support/recorder";
import { StackStandIn, type StandInRun } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { accessKeyId, secretAccessKey } = sandbox.s3;
const PAGE = "https://first.example.com";

let s3: Recorder;
let cluster: Recorder;
let kubeconfig: string;
let outside: Outside;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    s3 = await Recorder.beforeS3(sandbox);
    ({ recorder: cluster, kubeconfig } = await Recorder.beforeCluster(sandbox));
});
beforeEach(heal);
afterAll(async () => {
    await s3?.stop();
    await cluster?.stop();
    outside?.s3.destroy();
});

function heal(): void {
    s3.faults.heal();
    cluster.faults.heal();
}

function program(name: string): () => void {
    return () =>
        void new Registry(name, {
            endpoint: `localhost:${s3.port}`,
            bucket: { name: `${name}-bucket` },
            credentials: { accessKeyId, secretAccessKey },
            cors: { allowedOrigins: [PAGE] },
            timeouts: { settleSeconds: 0.5 },
        });
}

/** Asserts that a run failed with findings only, one a resource; gives the first line of each. */
function findingsOf(run: StandInRun): string[] {
    expect(run.failed).toBe(true);
    // The operator asks through the same proxy, and tells what it sees.
    const told = run.told.filter((entry) => !entry.startsWith("warning: The LLMOS operator cannot"));
    const resources = told.map((entry) => entry.split(":", 1)[0]);
    expect(new Set(resources).size, run.told.join("\n")).toBe(resources.length);
    return told.map((entry) => {
        expect(entry).not.toMatch(RAW);
        const [first = "", ...rest] = entry.split("\n");
        expect(rest.map((line) => line.trim().split(":", 1)[0]).join(), entry).toBe("where,why,next");
        return first;
    });
}

test("fail a refresh with the words for each, and leave the state as it was", async () => {
    const stack = new StackStandIn(sandbox, { kubeconfig });
    await stack.succeeds(stack.up(program("lasting")));
    const before = JSON.stringify([...stack.resources]);
    const rounds: [Fault | undefined, Fault | undefined, RegExp[]][] = [
        [s3Error(503, "SlowDown"), undefined, [/The S3 server fails at s3:ListBucket: Please try again\.$/]],
        [undefined, kubernetesStatus(503, "ServiceUnavailable"), [/cannot read now: please try again$/]],
        [
            halved,
            emptied,
            [/The S3 endpoint gave an answer that is cut off/, /API server gave an answer that is cut off/],
        ],
    ];
    for (const [store, server, words] of rounds) {
        s3.faults.set(store ?? []);
        cluster.faults.set(server ?? []);
        const lines = findingsOf(await stack.refresh());
        for (const each of words) {
            expect(lines).toContainEqual(expect.stringMatching(each));
        }
        expect(lines.filter((line) => !words.some((each) => each.test(line)))).toEqual([]);
        expect(JSON.stringify([...stack.resources])).toBe(before);
    }
    heal();
    // The operator has seen the faults too, and has written that down.
    expect((await stack.succeeds(stack.refresh())).done.filter((each) => !/-registry: /.test(each))).toEqual(
        [],
    );
    await stack.succeeds(stack.destroy());
});

test("while something is made leave nothing that the next up does not put right", async () => {
    const stack = new StackStandIn(sandbox, { kubeconfig });
    const upWith = async (store: RegExp | undefined, server: RegExp | undefined) => {
        s3.faults.set(store ? answerLost : [], undefined, store);
        cluster.faults.set(server ? answerLost : [], undefined, server);
        return findingsOf(await stack.up(program("halfway")));
    };
    const ofS3 = [expect.stringContaining("The connection to the S3 endpoint broke off")];
    const ofCluster = [expect.stringContaining("The connection to the cluster's API server broke off")];
    expect(await upWith(/^PUT .*bucket\/?$/, undefined)).toEqual(ofS3);
    expect((await outside.named("halfway")).buckets, "it is there, and nobody knows").toEqual([
        "halfway-bucket",
    ]);
    expect(await upWith(undefined, /^POST .*secrets/)).toEqual(ofCluster);
    expect(await upWith(/^PUT .*cors/, undefined)).toEqual(ofS3);
    expect(await upWith(undefined, /^POST .*registries/)).toEqual(ofCluster);
    expect((await outside.named("halfway")).registries, "as the bucket was").toEqual(["halfway"]);
    heal();
    await stack.succeeds(stack.up(program("halfway")));
    const whole = {
        registries: ["halfway"],
        secrets: ["halfway-credentials"],
        buckets: ["halfway-bucket"],
    };
    expect(await outside.named("halfway")).toEqual(whole);
    expect(await outside.origins("halfway-bucket")).toEqual([PAGE]);
    expect(await outside.objects("halfway-bucket")).toEqual([]);
    expect((await outside.registry("halfway")).status.conditions[0].status).toBe("True");
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
    expect((await stack.succeeds(stack.up(program("halfway")))).done).toEqual([]);

    cluster.faults.set(answerLost, undefined, /^DELETE .*registries/);
    expect(findingsOf(await stack.destroy())).toEqual(ofCluster);
    s3.faults.set(answerLost, undefined, /^DELETE .*bucket\/?$/);
    cluster.faults.heal();
    expect(findingsOf(await stack.destroy())).toEqual(ofS3);
    heal();
    await stack.succeeds(stack.destroy());
    expect(await outside.named("halfway")).toEqual({ registries: [], secrets: [], buckets: [] });
});

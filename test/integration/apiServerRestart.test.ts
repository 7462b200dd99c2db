/** An API server that is restarted, or busy, in the middle of a run: it is waited for, and what is said of that is true. */
import { afterAll, describe, expect, inject, test } from "vitest";
import { Cluster } from "../../provider/kubernetes/cluster";
import { findConnection } from "../../provider/kubernetes/findConnection";
import { Transport } from "../../provider/kubernetes/transport";
import { kubernetesStatus } from "../support/faults";
import { Recorder } from "../support/recorder";

const sandbox = inject("sandbox");
const SECRETS = "/api/v1/namespaces/default/secrets";

const recorders: Recorder[] = [];
afterAll(async () => {
    await Promise.all(recorders.map((recorder) => recorder.stop()));
});

describe("a server that is restarted", () => {
    /** A cluster that has answered, and is told of each pause instead of making it. */
    async function restarting(pause: (count: number, recorder: Recorder, milliseconds: number) => unknown) {
        const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
        recorders.push(recorder);
        let count = 0;
        const sleep = async (milliseconds: number) => {
            count += 1;
            await pause(count, recorder, milliseconds);
        };
        const cluster = new Cluster(new Transport(findConnection({ kubeconfig }, {}), sleep));
        await cluster.identity();
        return { recorder, cluster };
    }

    test.concurrent("refuses connections for a while, and is waited for", async () => {
        const { recorder, cluster } = await restarting((count, away) => count === 8 && away.comeBack());
        await recorder.stop();
        expect(await cluster.create(SECRETS, { metadata: { name: "restart-made" } })).toMatchObject({
            metadata: { name: "restart-made" },
        });
        await cluster.delete(`${SECRETS}/restart-made`, undefined);
    });

    test.concurrent("says busy before it is ready, and is waited for", async () => {
        const { recorder, cluster } = await restarting(async (count, away) => {
            if (count === 3) {
                away.faults.set(kubernetesStatus(503, "ServiceUnavailable"));
                await away.comeBack();
            }
            if (count === 9) {
                away.faults.heal();
            }
        });
        await recorder.stop();
        expect((await cluster.read(`${SECRETS}/restart-none`)).outcome).toBe("absent");
    });

    test.concurrent("asks for a longer wait than there is time for, and is asked once more", async () => {
        const waits: number[] = [];
        const { recorder, cluster } = await restarting((_count, _away, wait) => waits.push(wait));
        recorder.faults.set(kubernetesStatus(429, "TooManyRequests", { "retry-after": "61" }), 1);
        expect((await cluster.read(`${SECRETS}/restart-none`)).outcome).toBe("absent");
        expect(waits.length).toBe(1);
        expect(waits[0]).toBeGreaterThan(50_000);
        expect(waits[0]).toBeLessThanOrEqual(55_000);
    });

    test.concurrent("is not said to have been asked more often than it was", async () => {
        const { recorder, cluster } = await restarting(() => {});
        recorder.faults.set(kubernetesStatus(503, "ServiceUnavailable", { "retry-after": "2" }));
        const error = await cluster.list("/api/v1/namespaces").catch((each) => each);
        expect(error.finding.next).toMatch(
            /^It was asked 5 times, and wants to be asked again in 2 s\. Check/,
        );
    });

    test.concurrent("is not said to have been asked again where a question has no time for that", async () => {
        const { recorder, cluster } = await restarting(() => {});
        recorder.faults.set(kubernetesStatus(429, "TooManyRequests", { "retry-after": "61" }));
        const question = cluster.within((send) => send(new AbortController().signal));
        const error = await question.list("/api/v1/namespaces").catch((each) => each);
        expect(error.finding.next).toMatch(/^It was asked once, and wants to be asked again in 61 s\. Check/);
    });
});

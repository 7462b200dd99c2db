/** The default flag under claims at the same time, against a real API server: seeded delays between any two requests. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SandboxDetails } from "../../examples/sandbox";
import type { Cluster } from "../../provider/kubernetes/cluster";
import type { Context } from "../../provider/lifecycle";
import { realContext } from "../../provider/lifecycle/context";
import type { DefaultRegistryState } from "../../provider/resources/defaultRegistry/description";
import { defaultRegistry } from "../../provider/resources/defaultRegistry/lifecycle";
import { type KubeRequest, kubeRequests } from "./kubeRequest";
import { type Random, seeded } from "./seeded";

const REGISTRIES = "/apis/ml.llmos.ai/v1/registries";
const FLAG = "ml.llmos.ai/is-default-registry";
const claimants = ["claimed-a", "claimed-b", "claimed-c"];

let ask: KubeRequest;

/** A context of a process of its own, which pauses before each request. */
function slowContext(sandbox: SandboxDetails, random: Random): Context {
    const log = { info: async () => {}, warn: async () => {} };
    const context = realContext({ kubeconfig: sandbox.kubeconfigFile }, log);
    return {
        ...context,
        cluster: async (reference) => {
            const cluster = await context.cluster(reference);
            return new Proxy(cluster, {
                get(target, name) {
                    const member = Reflect.get(target, name) as unknown;
                    const paused = async (...args: unknown[]) => {
                        await sleep(random() * 20);
                        return await (member as (...all: unknown[]) => unknown).apply(target, args);
                    };
                    return ["read", "list", "merge"].includes(String(name)) ? paused : member;
                },
            }) as Cluster;
        },
    };
}

async function marked(): Promise<string[]> {
    const { body } = await ask("GET", REGISTRIES);
    const items = body.items as { metadata: { name: string; annotations?: Record<string, string> } }[];
    return items
        .filter(({ metadata }) => metadata.annotations?.[FLAG] === "true")
        .map((one) => one.metadata.name);
}

/** The test of so many seeds. */
export function testDefaultInterleavings(seeds: number, sandbox: () => SandboxDetails): void {
    beforeAll(async () => {
        ask = await kubeRequests(sandbox().kubeconfigFile);
        const s3Config = {
            useSSL: true,
            endpoint: "localhost:1",
            bucket: "models",
            accessCredentialSecretName: "k",
        };
        for (const name of claimants) {
            const head = { apiVersion: "ml.llmos.ai/v1", kind: "Registry", metadata: { name } };
            await ask("POST", REGISTRIES, { ...head, spec: { backendType: "S3", s3Config } });
        }
    });
    afterAll(async () => {
        for (const name of claimants) {
            await ask?.("DELETE", `${REGISTRIES}/${name}`);
        }
    });

    test(`${seeds} races of three claims each end with exactly one default, and the others know it`, async () => {
        for (let seed = 1; seed <= seeds; seed += 1) {
            const random = seeded(seed);
            const claims = claimants.map(async (registry) => {
                const context = slowContext(sandbox(), random);
                await sleep(random() * 30);
                const made = await defaultRegistry.create(context, { registry, owner: `p/s/${registry}` });
                return { context, made };
            });
            const outcomes = await Promise.allSettled(claims);
            const [winner, ...others] = await marked();
            expect({ seed, others }).toEqual({ seed, others: [] });
            expect(claimants).toContain(winner);
            for (const outcome of outcomes) {
                if (outcome.status === "rejected") {
                    expect(outcome.reason.finding.code, `seed ${seed}`).toBe("two-defaults");
                    continue;
                }
                const { context, made } = outcome.value;
                const reading = await defaultRegistry.read(context, made.id, made.state);
                const state =
                    reading.outcome === "present" ? (reading.value as DefaultRegistryState) : undefined;
                expect({ seed, of: made.id, isDefault: state?.isDefault }).toEqual({
                    seed,
                    of: made.id,
                    isDefault: made.id === winner,
                });
            }
        }
    });
}

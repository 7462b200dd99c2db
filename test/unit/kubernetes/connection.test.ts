import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClusterReference } from "../../../provider/description/arguments";
import { loadKubeConfig } from "../../../provider/kubernetes/connection";
import type { Settings } from "../../../provider/lifecycle/settings";

/** A kubeconfig whose contexts lead to `https://<name>-<context>`. */
function kubeconfig(name: string): string {
    const contexts = ["one", "two"];
    return JSON.stringify(
        {
            "current-context": "one",
            clusters: contexts.map((context) => ({
                name: context,
                cluster: { server: `https://${name}-${context}` },
            })),
            contexts: contexts.map((context) => ({
                name: context,
                context: { cluster: context, user: "user" },
            })),
            users: [{ name: "user", user: { token: "t0ken-of-the-test" } }],
        },
        null,
        1,
    );
}

let folder: string;
beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "connection-"));
    writeFileSync(join(folder, "environment"), kubeconfig("environment"));
    writeFileSync(join(folder, "argument-file"), kubeconfig("argument-file"));
    vi.stubEnv("KUBECONFIG", join(folder, "environment"));
});
afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
});

async function serverOf(
    reference: ClusterReference | undefined,
    settings: Settings,
): Promise<string | undefined> {
    return (await loadKubeConfig(reference, settings)).getCurrentCluster()?.server;
}

const ARGUMENT = { kubeconfig: kubeconfig("argument") };
const STACK = { kubeconfig: kubeconfig("stack") };

describe("the cluster is the one of", () => {
    it.each<[string, ClusterReference | undefined, Settings, string]>([
        ["the argument, before all", ARGUMENT, STACK, "https://argument-one"],
        ["the argument, with its context", { ...ARGUMENT, context: "two" }, STACK, "https://argument-two"],
        ["the argument's context in the stack's kubeconfig", { context: "two" }, STACK, "https://stack-two"],
        ["the stack's configuration", undefined, STACK, "https://stack-one"],
        ["the stack's context", undefined, { ...STACK, context: "two" }, "https://stack-two"],
        [
            "the argument's context before the stack's",
            { context: "one" },
            { ...STACK, context: "two" },
            "https://stack-one",
        ],
        [
            "the argument, without the stack's context",
            ARGUMENT,
            { ...STACK, context: "two" },
            "https://argument-one",
        ],
        ["the environment", undefined, {}, "https://environment-one"],
        [
            "the stack's context in the environment's",
            undefined,
            { context: "two" },
            "https://environment-two",
        ],
        [
            "content on one line",
            { kubeconfig: JSON.stringify(JSON.parse(ARGUMENT.kubeconfig)) },
            {},
            "https://argument-one",
        ],
    ])("%s", async (_title, reference, settings, server) => {
        expect(await serverOf(reference, settings)).toBe(server);
    });

    it("a file", async () => {
        expect(await serverOf({ kubeconfig: join(folder, "argument-file") }, {})).toBe(
            "https://argument-file-one",
        );
    });
});

const refusal = (reference: ClusterReference) =>
    loadKubeConfig(reference, {}).catch((error) => error.finding);

it("a context that is missing is told with those that are there", async () => {
    expect(await refusal({ ...ARGUMENT, context: "three" })).toEqual({
        code: "kubeconfig-unusable",
        severity: "error",
        found: 'The kubeconfig has no context "three"',
        where: "contexts there: one, two",
        why: "Without it, it is not known which cluster is meant.",
        next: 'Correct "cluster.context" or the stack configuration "llmos:context".',
    });
});

describe("a kubeconfig that cannot be used is told without its content:", () => {
    const SECRET = "t0ken-of-the-test";
    it.each([
        [
            "a file that is missing",
            "/no/such/kubeconfig",
            "The kubeconfig cannot be used: there is no such file",
            "/no/such/kubeconfig",
        ],
        [
            "YAML with a mistake",
            `users:\n- user:\n    token: ${SECRET}\n   bad: [\n`,
            "The kubeconfig cannot be used: it is not valid YAML (line 4)",
            "kubeconfig given as content",
        ],
        [
            "JSON with a mistake",
            `{"users":[{"user":{"token":"${SECRET}"}}`,
            "The kubeconfig cannot be used: it is not valid YAML (line 2)",
            "kubeconfig given as content",
        ],
        [
            "JSON on one line without a cluster",
            `{"current-context":"x","users":[{"name":"a","user":{"token":"${SECRET}"}}]}`,
            "The kubeconfig cannot be used: its current context names no cluster",
            "kubeconfig given as content",
        ],
        [
            "content in base64",
            Buffer.from(kubeconfig("a")).toString("base64"),
            "The kubeconfig cannot be used: there is no such file",
            "kubeconfig given as content",
        ],
    ])("%s", async (_title, content, found, where) => {
        expect(await refusal({ kubeconfig: content })).toMatchObject({
            code: "kubeconfig-unusable",
            found,
            where,
        });
    });
});

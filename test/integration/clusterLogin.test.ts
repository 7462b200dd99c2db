/** A login that the API server no longer takes: the plugin is asked anew, once, and a second refusal is the answer. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import type { Cluster } from "../../provider/kubernetes/cluster";
import { realContext } from "../../provider/lifecycle/context";
import { REGISTRIES } from "../../provider/llmos/objects";
import { explained } from "../support/explained";
import { type KubeRequest, kubeRequests } from "../support/kubeRequest";

const sandbox = inject("sandbox");
const quiet = { info: async () => {}, warn: async () => {} };
const ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts";
const BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
const NAME = "cluster-login";

/** Gives the next of the tokens of a file, the last one for ever, and an hour to each: the client library keeps it. */
const PLUGIN = `
const { appendFileSync, readFileSync } = require("node:fs");
const [, , tokens, calls] = process.argv;
appendFileSync(calls, ".");
const given = JSON.parse(readFileSync(tokens, "utf8"));
const token = given[Math.min(readFileSync(calls).length, given.length) - 1];
const expirationTimestamp = new Date(Date.now() + 3600000).toISOString();
const head = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential" };
console.log(JSON.stringify({ ...head, status: { token, expirationTimestamp } }));
`;

let ask: KubeRequest;
let folder: string;
let good: string;
const file = (name: string) => join(folder, name);

async function made(path: string, body: object) {
    const answer = await ask("POST", path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body;
}

beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "login-"));
    await writeFile(file("plugin.js"), PLUGIN);
    ask = await kubeRequests(sandbox.kubeconfigFile);
    const metadata = { name: NAME };
    await made(ACCOUNTS, { metadata });
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
    const subjects = [{ kind: "ServiceAccount", name: NAME, namespace: "default" }];
    await made(BINDINGS, { metadata, roleRef, subjects });
    good = (await made(`${ACCOUNTS}/${NAME}/token`, { spec: { expirationSeconds: 3600 } })).status.token;
});
beforeEach(() => writeFile(file("calls"), ""));
afterAll(async () => {
    await ask?.("DELETE", `${BINDINGS}/${NAME}`);
    await ask?.("DELETE", `${ACCOUNTS}/${NAME}`);
    await rm(folder, { recursive: true, force: true });
});

/** The sandbox's cluster, with a user of whom the plugin gives these tokens. */
async function clusterOf(...tokens: string[]): Promise<Cluster> {
    await writeFile(file("tokens"), JSON.stringify(tokens));
    const config = JSON.parse(await readFile(sandbox.kubeconfigFile, "utf8"));
    const exec = {
        apiVersion: "client.authentication.k8s.io/v1",
        command: process.execPath,
        args: ["plugin.js", "tokens", "calls"].map(file),
        interactiveMode: "Never",
    };
    config.users = [{ name: config.users[0].name, user: { exec } }];
    return await realContext({}, quiet).cluster({ kubeconfig: JSON.stringify(config) });
}

async function calls(): Promise<number> {
    return (await readFile(file("calls"))).length;
}

test("a token that is no longer taken is got anew, once for all requests that had it", async () => {
    const loginsBefore: number[] = [];
    const cluster = (await clusterOf("expired", good)).within(async (send) => {
        loginsBefore.push(await calls());
        return await send(undefined);
    });
    const [identity, registries, watch] = await Promise.all([
        cluster.identity(),
        cluster.list(REGISTRIES),
        cluster.watch(
            REGISTRIES,
            NAME,
            () => {},
            () => {},
        ),
    ]);
    watch.stop();
    // The time of a request begins when the plugin has given its token.
    expect(loginsBefore).toEqual([1, 1, 2, 2]);
    expect(identity).toMatch(/^[0-9a-f-]{36}$/);
    expect(registries).toBeInstanceOf(Array);
    expect(await calls()).toBe(2);
});

test("a second refusal is the answer", async () => {
    const cluster = await clusterOf("expired");
    const error = await cluster.identity().catch((each) => each);
    expect(explained(error, "/api/v1/namespaces/kube-system")).toBe(
        "The API server refuses to read: Unauthorized",
    );
    expect(error.finding.where).toContain("status 401");
    expect(await calls()).toBe(2);
});

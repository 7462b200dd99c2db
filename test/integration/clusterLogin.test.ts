/** Logins: every user that kubectl takes out of a kubeconfig, and one that the API server no longer takes. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import type { Cluster, KubernetesObject } from "../../provider/kubernetes/cluster";
import { connectionOf } from "../../provider/kubernetes/connection";
import { runPlugin } from "../../provider/kubernetes/execPlugin";
import { parseKubeconfig } from "../../provider/kubernetes/kubeconfig";
import { realContext } from "../../provider/lifecycle/context";
import { REGISTRIES } from "../../provider/llmos/objects";
import { Cli } from "../support/cli";
import { explained } from "../support/explained";
import { type KubeRequest, kubeRequests } from "../support/kubeRequest";
import { until } from "../support/processes";

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

const REFUSED =
    "The API server does not take the login of the kubeconfig's user: it has expired, or is not of this cluster";

/** The sandbox's kubeconfig with another user, and changes to the cluster. */
async function kubeconfigFor(user: object, cluster: object = {}): Promise<string> {
    const config = JSON.parse(await readFile(sandbox.kubeconfigFile, "utf8"));
    config.users = [{ name: config.users[0].name, user }];
    Object.assign(config.clusters[0].cluster, cluster);
    return JSON.stringify(config);
}

async function clusterFor(...how: Parameters<typeof kubeconfigFor>): Promise<Cluster> {
    return await realContext({}, quiet).cluster({ kubeconfig: await kubeconfigFor(...how) });
}

/** The sandbox's cluster, with a user of whom the plugin gives these tokens. */
async function clusterOf(...tokens: string[]): Promise<Cluster> {
    await writeFile(file("tokens"), JSON.stringify(tokens));
    return await clusterFor({ exec: plugin("plugin.js", "tokens", "calls") });
}

/** A plugin of the folder, with files of it as arguments. */
function plugin(...names: string[]) {
    return {
        apiVersion: "client.authentication.k8s.io/v1",
        command: process.execPath,
        args: names.map(file),
        interactiveMode: "Never",
    };
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

test("a second refusal is the answer, and is about the login, not about rights", async () => {
    const cluster = await clusterOf("expired");
    const error = await cluster.identity().catch((each) => each);
    expect(explained(error, "/api/v1/namespaces/kube-system (status 401)")).toBe(REFUSED);
    expect(error.finding).toMatchObject({
        code: "login-refused",
        next: `Log in again with what "${process.execPath}" belongs to, and check it with kubectl auth whoami.`,
    });
    expect(await calls()).toBe(2);
});

test("a token that is not taken is told with what to do", async () => {
    const cluster = await clusterFor({ token: "expired" });
    const error = await cluster.list(REGISTRIES).catch((each) => each);
    expect(explained(error, `${REGISTRIES} (status 401)`)).toBe(REFUSED);
    expect(error.finding.next).toContain(
        "Log in again, so that the kubeconfig has a login that is valid now",
    );
});

/** Whom the API server takes us for. */
async function whoIs(cluster: Cluster) {
    const head = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const answer = await cluster.create<KubernetesObject & { status: { userInfo: object } }>(
        `/apis/${head.apiVersion}/selfsubjectreviews`,
        head,
    );
    return answer === "conflict" ? answer : answer.status.userInfo;
}
const ourAccount = { username: `system:serviceaccount:default:${NAME}` };

describe("a user of the kubeconfig is who kubectl makes of it:", () => {
    test("a tokenFile, relative to the kubeconfig, read again when it is not taken", async () => {
        await writeFile(file("config"), await kubeconfigFor({ tokenFile: "token", token: "of-no-account" }));
        await writeFile(file("token"), "expired\n");
        const cluster = await realContext({}, quiet).cluster({ kubeconfig: file("config") });
        const error = await cluster.identity().catch((each) => each);
        expect(explained(error, "status 401")).toBe(REFUSED);
        expect(error.finding.next).toContain(`Renew the token in "${file("token")}"`);
        await writeFile(file("token"), `${good}\n`);
        expect(await whoIs(cluster)).toMatchObject(ourAccount);
    });

    test("files of a client certificate", async () => {
        const [{ user }] = JSON.parse(await readFile(sandbox.kubeconfigFile, "utf8")).users;
        for (const name of ["client-certificate", "client-key"]) {
            await writeFile(file(name), Buffer.from(user[`${name}-data`], "base64"));
        }
        const files = { "client-certificate": "client-certificate", "client-key": "./client-key" };
        await writeFile(file("config"), await kubeconfigFor(files));
        const cluster = await realContext({}, quiet).cluster({ kubeconfig: file("config") });
        expect(await whoIs(cluster)).toMatchObject({ groups: expect.arrayContaining(["system:masters"]) });
    });

    test("another one, whom this one may impersonate", async () => {
        const cluster = await clusterFor({
            token: good,
            as: "Jürgen",
            "as-uid": "u-17",
            "as-groups": ["one", "two words"],
            "as-user-extra": { "acme.com/Scopes(1)": ["read", "write"] },
        });
        expect(await whoIs(cluster)).toEqual({
            username: "Jürgen",
            uid: "u-17",
            groups: ["one", "two words", "system:authenticated"],
            extra: { "acme.com/scopes(1)": ["read", "write"] },
        });
    });

    test("a server whose certificate is not to be verified", async () => {
        const unknown = { "certificate-authority-data": undefined };
        const error = await (await clusterFor({ token: good }, unknown)).identity().catch((each) => each);
        expect(explained(error, sandbox.apiServerUrl)).toContain("an authority that is not trusted here");
        const unverified = { ...unknown, "insecure-skip-tls-verify": true, "disable-compression": true };
        expect(await whoIs(await clusterFor({ token: good }, unverified))).toMatchObject(ourAccount);
    });

    test("a server whose certificate is for another name, or for an address", async () => {
        const byName = { server: sandbox.apiServerUrl.replace("127.0.0.1", "localhost") };
        const cluster = await clusterFor({ token: good }, { ...byName, "tls-server-name": "127.0.0.1" });
        expect(await whoIs(cluster)).toMatchObject(ourAccount);
        for (const other of ["127.0.0.2", "other.example.com"]) {
            const wrong = await clusterFor({ token: good }, { "tls-server-name": other });
            const error = await wrong.identity().catch((each) => each);
            expect(explained(error, sandbox.apiServerUrl)).toContain("is for another host name");
        }
    });

    test("nobody at a plain http server, such as kubectl proxy: what is secret stays here", async () => {
        const asked: IncomingHttpHeaders[] = [];
        const server = createServer(async (request, response) => {
            asked.push(request.headers);
            const { status, body } = await ask("GET", request.url ?? "");
            response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        vi.stubEnv("HTTP_PROXY", "http://proxy.invalid:3128");
        try {
            const address = { server: `http://127.0.0.1:${port}/`, "certificate-authority-data": undefined };
            const cluster = await clusterFor({ token: good, as: "somebody" }, address);
            expect(await cluster.identity()).toMatch(/^[0-9a-f-]{36}$/);
            expect(asked).toMatchObject([{ "impersonate-user": "somebody" }]);
            expect(Object.keys(asked[0] ?? {})).not.toContain("authorization");
            expect(Object.keys(asked[0] ?? {})).not.toContain("accept-encoding");
        } finally {
            vi.unstubAllEnvs();
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
        }
    });

    test("whoever stands in the address of the server, which is told nowhere", async () => {
        const url = new URL(sandbox.apiServerUrl);
        const cluster = await clusterFor({}, { server: `https://who:pa%24%24word@${url.host}` });
        const error = await cluster.identity().catch((each) => each);
        expect(error.finding.where).toContain(url.origin);
        expect(error.message).not.toMatch(/pa(%24|\$)|d2hvOnBh/);
    });
});

describe("a plugin", () => {
    const head = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential" };

    test("is told of the cluster, where its entry says so", async () => {
        await writeFile(
            file("teller.js"),
            `
            const [, , info, token] = process.argv;
            require("node:fs").writeFileSync(info, process.env.KUBERNETES_EXEC_INFO + process.env.OWN);
            console.log(JSON.stringify({ ...${JSON.stringify(head)}, status: { token: require("node:fs").readFileSync(token, "utf8") } }));
        `,
        );
        await writeFile(file("good"), good);
        const exec = { ...plugin("teller.js", "info", "good"), env: [{ name: "OWN", value: " own" }] };
        const extensions = [{ name: "client.authentication.k8s.io/exec", extension: { audience: "llmos" } }];
        const way = { extensions, "tls-server-name": "localhost" };
        const told = async (provideClusterInfo: boolean) => {
            expect(
                await whoIs(await clusterFor({ exec: { ...exec, provideClusterInfo } }, way)),
            ).toMatchObject(ourAccount);
            const [info = "", own] = (await readFile(file("info"), "utf8")).split(" ");
            return { ...JSON.parse(info), own };
        };
        const spec = { interactive: false };
        expect(await told(false)).toEqual({ ...head, spec, own: "own" });
        const [{ cluster }] = JSON.parse(await readFile(sandbox.kubeconfigFile, "utf8")).clusters;
        const info = { ...cluster, "tls-server-name": "localhost", config: { audience: "llmos" } };
        expect(await told(true)).toEqual({ ...head, spec: { ...spec, cluster: info }, own: "own" });
    });

    const SAID = "sa1d-by-the-plugin";
    test.each<[string, object, string]>([
        [
            "that is not installed is told with its hint, on one line",
            { command: "no-such-plugin", installHint: "Get it:\n\u001b[2Jbrew install it" },
            'its exec plugin "no-such-plugin" is not installed. Get it: [2Jbrew install it',
        ],
        [
            "that needs a person is told so where there is none",
            { interactiveMode: "Always" },
            "has to ask a person (interactiveMode Always), and standard input is no terminal here",
        ],
        ["that fails", { args: ["-e", `console.log("${SAID}"); process.exit(3)`] }, "ended with exit code 3"],
        ["that gives something else", { args: ["-p", `"${SAID}"`] }, "gave no ExecCredential"],
        [
            "that gives nothing",
            { args: ["-p", `JSON.stringify({ ...${JSON.stringify(head)}, said: "${SAID}" })`] },
            "gave neither a token nor a certificate with its key",
        ],
        [
            "of another version",
            { args: ["-p", `JSON.stringify({ kind: "ExecCredential", apiVersion: "${SAID}" })`] },
            "gave an ExecCredential of another apiVersion",
        ],
        [
            "whose token cannot be sent",
            {
                args: [
                    "-p",
                    `JSON.stringify({ ...${JSON.stringify(head)}, status: { token: "${SAID}\\n" } })`,
                ],
            },
            "the token holds a line break",
        ],
        [
            "whose certificate is none",
            {
                args: [
                    "-p",
                    `JSON.stringify({ ...${JSON.stringify(head)}, status: { clientCertificateData: "${SAID}", clientKeyData: "k" } })`,
                ],
            },
            "its client certificate or its key is no PEM",
        ],
    ])("%s, without what it printed", async (_title, changed, words) => {
        const cluster = await clusterFor({ exec: { ...plugin(), ...changed } });
        const error = await cluster.identity().catch((each) => each);
        expect(explained(error, sandbox.apiServerUrl)).toContain(words);
        expect(error.message).not.toContain(SAID);
    });

    test("that never ends is ended", async () => {
        const { cluster, user } = connectionOf(
            parseKubeconfig(
                await kubeconfigFor({ exec: { ...plugin(), args: ["-e", "setInterval(() => {}, 1)"] } }),
            ),
            "sandbox",
        );
        const error = await runPlugin(user.exec!, cluster, undefined, 200).catch((each) => each);
        expect(error).toMatchObject({ message: expect.stringContaining("has not logged in within 0.2 s") });
    });

    test("that waits for a login in the browser is heard while it waits, and the command ends after it", async () => {
        await writeFile(
            file("browser.js"),
            `
            const { existsSync, readFileSync } = require("node:fs");
            process.stderr.write("Please log in at https://login.example.com: ");
            const timer = setInterval(() => {
                if (existsSync(process.argv[2])) {
                    clearInterval(timer);
                    console.log(JSON.stringify({ ...${JSON.stringify(head)}, status: { token: readFileSync(process.argv[2], "utf8") } }));
                }
            }, 10);
        `,
        );
        await writeFile(file("config"), await kubeconfigFor({ exec: plugin("browser.js", "logged-in") }));
        const running = new Cli(sandbox, [good]).start(["status", "--kubeconfig", file("config")]);
        await until(() => running.stderr === "Please log in at https://login.example.com: ", 60_000);
        await writeFile(file("logged-in"), good);
        expect(await running.ended).toMatchObject({ exitCode: 0 });
    });
});

/** A proxy on the way to both sides: taken as the environment says, never trusted with content, and named when it fails. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { Authority } from "../../examples/sandbox";
import type { Finding } from "../../provider/finding";
import { realContext } from "../../provider/lifecycle/context";
import { throughProxy } from "../../provider/network/proxy";
import { askForBucket } from "../../provider/preflight/bucket";
import { askCluster } from "../../provider/preflight/cluster";
import { askEndpoint } from "../../provider/preflight/endpoint";
import { closedPort } from "../support/closedPort";
import { ConnectProxy } from "../support/connectProxy";
import { SocksProxy } from "../support/socksProxy";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const keys = { accessKeyId, secretAccessKey };
/** As only the proxy knows it: this machine itself is reached directly. */
const apiServer = `cluster.invalid:${new URL(sandbox.apiServerUrl).port}`;
const quiet = { info: async () => {}, warn: async () => {} };
const VARIABLES = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

let proxy: ConnectProxy;
let kubeconfig: string;
/** The same cluster, by its address on this machine. */
let onLoopback: string;

beforeAll(async () => {
    proxy = await ConnectProxy.start();
    onLoopback = await readFile(sandbox.kubeconfigFile, "utf8");
    const config = JSON.parse(onLoopback);
    const named = { server: `https://${apiServer}`, "tls-server-name": "localhost" };
    Object.assign(config.clusters[0].cluster, named);
    kubeconfig = JSON.stringify(config);
});
beforeEach(() => {
    for (const name of VARIABLES) {
        vi.stubEnv(name, undefined);
    }
    proxy.asked.length = 0;
    proxy.refuses = undefined;
    proxy.silent = false;
    proxy.credentials = undefined;
});
afterEach(() => {
    vi.unstubAllEnvs();
});
afterAll(() => proxy?.stop());

/** Asks both sides with a fresh context. */
async function ask(config = kubeconfig): Promise<Finding[]> {
    const context = realContext({}, quiet);
    const bucket = await askForBucket(context, { endpoint, caBundle, keys }, "proxy-none");
    return [...bucket.findings, ...(await askCluster(context, { kubeconfig: config }))];
}

describe("both sides are reached", () => {
    test.each(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])(
        "through the proxy of %s",
        async (name) => {
            vi.stubEnv(name, proxy.url);
            expect(await ask()).toEqual([]);
            expect([...new Set(proxy.asked)]).toEqual([endpoint, apiServer]);
        },
    );

    test.each(["HTTPS_PROXY", "all_proxy"])("through the proxy of %s without a scheme", async (name) => {
        proxy.credentials = "who:secret";
        vi.stubEnv(name, proxy.url.replace("http://", ""));
        expect(await ask()).toEqual([]);
        expect([...new Set(proxy.asked)]).toEqual([endpoint, apiServer]);
    });

    test("through a proxy that wants to know who asks", async () => {
        proxy.credentials = "who:se%20cret";
        vi.stubEnv("HTTPS_PROXY", proxy.url);
        proxy.credentials = "who:se cret";
        expect(await ask()).toEqual([]);
    });

    test("through the proxy-url of the kubeconfig, whatever the environment says", async () => {
        vi.stubEnv("NO_PROXY", "*");
        const config = JSON.parse(kubeconfig);
        config.clusters[0].cluster["proxy-url"] = proxy.url;
        expect(await ask(JSON.stringify(config))).toEqual([]);
        expect([...new Set(proxy.asked)]).toEqual([apiServer]);
    });

    test.each([
        ["*", []],
        ["localhost,127.0.0.1", []],
        ["localhost", [apiServer]],
        [`localhost:${endpoint.split(":")[1]}`, [apiServer]],
        ["127.0.0.0/8", [endpoint]],
        ["10.0.0.0/8, host", [endpoint, apiServer]],
    ])("directly where NO_PROXY=%s says so", async (value, through) => {
        vi.stubEnv("HTTPS_PROXY", proxy.url);
        vi.stubEnv("NO_PROXY", value);
        expect(await ask(through.includes(apiServer) ? kubeconfig : onLoopback)).toEqual([]);
        expect([...new Set(proxy.asked)]).toEqual(through);
    });

    test.each([
        ["10.0.0.0/8", "https://10.1.2.3:6443", ""],
        ["cluster.example.com", "https://api.cluster.example.com", ""],
        ["cluster.example.com", "https://cluster.example.org", " through the proxy http://proxy:3128"],
    ])("with NO_PROXY=%s, %s is reached%s", (value, url, through) => {
        vi.stubEnv("HTTPS_PROXY", "proxy:3128");
        vi.stubEnv("NO_PROXY", value);
        expect(throughProxy(url)).toBe(through);
    });

    test("a cluster on this machine directly, as kubectl reaches it", async () => {
        vi.stubEnv("HTTPS_PROXY", proxy.url);
        expect(await ask(onLoopback)).toEqual([]);
        expect([...new Set(proxy.asked)]).toEqual([endpoint]);
    });

    describe("through a SOCKS proxy, which resolves the names,", () => {
        let socks: SocksProxy;
        beforeAll(async () => {
            socks = await SocksProxy.start();
        });
        beforeEach(() => {
            socks.asked.length = 0;
            socks.credentials = undefined;
            socks.refuses = false;
        });
        afterAll(() => socks?.stop());

        const throughSocks = (config: string) => {
            const changed = JSON.parse(config);
            changed.clusters[0].cluster["proxy-url"] = socks.url;
            return JSON.stringify(changed);
        };

        test("of ALL_PROXY", async () => {
            vi.stubEnv("ALL_PROXY", socks.url);
            expect(await ask()).toEqual([]);
            expect([...new Set(socks.asked)]).toEqual([endpoint, apiServer]);
        });

        test("of the kubeconfig, with a login, to a name and to an address", async () => {
            socks.credentials = "who:secret";
            expect(await ask(throughSocks(kubeconfig))).toEqual([]);
            expect(await ask(throughSocks(onLoopback))).toEqual([]);
            expect([...new Set(socks.asked)]).toEqual([apiServer, new URL(sandbox.apiServerUrl).host]);
        });

        test("whose far side is verified", async () => {
            for (const other of ["other.example.com", "127.0.0.2"]) {
                const config = JSON.parse(throughSocks(onLoopback));
                config.clusters[0].cluster["tls-server-name"] = other;
                const [finding] = await ask(JSON.stringify(config));
                expect(finding?.found).toContain("certificate is for another host name");
            }
        });

        test("that refuses, or is not there, is named without its password", async () => {
            socks.refuses = true;
            const config = throughSocks(kubeconfig).replace("socks5://", "socks5://who:secret@");
            const address = `socks5://127.0.0.1:${socks.port}`;
            const [refused] = await ask(config);
            expect(refused?.found).toContain("refuses to connect");
            expect(refused?.where).toMatch(`https://${apiServer} through the proxy ${address} (`);
            const port = String(await closedPort());
            const [missing] = await ask(config.replace(`:${socks.port}"`, `:${port}"`));
            expect(missing?.found).toContain("cannot be reached");
            expect(missing?.where).toContain("(ECONNREFUSED)");
            expect(JSON.stringify([refused, missing])).not.toContain("secret");
        });
    });

    test("directly for the names below a name in no_proxy", async () => {
        vi.stubEnv("HTTPS_PROXY", proxy.url);
        vi.stubEnv("no_proxy", "registry.invalid");
        const context = realContext({}, quiet);
        const [finding] = await askEndpoint(context, { endpoint: "s3.registry.invalid" });
        expect(finding?.found).toBe("The S3 endpoint's host name cannot be resolved");
        expect(proxy.asked).toEqual([]);
    });
});

describe("TLS is with the far side, and is verified", () => {
    beforeEach(() => {
        vi.stubEnv("HTTPS_PROXY", proxy.url);
    });

    test("against the authorities that are trusted", async () => {
        const other = (await Authority.create("somebody else")).certificate;
        const context = realContext({}, quiet);
        const [s3] = await askEndpoint(context, { endpoint, caBundle: other });
        expect(s3).toMatchObject({
            code: "tls-unknown-authority",
            where: expect.stringContaining(`https://${endpoint} through the proxy ${proxy.url} (`),
        });
        const config = JSON.parse(kubeconfig);
        config.clusters[0].cluster["certificate-authority-data"] = Buffer.from(other).toString("base64");
        const [cluster] = await askCluster(context, { kubeconfig: JSON.stringify(config) });
        expect(cluster?.found).toBe(
            "The cluster's API server's certificate was issued by an authority that is not trusted here",
        );
        const store = await context.objectStore({ endpoint, caBundle: other, keys });
        expect(await store.bucket("proxy-none")).toMatchObject({
            outcome: "unknown",
            error: { finding: { code: "tls-unknown-authority" } },
        });
    });

    test.each(["localhost", "127.0.0.1"])("against the name %s that was asked for", async (host) => {
        const authority = await Authority.create("another name");
        const { certificate, key } = await authority.server({
            hosts: [host === "localhost" ? "127.0.0.1" : "localhost"],
        });
        const server = createServer({ cert: certificate, key }, (_, response) => response.end());
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        const [finding] = await askEndpoint(realContext({}, quiet), {
            endpoint: `${host}:${port}`,
            caBundle: authority.certificate,
        });
        expect(finding?.code).toBe("tls-wrong-host");
        expect(proxy.asked).toEqual([`${host}:${port}`]);
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
    });
});

describe("a proxy that fails is named, without its password", () => {
    const told = (findings: Finding[]) => findings.map(({ found, where }) => `${found} (${where})`);

    test.each([403, 407, 502])("when it refuses with %i", async (status) => {
        proxy.refuses = status;
        vi.stubEnv("HTTPS_PROXY", proxy.url.replace("http://", "http://who:secret@"));
        const findings = await ask();
        expect(told(findings)).toEqual([
            `The proxy on the way to the S3 endpoint refuses to connect (https://${endpoint} through the proxy ${proxy.url} (status ${status}))`,
            `The proxy on the way to the cluster's API server refuses to connect (https://${apiServer} through the proxy ${proxy.url} (status ${status}))`,
        ]);
        expect(findings.every(({ next }) => next.includes("user and password") === (status === 407))).toBe(
            true,
        );
        expect(JSON.stringify(findings)).not.toContain("secret@");
        expect(proxy.asked.length > 2, "what passes is worth another try").toBe(status === 502);
    });

    test("when nothing listens there", async () => {
        const port = await closedPort();
        vi.stubEnv("HTTPS_PROXY", `http://who:secret@127.0.0.1:${port}`);
        expect(told(await ask())).toEqual([
            `The proxy on the way to the S3 endpoint cannot be reached (https://${endpoint} through the proxy http://127.0.0.1:${port} (ECONNREFUSED))`,
            `The proxy on the way to the cluster's API server cannot be reached (https://${apiServer} through the proxy http://127.0.0.1:${port} (ECONNREFUSED))`,
        ]);
    });

    test("when it never answers: the question ends at its own deadline", async () => {
        proxy.silent = true;
        vi.stubEnv("HTTPS_PROXY", proxy.url);
        expect(told(await ask())).toEqual([
            `The S3 endpoint did not answer in time (https://${endpoint} through the proxy ${proxy.url} (ETIMEDOUT))`,
            `The cluster's API server did not answer in time (https://${apiServer} through the proxy ${proxy.url} (ETIMEDOUT))`,
        ]);
    });

    test("when the address of the kubeconfig's proxy refuses", async () => {
        proxy.refuses = 407;
        const config = JSON.parse(kubeconfig);
        config.clusters[0].cluster["proxy-url"] = proxy.url;
        expect(told(await ask(JSON.stringify(config)))).toEqual([
            `The proxy on the way to the cluster's API server refuses to connect (https://${apiServer} through the proxy ${proxy.url} (status 407))`,
        ]);
    });

    test.each(["ftp://who:secret@127.0.0.1:1080", "http://", "http://who:secret%@127.0.0.1:1080"])(
        "when it is no proxy: %s",
        async (value) => {
            vi.stubEnv("HTTPS_PROXY", value);
            const context = realContext({}, quiet);
            const error = await context.objectStore({ endpoint, keys }).catch((each) => each);
            expect(error.finding).toMatchObject({
                code: "argument-invalid",
                where: expect.stringContaining("HTTPS_PROXY"),
            });
            expect(error.message).not.toContain("secret");
            const [finding] = await askCluster(context, { kubeconfig });
            expect(finding?.code).toBe("argument-invalid");
        },
    );
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClusterReference } from "../../../provider/description/arguments";
import { type Finding, findingOf } from "../../../provider/finding";
import { findConnection } from "../../../provider/kubernetes/findConnection";
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

const serverOf = (reference: ClusterReference | undefined, settings: Settings) =>
    findConnection(reference, settings).server;

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
    ])("%s", (_title, reference, settings, server) => {
        expect(serverOf(reference, settings)).toBe(server);
    });

    it("a file", () => {
        expect(serverOf({ kubeconfig: join(folder, "argument-file") }, {})).toBe("https://argument-file-one");
    });
});

/** What is told of a kubeconfig that cannot be used. */
function refusal(reference?: ClusterReference): Finding {
    try {
        findConnection(reference, {});
    } catch (error) {
        return findingOf(error);
    }
    throw new Error("it can be used");
}

it("a context that is missing is told with those that are there", () => {
    expect(refusal({ ...ARGUMENT, context: "three" })).toEqual({
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
            'The kubeconfig cannot be used: its current context "x" is not in it',
            "kubeconfig given as content",
        ],
        [
            "content in base64",
            Buffer.from(kubeconfig("a")).toString("base64"),
            "The kubeconfig cannot be used: there is no such file",
            "kubeconfig given as content",
        ],
    ])("%s", (_title, content, found, where) => {
        expect(refusal({ kubeconfig: content })).toMatchObject({
            code: "kubeconfig-unusable",
            found,
            where,
        });
    });
});

/** A file of the folder. */
function written(name: string, content: object | string): string {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
}

/** What the environment leads to. */
function found(...listed: string[]) {
    vi.stubEnv("KUBECONFIG", listed.join(delimiter));
    return findConnection(undefined, {});
}

const server = (name: string) => ({ name, cluster: { server: `https://${name}.example.com` } });

describe("of several files in KUBECONFIG", () => {
    it("the first that sets a value, or has an entry of a name, has it", () => {
        const first = written("first", {
            "current-context": "shared",
            contexts: [{ name: "shared", context: { cluster: "one", user: "user" } }],
            clusters: [server("one")],
        });
        const second = written("second", {
            "current-context": "other",
            contexts: [{ name: "shared", context: { cluster: "two", user: "user", namespace: "two" } }],
            clusters: [{ name: "one", cluster: { server: "https://wrong" } }, server("two")],
            users: [{ name: "user", user: { token: "of-the-second" } }],
        });
        const third = written("third", { users: [{ name: "user", user: { token: "no", as: "no" } }] });
        expect(found(first, second, third)).toMatchObject({
            server: "https://one.example.com",
            namespace: "",
            user: { token: "of-the-second", as: "" },
        });
        expect(() => found(second, first)).toThrow('its current context "other" is not in it');
    });

    it("those that are missing, empty or named twice count for nothing", () => {
        const file = join(folder, "environment");
        expect(found("/no/such/file", written("empty", ""), "", file, file).server).toBe(
            "https://environment-one",
        );
    });

    it("one that cannot be read is named", () => {
        const file = written("damaged", "users: [\n- token: of-the-test");
        vi.stubEnv("KUBECONFIG", [join(folder, "environment"), file].join(delimiter));
        expect(refusal()).toMatchObject({
            found: "The kubeconfig cannot be used: it is not valid YAML (line 2)",
            where: file,
        });
    });
});

it("paths in a file are relative to its folder", () => {
    const context = { cluster: "one", user: "user" };
    const users = (user: object) => ({ contexts: [{ name: "c", context }], users: [{ name: "user", user }] });
    written("below/ca.crt", rootCertificates[0] as string);
    const cluster = { server: "https://one", "certificate-authority": "ca.crt" };
    const clusters = written("below/clusters", {
        "current-context": "c",
        clusters: [{ name: "one", cluster }],
    });
    const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "./bin/plugin" };
    const { tls, user } = found(
        clusters,
        written("of-users/config", users({ "client-key": "../key", tokenFile: "token", exec })),
    );
    expect(tls.ca?.toString()).toBe(rootCertificates[0]);
    expect(user).toMatchObject({
        "client-key": join(folder, "key"),
        tokenFile: join(folder, "of-users", "token"),
        exec: { command: join(folder, "of-users", "bin", "plugin") },
    });
    const inPath = written("in-path", users({ exec: { ...exec, command: "aws" } }));
    expect(found(clusters, inPath).user.exec?.command).toBe("aws");
});

describe("what a newcomer meets has words of its own:", () => {
    it("no kubeconfig at all", () => {
        vi.stubEnv("KUBECONFIG", "");
        vi.stubEnv("HOME", folder);
        expect(refusal()).toEqual({
            code: "kubeconfig-unusable",
            severity: "error",
            found: "There is no kubeconfig here, so that it is not known which cluster is meant",
            where: join(folder, ".kube", "config"),
            why: "The Registry object and its Secret live in the LLMOS cluster.",
            next: 'Get the kubeconfig of the LLMOS cluster, and set KUBECONFIG to its path, or the stack configuration "llmos:kubeconfig" (a path or the content), or the argument "cluster".',
        });
    });

    it("only missing files in KUBECONFIG", () => {
        vi.stubEnv("KUBECONFIG", ["/no/one", "/no/two"].join(delimiter));
        expect(refusal().where).toBe("/no/one, /no/two (KUBECONFIG)");
    });

    it("the content instead of a path in KUBECONFIG", () => {
        vi.stubEnv("KUBECONFIG", kubeconfig("content"));
        expect(refusal()).toMatchObject({
            where: "KUBECONFIG",
            found: expect.stringContaining("its content"),
        });
    });

    const withServer = (server: string | undefined, cluster = {}) =>
        JSON.stringify({
            "current-context": "c",
            contexts: [{ name: "c", context: { cluster: "mine", user: "" } }],
            clusters: [{ name: "mine", cluster: { server, ...cluster } }],
        });
    it.each([
        [
            "without a scheme",
            "host:6443",
            'the server of its cluster "mine" has no scheme: write https:// before it',
        ],
        ["none", undefined, 'its cluster "mine" has no server'],
        [
            "of another scheme",
            "ftp://host",
            'the server of its cluster "mine" is no https:// or http:// address',
        ],
        ["without a host", "https://", 'the server of its cluster "mine" is no https:// or http:// address'],
    ])("a server %s", (_title, server, reason) => {
        expect(refusal({ kubeconfig: withServer(server) }).found).toBe(
            `The kubeconfig cannot be used: ${reason}`,
        );
    });

    it("a server with user and password is shown without them", () => {
        const reference = { kubeconfig: withServer("https://who:pa%3Ass@host:6443/k8s/?token=x") };
        expect(findConnection(reference, {})).toMatchObject({
            server: "https://host:6443/k8s",
            addressLogin: "who:pa:ss",
        });
    });

    it.each([
        ["another kind of proxy", { "proxy-url": "ftp://who:secret@host" }, "the proxy-url of"],
        ["an authority that is none", { "certificate-authority-data": "bm9uZQ==" }, "is no PEM certificate"],
        [
            "an authority that is missing",
            { "certificate-authority": "/no/ca" },
            '("/no/ca") cannot be read (ENOENT)',
        ],
        [
            "an authority that is not asked",
            { "certificate-authority": "/etc/hostname", "insecure-skip-tls-verify": true },
            "has both a certificate authority and insecure-skip-tls-verify",
        ],
    ])("%s", (_title, cluster, words) => {
        const { found } = refusal({ kubeconfig: withServer("https://host", cluster) });
        expect(found).toContain(words);
        expect(found).not.toContain("secret");
    });
});

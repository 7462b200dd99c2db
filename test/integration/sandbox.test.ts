import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Sandbox, type SandboxDetails, startSandbox } from "../../examples/sandbox";
import { answers } from "../../examples/sandbox/connection";
import { kubeRequests } from "../support/kubeRequest";
import { s3ClientOf } from "../support/outside";
import { Command, listeningAddresses, processesThatMention, ROOT, until } from "../support/processes";

const START = 120_000;
const MAIN = "examples/sandbox/main.ts";
const TSX = join(ROOT, "node_modules", ".bin", "tsx");

describe("a sandbox without LLMOS and engine, beside another one", () => {
    const other = inject("sandbox");
    let sandbox: Sandbox;
    beforeAll(async () => {
        sandbox = await startSandbox({ engine: false, customResources: false });
    }, START);
    afterAll(() => sandbox?.stop());

    const s3Answers = (at: SandboxDetails, caBundle: string) =>
        answers(`${at.s3.url}/sandbox-health`, { caBundle });

    it("is a stranger to the other", async () => {
        expect(sandbox.folder).not.toBe(other.folder);
        expect(sandbox.s3.secretAccessKey).not.toBe(other.s3.secretAccessKey);
        expect(await s3Answers(sandbox, sandbox.s3.caBundle)).toBe(true);
        expect(await s3Answers(sandbox, other.s3.caBundle)).toBe(false);
    });

    it("has an empty object store with keys of its own", async () => {
        expect(sandbox.s3.accessKeyId.length).toBeGreaterThanOrEqual(20);
        expect(sandbox.s3.secretAccessKey.length).toBeGreaterThanOrEqual(20);
        const client = s3ClientOf(sandbox.s3);
        expect((await client.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
        client.destroy();
    });

    it("has a cluster without the custom resources", async () => {
        const ask = await kubeRequests(sandbox.kubeconfigFile);
        const definitions = await ask("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
        expect(definitions.body.items).toEqual([]);
        expect((await ask("GET", "/api/v1/namespaces/llmos-system")).status).toBe(200);
    });

    it("can be described as JSON", () => {
        const { stop: _stop, died: _died, restart: _restart, ...details } = sandbox;
        expect(JSON.parse(JSON.stringify(details))).toEqual(details);
    });

    it.runIf(process.platform === "linux")("listens on loopback only", () => {
        const servers = Object.entries(sandbox.processes);
        expect(servers.map(([name]) => name).sort()).toEqual(["etcd", "kube-apiserver", "versitygw"]);
        for (const [name, processId] of servers) {
            const addresses = listeningAddresses(processId);
            expect(addresses.length, name).toBeGreaterThan(0);
            expect(new Set(addresses), name).toEqual(new Set(["0100007F"]));
        }
    });

    it("says when one of its servers dies", async () => {
        process.kill(sandbox.processes["etcd"] ?? Number.NaN, "SIGKILL");
        expect((await sandbox.died).message).toContain("etcd ended by itself (signal SIGKILL)");
    });

    it("stops without a trace, and without harm to the other", async () => {
        expect(processesThatMention(sandbox.folder).length).toBeGreaterThanOrEqual(2);
        await sandbox.stop();
        expect(processesThatMention(sandbox.folder)).toEqual([]);
        expect(existsSync(sandbox.folder)).toBe(false);
        expect(await s3Answers(other, other.s3.caBundle)).toBe(true);
        expect(processesThatMention(other.folder).length).toBeGreaterThanOrEqual(3);
    });
});

describe("the sandbox command", () => {
    it(
        "leaves no server and no folder behind when it is killed",
        async () => {
            const sandbox = new Command(TSX, [MAIN]);
            const [, folder = ""] = await sandbox.wrote(/Logs of all servers: (\S+)/, START);
            expect(processesThatMention(folder).length).toBeGreaterThanOrEqual(5);
            sandbox.kill("SIGKILL");
            await until(() => processesThatMention(folder).length === 0, 30_000);
            await until(() => !existsSync(folder), 30_000);
        },
        START,
    );

    it(
        "stops in order when it is asked to",
        async () => {
            const sandbox = new Command(process.execPath, ["--import", "tsx", MAIN]);
            const [, folder = ""] = await sandbox.wrote(/Logs of all servers: (\S+)/, START);
            sandbox.kill("SIGTERM");
            const { code, output } = await sandbox.ended;
            expect(output).toContain("Stopped;");
            expect(code).toBe(0);
            expect(processesThatMention(folder)).toEqual([]);
            expect(existsSync(folder)).toBe(false);
        },
        START,
    );

    it(
        "refuses an argument that it does not know",
        async () => {
            const { code, output } = await new Command(process.execPath, ["--import", "tsx", MAIN, "--nope"])
                .ended;
            expect(output).toContain("'--nope'");
            expect(output).toContain("Usage: npm run sandbox");
            expect(code).toBe(2);
        },
        START,
    );

    it(
        "says how to go on where there is neither Go nor a program",
        async () => {
            const folder = mkdtempSync(join(tmpdir(), "no-go-"));
            symlinkSync(process.execPath, join(folder, "node"));
            const cache = join(folder, "cache");
            const nothing = { PATH: folder, HOME: folder, XDG_DATA_HOME: folder, KUBEBUILDER_ASSETS: "" };
            const env = { ...process.env, ...nothing, PULUMI_LLMOS_CACHE: cache };
            const { code, output } = await new Command(process.execPath, ["--import", "tsx", MAIN], env)
                .ended;
            expect(output).toContain("Go is not installed, or not on PATH");
            expect(output).toContain("etcd, versitygw, pulumi-language-nodejs, pulumi, kube-apiserver");
            expect(output).toMatch(/install Go 1\.\d+\S* or newer from https:\/\/go\.dev/);
            expect(output).toContain("put the programs themselves on PATH");
            expect(output).not.toMatch(/^\s+at /m);
            expect(code).toBe(1);
            expect(readdirSync(folder)).toEqual(["node"]);
            rmSync(folder, { recursive: true });
        },
        START,
    );
});

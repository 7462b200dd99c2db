import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { answers } from "../../examples/sandbox/connection";
import { Command, listeningAddresses, processesThatMention, ROOT, until } from "../support/processes";

const START = 120_000;
const MAIN = "examples/sandbox/main.ts";
const TSX = join(ROOT, "node_modules", ".bin", "tsx");

describe("two sandboxes side by side", () => {
    let first: Sandbox;
    let second: Sandbox;
    beforeAll(async () => {
        [first, second] = await Promise.all([
            startSandbox({ engine: false }),
            startSandbox({ engine: false }),
        ]);
    }, START);
    afterAll(() => Promise.all([first?.stop(), second?.stop()]));

    const s3Answers = (at: Sandbox, caBundle: string) => answers(`${at.s3.url}/sandbox-health`, { caBundle });

    it("are strangers to each other", async () => {
        expect(first.folder).not.toBe(second.folder);
        expect(first.s3.secretAccessKey).not.toBe(second.s3.secretAccessKey);
        expect(await s3Answers(first, first.s3.caBundle)).toBe(true);
        expect(await s3Answers(first, second.s3.caBundle)).toBe(false);
    });

    it.runIf(process.platform === "linux")("listen on loopback only", () => {
        const servers = Object.entries(first.processes);
        const listening = ["etcd", "kube-apiserver", "stand-in-webhooks", "versitygw"];
        expect(servers.map(([name]) => name).sort()).toEqual([...listening, "stand-in-operator"].sort());
        for (const [name, processId] of servers) {
            const addresses = listeningAddresses(processId);
            expect(addresses.length > 0, name).toBe(listening.includes(name));
            expect(new Set(addresses), name).toEqual(new Set(addresses.length > 0 ? ["0100007F"] : []));
        }
    });

    it("stop without a trace, and without harm to the other", async () => {
        expect(processesThatMention(first.folder).length).toBeGreaterThanOrEqual(5);
        await first.stop();
        expect(processesThatMention(first.folder)).toEqual([]);
        expect(existsSync(first.folder)).toBe(false);
        expect(await s3Answers(second, second.s3.caBundle)).toBe(true);
        expect(processesThatMention(second.folder).length).toBeGreaterThanOrEqual(5);
    });
});

describe("the sandbox command", () => {
    it.each([
        ["node", process.execPath, ["--import", "tsx", MAIN]],
        ["tsx", TSX, [MAIN]],
    ])(
        "leaves no server and no folder behind when it is killed (run by %s)",
        async (_name, command, args) => {
            const sandbox = new Command(command, args);
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
        "ends, and says why, when one of its servers dies",
        async () => {
            const sandbox = new Command(process.execPath, ["--import", "tsx", MAIN]);
            const [, folder = ""] = await sandbox.wrote(/Logs of all servers: (\S+)/, START);
            const [line = ""] = processesThatMention(join(folder, "etcd", "data"));
            process.kill(Number(line.trim().split(" ")[0]), "SIGKILL");
            const { code, output } = await sandbox.ended;
            expect(output).toContain("etcd ended by itself (signal SIGKILL)");
            expect(code).toBe(1);
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
            const env = { ...process.env, PATH: folder, PULUMI_LLMOS_CACHE: cache, KUBEBUILDER_ASSETS: "" };
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

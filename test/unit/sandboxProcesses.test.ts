import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GuardedProcess } from "../../examples/sandbox/guardedProcess";
import { freePorts, withFreshPorts } from "../../examples/sandbox/ports";
import { SandboxProblem } from "../../examples/sandbox/problem";
import { duration, step } from "../../examples/sandbox/progress";
import { testFolder } from "../support/fakePrograms";

function shell(script: string) {
    const logFile = join(testFolder(), "log");
    return { name: "the server", program: "/bin/sh", args: ["-c", script], logFile };
}

describe("a guarded process", () => {
    it("fails at once, with its last lines, when it ends before it is ready", async () => {
        const started = Date.now();
        const start = GuardedProcess.startAndWait(
            shell("echo no disk left >&2; exit 3"),
            async () => false,
            20_000,
        );
        await expect(start).rejects.toThrow(
            /the server ended while it was starting \(exit code 3\).*\| no disk left/s,
        );
        expect(Date.now() - started).toBeLessThan(15_000);
    });

    it("is stopped again when it does not become ready in time", async () => {
        const options = shell('trap "echo asked to stop; exit" TERM; while :; do sleep 0.05; done');
        await expect(GuardedProcess.startAndWait(options, async () => false, 3000)).rejects.toThrow(
            /not ready/,
        );
        expect(readFileSync(options.logFile, "utf8")).toBe("asked to stop\n");
    });

    it("is killed when it does not stop", async () => {
        const options = shell('trap "" TERM; echo up; while :; do sleep 0.05; done');
        const ready = async () => readFileSync(options.logFile, "utf8") === "up\n";
        const server = await GuardedProcess.startAndWait(options, ready, 30_000);
        await server.stop();
        expect((await server.ended).words).toBe("signal SIGKILL");
    }, 60_000);

    it("that cannot be started says so", async () => {
        const options = { ...shell(""), program: "/nowhere/etcd" };
        const start = GuardedProcess.startAndWait(options, async () => false, 20_000);
        await expect(start).rejects.toThrow(/exit code 127.*where: \/nowhere\/etcd.*not found/s);
    });
});

describe("ports", () => {
    it("are free and all different", async () => {
        const ports = await freePorts(20);
        expect(new Set(ports).size).toBe(20);
        const server = createServer();
        await new Promise<void>((listening) => server.listen(ports[0], "127.0.0.1", listening));
        await new Promise((closed) => server.close(closed));
    });

    const problem = (line: string) =>
        new SandboxProblem({ found: "x", where: "x", why: "x", next: "x", lastLines: [line] });

    it.each([
        ["a port was taken twice", "listen tcp: bind: address already in use", 2, 3, true],
        ["a port is taken every time", "listen tcp: bind: address already in use", 99, 5, false],
        ["something else fails", "no disk left", 99, 1, false],
    ])("are chosen again when %s", async (_what, line, failures, attempts, succeeds) => {
        let attempt = 0;
        const start = withFreshPorts(async () => {
            attempt += 1;
            if (attempt <= failures) {
                throw problem(line);
            }
            return "started";
        });
        await (succeeds ? expect(start).resolves.toBe("started") : expect(start).rejects.toThrow(line));
        expect(attempt).toBe(attempts);
    });
});

describe("progress", () => {
    it("tells spans of time as people do", () => {
        expect([420, 12_400, 59_600, 185_000].map(duration)).toEqual([
            "0.4 s",
            "12 s",
            "1 min 00 s",
            "3 min 05 s",
        ]);
    });

    it("tells how long a step took, and that it failed", async () => {
        const lines: string[] = [];
        const log = (line: string) => lines.push(line);
        const words = { doing: "building etcd", done: "built etcd" };
        await step({ log }, words, async () => {});
        await expect(step({ log }, words, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
        expect(lines).toEqual([
            expect.stringMatching(/^ {2}built etcd +0\.0 s$/),
            "  building etcd: failed after 0.0 s",
        ]);
    });
});

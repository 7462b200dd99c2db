/** Ends of the sandbox command that `npm test` has no time for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Command, processesThatMention, until } from "../support/processes";

const START = 120_000;
const MAIN = ["--import", "tsx", "examples/sandbox/main.ts"];

test("it leaves no server and no folder behind when it is killed, run by node", async () => {
    const sandbox = new Command(process.execPath, MAIN);
    const [, folder = ""] = await sandbox.wrote(/Logs of all servers: (\S+)/, START);
    expect(processesThatMention(folder).length).toBeGreaterThanOrEqual(3);
    sandbox.kill("SIGKILL");
    await until(() => processesThatMention(folder).length === 0, 30_000);
    await until(() => !existsSync(folder), 30_000);
});

test("it ends, and says why, when one of its servers dies", async () => {
    const sandbox = new Command(process.execPath, MAIN);
    const [, folder = ""] = await sandbox.wrote(/Logs of all servers: (\S+)/, START);
    const [line = ""] = processesThatMention(join(folder, "etcd", "data"));
    process.kill(Number(line.trim().split(" ")[0]), "SIGKILL");
    const { code, output } = await sandbox.ended;
    expect(output).toContain("etcd ended by itself (signal SIGKILL)");
    expect(code).toBe(1);
    expect(existsSync(folder)).toBe(false);
});

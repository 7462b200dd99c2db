import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The root of this repository. */
export const ROOT = resolve(__dirname, "../..");

/** What became of a command. */
export interface CommandResult {
    readonly code: number | null;
    readonly output: string;
}

/** A command that was started, with all that it has written so far. */
export class Command {
    output = "";
    readonly ended: Promise<CommandResult>;
    private readonly child;

    constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
        this.child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
        for (const stream of [this.child.stdout, this.child.stderr]) {
            stream.on("data", (chunk: Buffer) => {
                this.output += chunk.toString();
            });
        }
        this.ended = new Promise((ended, failed) => {
            this.child.once("error", failed);
            this.child.once("close", (code) => ended({ code, output: this.output }));
        });
    }

    /** Waits for something in the output, and gives its groups. */
    async wrote(pattern: RegExp, timeout = 60_000): Promise<RegExpExecArray> {
        let match: RegExpExecArray | null = null;
        await until(() => {
            match = pattern.exec(this.output);
            return match !== null;
        }, timeout).catch(() => {
            throw new Error(`the command did not write ${pattern}; it wrote:\n${this.output}`);
        });
        return match as unknown as RegExpExecArray;
    }

    /** Sends a signal to this one process. */
    kill(signal: NodeJS.Signals): void {
        this.child.kill(signal);
    }
}

/** Waits until something holds. */
export async function until(holds: () => boolean, timeout: number): Promise<void> {
    const deadline = Date.now() + timeout;
    while (!holds()) {
        if (Date.now() > deadline) {
            throw new Error(`still not so after ${timeout} ms: ${holds}`);
        }
        await sleep(50);
    }
}

/** Processes whose arguments speak of something, without those that have ended and wait to be collected. */
export function processesThatMention(text: string): string[] {
    const lines = execFileSync("ps", ["-axww", "-o", "pid=,stat=,args="], { encoding: "utf8" }).split("\n");
    return lines.filter((line) => line.includes(text) && !/^\s*\d+\s+Z/.test(line));
}

/** The addresses, in the hexadecimal form of the kernel, that a process of this machine listens on; Linux only. */
export function listeningAddresses(processId: number): string[] {
    const sockets = new Set(
        readdirSync(`/proc/${processId}/fd`).flatMap((descriptor) => {
            try {
                const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${processId}/fd/${descriptor}`));
                return match?.[1] ?? [];
            } catch {
                return [];
            }
        }),
    );
    return ["tcp", "tcp6"].flatMap((table) =>
        readFileSync(`/proc/${processId}/net/${table}`, "utf8")
            .split("\n")
            .slice(1)
            .map((line) => line.trim().split(/\s+/))
            .filter(([, , , state, , , , , , inode]) => state === "0A" && sockets.has(inode ?? ""))
            .map(([, address = ""]) => address.split(":")[0] ?? ""),
    );
}

/** A process of this machine. */
export interface Running {
    readonly pid: number;
    readonly parent: number;
    readonly args: string;
}

/** What a process has started, and what that has started. */
export function descendants(root: number): Running[] {
    const all = processes();
    const below = (parent: number): Running[] =>
        all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
    return below(root);
}

/** All processes of this machine. */
export function processes(): Running[] {
    const lines = execFileSync("ps", ["-axww", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
    return lines.flatMap((line) => {
        const [, pid, parent, args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
        return pid ? [{ pid: Number(pid), parent: Number(parent), args }] : [];
    });
}

/** Ends a process at once; false when it was gone already. */
export function sendKill(pid: number): boolean {
    try {
        return process.kill(pid, "SIGKILL");
    } catch {
        return false;
    }
}

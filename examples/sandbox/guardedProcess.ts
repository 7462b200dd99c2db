import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { SandboxProblem } from "./problem";

/**
 * The shell becomes the program itself, so that our handle is the program's own. Before, it leaves a guard behind
 * that reads from a pipe whose other end only we hold: a line lets the guard go, and the end of the pipe, which comes
 * even when we are killed or crash, makes it kill the program and remove the folder that nobody is left to remove.
 */
const GUARD = `
program=$$ folder=$1
shift
(
    trap '' HUP INT TERM
    read -r released <&3 && exit 0
    kill -KILL "$program"
    test -n "$folder" || exit 0
    for attempt in 1 2 3 4 5; do
        rm -rf -- "$folder" && exit 0
        sleep 1
    done
) </dev/null >/dev/null 2>&1 &
exec "$@" 3<&-
`;

const STOP_GRACE = 5000;
const LAST_LINES = 15;

/** How a program is started. */
export interface GuardedOptions {
    /** What a person calls it. */
    readonly name: string;
    readonly program: string;
    readonly args: readonly string[];
    /** Its standard output and error go here. */
    readonly logFile: string;
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    /** Removed when this process ends without stopping the program. */
    readonly orphanedFolder?: string | undefined;
}

/** How a program ended: its exit code, unless a signal ended it, and the words for a person. */
export interface Ending {
    readonly code: number | null;
    readonly words: string;
}

/** A program that ends with this process, whatever way this process ends. */
export class GuardedProcess {
    /** Settles when the program has ended, with how it ended. */
    readonly ended: Promise<Ending>;
    /** Settles, with what to tell, when the program has ended although nobody stopped it. */
    readonly died: Promise<SandboxProblem>;
    private ending: Ending | undefined;
    private stopping = false;

    private constructor(
        private readonly options: GuardedOptions,
        private readonly child: ChildProcess,
    ) {
        // The pipe closes when the guard has gone too, and `close` waits for both.
        child.stdio[3]?.on("error", () => {}).on("data", () => {});
        child.once("exit", () => this.releaseGuard());
        this.ended = new Promise<Ending>((resolve) => {
            child.once("error", (error) => resolve({ code: null, words: error.message }));
            child.once("close", (code, signal) =>
                resolve({ code, words: signal === null ? `exit code ${code}` : `signal ${signal}` }),
            );
        });
        this.died = new Promise((resolve) => {
            this.ended.then((ending) => {
                this.ending = ending;
                if (!this.stopping) {
                    resolve(this.problem(`${options.name} ended by itself (${ending.words})`));
                }
            });
        });
    }

    /** Starts a program. */
    static start(options: GuardedOptions): GuardedProcess {
        const log = openSync(options.logFile, "a", 0o600);
        try {
            const args = [
                "-c",
                GUARD,
                "guard",
                options.orphanedFolder ?? "",
                options.program,
                ...options.args,
            ];
            const child = spawn("/bin/sh", args, {
                stdio: ["ignore", log, log, "pipe"],
                cwd: options.cwd,
                env: { ...process.env, ...options.env },
                // A session of its own: Ctrl-C in the terminal reaches only us, and we stop everything in order.
                detached: true,
            });
            return new GuardedProcess(options, child);
        } finally {
            closeSync(log);
        }
    }

    /** Starts a program and waits until `ready` says yes; a program that never gets there is stopped again. */
    static async startAndWait(
        options: GuardedOptions,
        ready: () => Promise<boolean>,
        timeout: number,
    ): Promise<GuardedProcess> {
        const started = GuardedProcess.start(options);
        try {
            await started.waitUntilReady(ready, timeout);
            return started;
        } catch (error) {
            await started.stop();
            throw error;
        }
    }

    /** What a person calls the program. */
    get name(): string {
        return this.options.name;
    }

    /** Process id of the program. */
    get pid(): number | undefined {
        return this.child.pid;
    }

    /** Ends the program: asks first, and kills it when it has not ended after a grace of five seconds. */
    async stop(): Promise<void> {
        this.stopping = true;
        if (this.ending === undefined) {
            this.child.kill("SIGTERM");
            const kill = setTimeout(() => this.child.kill("SIGKILL"), STOP_GRACE);
            await this.ended;
            clearTimeout(kill);
        }
    }

    /** Ends the program at once, without asking, as a crash would. */
    async kill(): Promise<void> {
        this.stopping = true;
        this.child.kill("SIGKILL");
        await this.ended;
    }

    /** Waits until `ready` says yes; fails at once when the program ends before. */
    async waitUntilReady(ready: () => Promise<boolean>, timeout: number): Promise<void> {
        const deadline = Date.now() + timeout;
        while (Date.now() < deadline) {
            if (this.ending !== undefined) {
                throw this.problem(`${this.options.name} ended while it was starting (${this.ending.words})`);
            }
            if (await ready()) {
                return;
            }
            await Promise.race([sleep(25), this.ended]);
        }
        throw this.problem(`${this.options.name} was not ready after ${Math.round(timeout / 1000)} s`);
    }

    private releaseGuard(): void {
        const pipe = this.child.stdio[3];
        if (pipe !== null && pipe !== undefined && "write" in pipe) {
            pipe.end("released\n");
        }
    }

    private log(): string {
        try {
            return readFileSync(this.options.logFile, "utf8");
        } catch (error) {
            return `its log cannot be read: ${(error as Error).message}`;
        }
    }

    private problem(found: string): SandboxProblem {
        return new SandboxProblem({
            found,
            where: this.options.program,
            why: `the sandbox cannot run without ${this.options.name}`,
            next: "read the last lines below; when they do not tell enough, start the sandbox again and report them",
            lastLines: lastLines(this.log(), LAST_LINES),
        });
    }
}

/** The last lines of a text that are not empty. */
export function lastLines(text: string, count: number): string[] {
    return text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .slice(-count);
}

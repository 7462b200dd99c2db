/** The command line of the package as its users have it: the built one, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { SandboxDetails } from "../../examples/sandbox";
import { ROOT, until } from "./processes";
import { refuseSecrets } from "./secrets";

export interface CliRun {
    readonly exitCode: number | null;
    readonly stdout: string;
    readonly stderr: string;
}

export interface CliOptions {
    readonly cwd?: string;
    /** Additions to the environment; undefined takes a variable away. */
    readonly environment?: Record<string, string | undefined>;
}

/** A run that has not ended yet. */
export class RunningCli {
    stdout = "";
    stderr = "";
    readonly ended: Promise<CliRun>;

    constructor(private readonly child: ChildProcess) {
        child.stdout?.on("data", (chunk: Buffer) => {
            this.stdout += chunk.toString();
        });
        child.stderr?.on("data", (chunk: Buffer) => {
            this.stderr += chunk.toString();
        });
        this.ended = new Promise((settle, reject) => {
            child.once("error", reject);
            child.once("close", (exitCode) => {
                settle({ exitCode, stdout: this.stdout, stderr: this.stderr });
            });
        });
    }

    /** Waits for something on standard output. */
    async wrote(pattern: RegExp): Promise<void> {
        await until(() => pattern.test(this.stdout), 60_000).catch(() => {
            throw new Error(`${pattern} was not written:\n${this.stdout}\n${this.stderr}`);
        });
    }

    /** Ends our reading of standard output, as `| head` does. */
    stopReading(): void {
        this.child.stdout?.destroy();
    }

    /** Presses Ctrl-C. */
    interrupt(): void {
        this.child.kill("SIGINT");
    }
}

export class Cli {
    constructor(
        private readonly sandbox: Pick<SandboxDetails, "environment">,
        /** Texts that may never be seen, in clear or base64. */
        private readonly secrets: readonly string[],
    ) {}

    /** Runs to the end; fails when a secret is seen. */
    async run(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
        const run = await this.start(args, options).ended;
        this.scan(run.stdout + run.stderr);
        return run;
    }

    start(args: readonly string[], { cwd = ROOT, environment = {} }: CliOptions = {}): RunningCli {
        const child = spawn(process.execPath, [join(ROOT, "dist", "cli", "main.js"), ...args], {
            cwd,
            env: { ...process.env, ...this.sandbox.environment, ...environment },
            stdio: ["ignore", "pipe", "pipe"],
        });
        return new RunningCli(child);
    }

    scan(text: string): void {
        refuseSecrets(text, this.secrets, "command line's output");
    }
}

import { spawn } from "node:child_process";
import { lastLines } from "./guardedProcess";
import type { Interruption } from "./interruption";
import { SandboxProblem } from "./problem";

/** A command of another program that is run to its end. */
export interface ChildRun {
    readonly command: string;
    readonly args: readonly string[];
    readonly cwd: string;
    readonly env?: Readonly<Record<string, string>>;
    /** What of its output a person sees: everything as it comes, or the last lines when it fails. */
    readonly show: "all" | "failure";
    readonly interrupted: Promise<Interruption>;
}

const LAST_LINES = 30;

/** Runs a command; anything but success is a failure. When we are interrupted the command ends in its own order. */
export async function runChild(run: ChildRun): Promise<void> {
    const child = spawn(run.command, run.args, {
        cwd: run.cwd,
        env: { ...process.env, ...run.env },
        stdio: run.show === "all" ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    let written = "";
    for (const stream of [child.stdout, child.stderr]) {
        stream?.on("data", (chunk: Buffer) => {
            written += chunk.toString();
        });
    }
    let interruption: Interruption | undefined;
    run.interrupted.then((reason) => {
        interruption = reason;
        // Ctrl-C reaches the child by itself, and twice would tell it to drop everything at once.
        if (reason.reason !== "SIGINT") {
            child.kill("SIGINT");
        }
    });
    const ending = await new Promise<string>((resolve) => {
        child.once("error", (error) => resolve(error.message));
        child.once("close", (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    });
    if (ending !== "exit code 0" || interruption !== undefined) {
        throw problem(run, ending, interruption, lastLines(written, LAST_LINES));
    }
}

function problem(
    run: ChildRun,
    ending: string,
    interruption: Interruption | undefined,
    written: readonly string[],
): SandboxProblem {
    const name =
        `${run.command.split("/").pop()} ${run.args.find((arg) => !arg.startsWith("-")) ?? ""}`.trim();
    return new SandboxProblem({
        found:
            interruption === undefined ? `${name} failed (${ending})` : `${name} was interrupted (${ending})`,
        where: run.cwd,
        why: "the steps after it need what it makes",
        next:
            interruption === undefined
                ? "read its output, which says why"
                : "run this again when you want it to finish",
        lastLines: written,
    });
}

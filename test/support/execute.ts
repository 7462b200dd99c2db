import { spawn } from "node:child_process";
import { expect } from "vitest";

/** Runs a command to its end and gives what it wrote; any other exit code than 0 fails the test, with all of it. */
export function execute(
    command: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
    const child = spawn(command, args, {
        cwd: options.cwd,
        env: options.env ?? process.env,
        stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
            output += chunk.toString();
        });
    }
    return new Promise((settle, reject) => {
        child.once("error", reject);
        child.once("close", (code) => {
            try {
                expect(code, `${command} ${args.join(" ")}\n${output}`).toBe(0);
                settle(output);
            } catch (error) {
                reject(error);
            }
        });
    });
}

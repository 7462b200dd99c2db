/** A folder of tests with npm packages of its own, apart from the package's for their size; installed on first use. */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";

/** Installs the packages of the folder's lock file, unless they are there. */
export function installed(folder: string): void {
    const writtenAt = (file: string) => statSync(join(folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (writtenAt("node_modules/.package-lock.json") < writtenAt("package-lock.json")) {
        runIn(folder, "npm", "ci", "--no-audit", "--no-fund");
    }
}

/** Runs a command in the folder; what it wrote is told when it fails. */
export function runIn(folder: string, command: string, ...args: string[]): void {
    try {
        execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: "pipe" });
    } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string };
        throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
    }
}

/**
 * Makes a fresh clone ready: npm packages, then the build. Runs before quickstart, tests and benchmarks, with
 * nothing but Node and npm, so that each of them works as the first and only command.
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const NEEDED = [20, 19];

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
    fail(
        `pulumi-llmos needs Node ${NEEDED.join(".")} or newer, but this is ${process.version}. Install a newer Node (nodejs.org) and run again.`,
    );
}
if (modified("node_modules/.package-lock.json") < modified("package-lock.json")) {
    step("Installing npm packages", "npm", ["ci", "--no-audit", "--no-fund"]);
}
step("Building the package", "npm", ["run", "--silent", "build"]);

/** When a file was written, 0 when it is not there. */
function modified(path) {
    return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Runs one command and says what it is for; its output is shown when it fails. */
function step(what, command, args) {
    process.stderr.write(`${what} … `);
    const started = Date.now();
    const run = spawnSync(command, args, {
        cwd: ROOT,
        encoding: "utf8",
        shell: process.platform === "win32",
    });
    process.stderr.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    if (run.status !== 0) {
        const said = [run.error?.message, run.stdout, run.stderr].filter(Boolean).join("\n").trim();
        fail(
            `${said}\n${what} failed: \`${command} ${args.join(" ")}\` ended with ${run.status ?? run.signal}. Correct what it says above, then run again.`,
        );
    }
}

function fail(message) {
    process.stderr.write(`${message}\n`);
    process.exit(1);
}

import { execFile } from "node:child_process";
import { parse } from "node:path";
import { promisify } from "node:util";
import { SandboxProblem } from "./problem";
import { cacheFolder, type PinnedProgram } from "./programCache";
import { findExecutable, pathFolders } from "./programSearch";

const run = promisify(execFile);

/** Where Go can be had. */
const GO_SITE = "https://go.dev/dl/";

/** The `go` command, when it is there and new enough to build these programs. */
export async function requireGo(programs: readonly PinnedProgram[]): Promise<string> {
    const go = findExecutable("go", pathFolders());
    if (go === undefined) {
        throw goProblem(programs, "Go is not installed, or not on PATH", `PATH=${process.env["PATH"] ?? ""}`);
    }
    const { version, toolchain } = await settingsOf(go);
    const tooNew = programs.filter((program) => isOlder(version, program.goVersion));
    // Any other setting lets Go download the newer Go that it needs, by itself.
    if (toolchain === "local" && tooNew.length > 0) {
        throw goProblem(
            tooNew,
            `Go ${version} is too old, and GOTOOLCHAIN=local keeps it from getting a newer one`,
            go,
        );
    }
    return go;
}

async function settingsOf(go: string): Promise<{ version: string; toolchain: string }> {
    // Inside a module that needs a newer Go even this question fails; the root of the file system is in no module.
    const { stdout } = await run(go, ["env", "GOVERSION", "GOTOOLCHAIN"], { cwd: parse(process.cwd()).root });
    const [version = "", toolchain = ""] = stdout.trim().split("\n");
    return { version: version.replace(/^go/, ""), toolchain };
}

/** Compares versions of Go such as `1.25.11`, `1.26rc1` and `1.24`. */
export function isOlder(version: string, than: string): boolean {
    const [left, right] = [numbers(version), numbers(than)];
    for (let index = 0; index < 3; index += 1) {
        const difference = (left[index] ?? 0) - (right[index] ?? 0);
        if (difference !== 0) {
            return difference < 0;
        }
    }
    return false;
}

function numbers(version: string): number[] {
    return (/^[\d.]+/.exec(version)?.[0] ?? "").split(".").map(Number);
}

function goProblem(programs: readonly PinnedProgram[], found: string, where: string): SandboxProblem {
    const names = programs.map((program) => program.source.name).join(", ");
    const newest = programs
        .map((p) => p.goVersion)
        .reduce((left, right) => (isOlder(left, right) ? right : left));
    return new SandboxProblem({
        found,
        where,
        why: `these programs of the sandbox were not found on this machine (nor in ${cacheFolder()}), and are built with Go: ${names}`,
        next: [
            `install Go ${newest} or newer from ${GO_SITE}, then run this again`,
            "or put the programs themselves on PATH: they are used from there",
        ],
    });
}

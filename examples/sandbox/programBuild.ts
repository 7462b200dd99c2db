import { execFile } from "node:child_process";
import { chmod, copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { requireGo } from "./go";
import { type Ending, type GuardedOptions, GuardedProcess, lastLines } from "./guardedProcess";
import { SandboxProblem } from "./problem";
import { install, type PinnedProgram } from "./programCache";
import { type Output, step } from "./progress";

const run = promisify(execFile);

const BUILD_LINES = 20;
const UNREACHABLE =
    /dial tcp|no such host|i\/o timeout|connection (refused|reset)|TLS handshake|x509:|proxyconnect|50[0-9] /;

/** Builds programs into the cache, one after another: each build uses all cores by itself. */
export async function buildPrograms(programs: readonly PinnedProgram[], output: Output): Promise<void> {
    if (programs.length === 0) {
        return;
    }
    const go = await requireGo(programs);
    for (const [index, program] of programs.entries()) {
        const { name, firstBuild } = program.source;
        const words = {
            doing: `building ${name} ${program.version} (${index + 1} of ${programs.length}, the first time ${firstBuild})`,
            done: `built ${name} ${program.version} (${index + 1} of ${programs.length})`,
        };
        await step(output, words, () =>
            install(
                program,
                (folder) => build(go, program, folder),
                (owner) =>
                    output.log(`  ${name} is being built by another run (process ${owner}); waiting for it`),
            ),
        );
    }
}

async function build(go: string, program: PinnedProgram, folder: string): Promise<void> {
    const { module, main, name, versionVariables } = program.source;
    const variables = Object.entries(versionVariables(program.version)).map(
        ([key, value]) => `-X ${key}=${value}`,
    );
    await runGo(go, program, [
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-ldflags",
        ["-s -w", ...variables].join(" "),
        "-o",
        join(folder, name),
        `${module}${main}`,
    ]);
    await installBeside(go, program, folder);
}

async function installBeside(go: string, program: PinnedProgram, folder: string): Promise<void> {
    const { beside } = program.source;
    if (beside !== undefined) {
        const listing = await run(go, ["list", "-m", "-f", "{{.Dir}}", beside.module], goOptions(program));
        const target = join(folder, basename(beside.file));
        await copyFile(join(listing.stdout.trim(), beside.file), target);
        // Files of the module cache are read-only, and not executable.
        await chmod(target, 0o755);
    }
}

async function runGo(go: string, program: PinnedProgram, args: readonly string[]): Promise<void> {
    const { ending, written } = await runGuarded({ name: "go", program: go, args, ...goOptions(program) });
    if (ending.code !== 0) {
        throw buildProblem(
            program,
            ending.words,
            lastLines(written, BUILD_LINES),
            await proxyOf(go, program),
        );
    }
}

/** Runs a program to its end, which comes with ours at the latest; gives how it ended and what it wrote. */
export async function runGuarded(
    run: Pick<GuardedOptions, "name" | "program" | "args" | "cwd" | "env">,
): Promise<{ ending: Ending; written: string }> {
    const logs = await mkdtemp(join(tmpdir(), "pulumi-llmos-build-"));
    const logFile = join(logs, "log");
    try {
        const ending = await GuardedProcess.start({ ...run, logFile, orphanedFolder: logs }).ended;
        return { ending, written: await readFile(logFile, "utf8") };
    } finally {
        await rm(logs, { recursive: true, force: true });
    }
}

function goOptions(program: PinnedProgram) {
    // Settings of the user's own Go projects must not reach into a build that is pinned.
    const settings = { CGO_ENABLED: "0", GOWORK: "off", GO111MODULE: "on" };
    return { cwd: program.moduleFolder, env: { ...process.env, ...settings } as Record<string, string> };
}

async function proxyOf(go: string, program: PinnedProgram): Promise<string> {
    return run(go, ["env", "GOPROXY"], goOptions(program)).then(
        ({ stdout }) => stdout.trim(),
        () => "unknown",
    );
}

function buildProblem(
    program: PinnedProgram,
    ending: string,
    written: readonly string[],
    proxy: string,
): SandboxProblem {
    const { name, module } = program.source;
    const unreachable = written.some((line) => UNREACHABLE.test(line));
    const orOwn = `or put ${name} on PATH yourself, then run this again: it is used from there`;
    return new SandboxProblem({
        found: unreachable
            ? `the Go modules of ${name} could not be downloaded`
            : `${name} ${program.version} could not be built (${ending})`,
        where: unreachable
            ? `GOPROXY=${proxy}, module ${module}`
            : `module ${module}, ${program.moduleFolder}`,
        why: `the sandbox runs ${name}, and it was not found on this machine`,
        next: unreachable
            ? ["check the network, and set GOPROXY to a module proxy that this machine can reach", orOwn]
            : ["free memory or disk space when the lines below speak of them, then run this again", orOwn],
        lastLines: written,
    });
}

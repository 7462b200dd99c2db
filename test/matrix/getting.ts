/** How a server's program is had: from PATH, from the cache of this user, or got once with the client that it is for. */
import { join } from "node:path";
import { lastLines } from "../../examples/sandbox/guardedProcess";
import { SandboxProblem } from "../../examples/sandbox/problem";
import { buildPrograms, runGuarded } from "../../examples/sandbox/programBuild";
import {
    cachedProgram,
    type GoProgram,
    install,
    type Place,
    pinnedProgram,
    placeFor,
} from "../../examples/sandbox/programCache";
import { findExecutable, pathFolders } from "../../examples/sandbox/programSearch";
import { type Output, step } from "../../examples/sandbox/progress";

/** How a program is started. */
export interface Launch {
    readonly program: string;
    /** Arguments that come before all others, for example `-jar` and the jar. */
    readonly args: readonly string[];
    /** What a program from PATH says of itself; undefined where it is the version that is pinned. */
    readonly version?: string;
}

/** A program of this name on PATH. */
export async function onPath(name: string): Promise<Launch | undefined> {
    const program = findExecutable(name, pathFolders());
    return program === undefined ? undefined : { program, args: [], version: await versionOf(program) };
}

/** The version that a program tells. */
export async function versionOf(program: string): Promise<string> {
    const { written } = await runGuarded({ name: program, program, args: ["--version"] });
    return /\d+[.-]\d+[.\d-]*/.exec(written)?.[0] ?? "from PATH";
}

/** A program that must be on PATH, because nothing here installs it. */
export function required(name: string, why: string): string {
    const program = findExecutable(name, pathFolders());
    if (program === undefined) {
        throw new SandboxProblem({
            found: `${name} is not on PATH`,
            where: `PATH=${process.env["PATH"] ?? ""}`,
            why,
            next: `install it with the package manager of this machine, then run this again`,
        });
    }
    return program;
}

/** A program that is built from the Go module which `<folder>/<name>/` pins; by default that of this matrix. */
export async function fromGo(
    source: GoProgram,
    output: Output,
    folder = join(__dirname, "programs"),
): Promise<Launch> {
    const program = pinnedProgram(source, folder);
    if (cachedProgram(program) === undefined) {
        await buildPrograms([program], output);
    }
    return { program: program.file, args: [] };
}

/** Something that a package client installs into a folder of the cache. */
export interface Recipe {
    readonly name: string;
    readonly version: string;
    /** The file in the folder that makes it complete. */
    readonly file: string;
    /** The client. */
    readonly client: string;
    /** Its runs, one after another, for a folder; a first word that is a path is run instead of the client. */
    readonly runs: (folder: string) => readonly (readonly string[])[];
}

/** The file of something that is in the cache, or is got into it now. */
export async function fromClient(recipe: Recipe, output: Output): Promise<string> {
    const { name, version, file, client, runs } = recipe;
    const place: Place = placeFor(name, version, file, [JSON.stringify(runs(""))]);
    if (cachedProgram(place) !== undefined) {
        return place.file;
    }
    const program = required(client, `${name} ${version} is not in the cache, and ${client} gets it`);
    const words = { doing: `getting ${name} ${version} with ${client}`, done: `got ${name} ${version}` };
    const waiting = (owner: number) => output.log(`  ${name} is being got by another run (process ${owner})`);
    const get = async (folder: string) => {
        for (const args of runs(folder)) {
            await runClient(recipe, folder, args[0]?.startsWith(folder) ? args : [program, ...args]);
        }
    };
    await step(output, words, () => install(place, get, waiting));
    return place.file;
}

/** A program that Cargo builds; unoptimised, which takes a third of the time and is fast enough for one client. */
export async function fromCargo(
    crate: string,
    version: string,
    output: Output,
    more: readonly string[] = [],
): Promise<string> {
    const install = (folder: string) => [
        ["install", "--debug", "--locked", "--quiet", "--root", folder, ...more, `${crate}@${version}`],
    ];
    const recipe = { name: crate, version, file: join("bin", crate), client: "cargo", runs: install };
    return await fromClient(recipe, output);
}

async function runClient(recipe: Recipe, folder: string, command: readonly string[]): Promise<void> {
    const [program = "", ...args] = command;
    const { ending, written } = await runGuarded({ name: recipe.client, program, args, cwd: folder });
    if (ending.code !== 0) {
        throw new SandboxProblem({
            found: `${recipe.client} could not get ${recipe.name} ${recipe.version} (${ending.words})`,
            where: command.join(" "),
            why: `neither PATH nor the cache has ${recipe.name}`,
            next: "read its last lines below; check the network and the client's own settings, then run this again",
            lastLines: lastLines(written, 20),
        });
    }
}

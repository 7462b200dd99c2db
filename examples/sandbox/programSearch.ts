import { execFile } from "node:child_process";
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { ProgramName, ProgramSource } from "./programs";

const run = promisify(execFile);

/** A program on this machine. */
export interface Found {
    readonly file: string;
    readonly folder: string;
    readonly origin: "PATH" | "cache";
}

/** What makes a copy on PATH good enough: a version of its own, or the program that it belongs to. */
export type Requirement =
    | {
          readonly versionArgs: readonly string[];
          readonly atLeast: readonly [number, number];
          /** Programs that must lie beside it. */
          readonly companions?: readonly string[];
          /** Variables of the environment that name a folder to look in before PATH. */
          readonly folders?: readonly string[];
      }
    | { readonly onlyWith: ProgramName };

/** The first executable file of this name in the folders. */
export function findExecutable(name: string, folders: readonly string[]): string | undefined {
    return folders
        .filter((folder) => folder !== "")
        .map((folder) => join(folder, name))
        .find(isExecutable);
}

/** The folders of PATH. */
export function pathFolders(): string[] {
    return (process.env["PATH"] ?? "").split(delimiter);
}

/** What a search of PATH came to. */
export interface SearchResult {
    /** Programs that are good enough to use. */
    readonly found: Partial<Record<ProgramName, Found>>;
    /** Why a program that is there is not good enough. */
    readonly refused: Partial<Record<ProgramName, string>>;
}

/** Looks for programs on PATH. */
export async function searchPath(sources: readonly ProgramSource[]): Promise<SearchResult> {
    const found: SearchResult["found"] = {};
    const refused: SearchResult["refused"] = {};
    await Promise.all(
        sources.map(async ({ name, requirement }) => {
            if ("onlyWith" in requirement) {
                return;
            }
            const folders = (requirement.folders ?? []).map((variable) => process.env[variable] ?? "");
            const file = findExecutable(name, [...folders, ...pathFolders()]);
            if (file === undefined) {
                return;
            }
            const reason = await reasonAgainst(file, requirement);
            if (reason === undefined) {
                found[name] = { file, folder: dirname(file), origin: "PATH" };
            } else {
                refused[name] = `${name} on PATH is not used: ${reason} (${file})`;
            }
        }),
    );
    for (const { name, requirement } of sources) {
        const owner = "onlyWith" in requirement ? found[requirement.onlyWith] : undefined;
        const file = owner === undefined ? undefined : beside(owner.file, name);
        if (file !== undefined) {
            found[name] = { file, folder: dirname(file), origin: "PATH" };
        }
    }
    return { found, refused };
}

async function reasonAgainst(
    file: string,
    requirement: Exclude<Requirement, { onlyWith: ProgramName }>,
): Promise<string | undefined> {
    const wanted = requirement.atLeast.join(".");
    const told = await versionOf(file, requirement.versionArgs);
    if (told === undefined) {
        return `it does not tell its version, and ${wanted} or newer is needed`;
    }
    const [major, minor] = requirement.atLeast;
    if (told[0] < major || (told[0] === major && told[1] < minor)) {
        return `it is version ${told.join(".")}, and ${wanted} or newer is needed`;
    }
    const missing = requirement.companions?.find((companion) => beside(file, companion) === undefined);
    return missing === undefined ? undefined : `${missing} does not lie beside it`;
}

async function versionOf(file: string, args: readonly string[]): Promise<[number, number] | undefined> {
    try {
        const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
        const { stdout } = await run(file, args, { timeout: 10_000, env });
        const match = /\bv?(\d+)\.(\d+)\.\d+/.exec(stdout);
        return match === null ? undefined : [Number(match[1]), Number(match[2])];
    } catch {
        return undefined;
    }
}

function beside(file: string, name: string): string | undefined {
    // Package managers link the first program into a folder of PATH, and leave the others where it really lies.
    return findExecutable(name, [dirname(file), dirname(realpathSync(file))]);
}

function isExecutable(file: string): boolean {
    try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
    } catch {
        return false;
    }
}

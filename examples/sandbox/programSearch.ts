import { execFile } from "node:child_process";
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A program on this machine. */
export interface Found {
    readonly file: string;
    readonly folder: string;
    /** What led to it: `PATH`, `cache`, or the origin of another place. */
    readonly origin: string;
}

/** Where a program may lie. */
export interface SearchedPlace {
    /** What a person calls it. */
    readonly origin: string;
    /** The first of these that has the program counts, as for a shell. */
    readonly folders: readonly string[];
}

/** Versions from one on, up to the next major version, which may break what was there before. */
export interface VersionRange {
    /** The oldest one, major and minor. */
    readonly from: readonly [number, number];
    /** The first major version that is too new. */
    readonly before: number;
}

/** What makes a copy on this machine good enough: a version of its own, or the program that it belongs to. */
export type Requirement =
    | {
          readonly versionArgs: readonly string[];
          readonly supported: VersionRange;
          /** Programs that must lie beside it. */
          readonly companions?: readonly string[];
          /** A place that somebody has set for this program: it comes before PATH. */
          readonly chosen?: () => readonly SearchedPlace[];
          /** Places in which an installer leaves this program: they come after PATH. */
          readonly installed?: () => readonly SearchedPlace[];
      }
    | { readonly onlyWith: string };

type OwnRequirement = Exclude<Requirement, { onlyWith: string }>;

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

/** What a search of this machine came to. */
export interface SearchResult {
    /** Programs that are good enough to use, by name. */
    readonly found: Readonly<Record<string, Found>>;
    /** A line for each program that is there and is not good enough. */
    readonly skipped: readonly string[];
}

/** Looks for programs that were installed on this machine by others. */
export async function searchMachine(
    wanted: readonly { readonly name: string; readonly requirement: Requirement }[],
): Promise<SearchResult> {
    const found: Record<string, Found> = {};
    const skipped = await Promise.all(
        wanted.map(async ({ name, requirement }) => {
            if ("onlyWith" in requirement) {
                return [];
            }
            const { fit, lines } = await firstFit(name, requirement);
            if (fit !== undefined) {
                found[name] = fit;
            }
            return lines;
        }),
    );
    for (const { name, requirement } of wanted) {
        const owner = "onlyWith" in requirement ? found[requirement.onlyWith] : undefined;
        const file = owner === undefined ? undefined : beside(owner.file, name);
        if (owner !== undefined && file !== undefined) {
            found[name] = { file, folder: dirname(file), origin: owner.origin };
        }
    }
    return { found, skipped: skipped.flat() };
}

async function firstFit(
    name: string,
    requirement: OwnRequirement,
): Promise<{ fit?: Found; lines: readonly string[] }> {
    const lines: string[] = [];
    for (const { file, origin } of candidates(name, requirement)) {
        const reason = await reasonAgainst(file, requirement);
        if (reason === undefined) {
            return { fit: { file, folder: dirname(file), origin }, lines };
        }
        lines.push(`${name} from ${origin} is not used: ${reason} (${file})`);
    }
    return { lines };
}

function candidates(name: string, { chosen, installed }: OwnRequirement): { file: string; origin: string }[] {
    const path = { origin: "PATH", folders: pathFolders() };
    const all = [...(chosen?.() ?? []), path, ...(installed?.() ?? [])].flatMap(({ origin, folders }) => {
        const file = findExecutable(name, folders);
        return file === undefined ? [] : [{ file, origin }];
    });
    // An installer's folder is often on PATH too: nobody is to read twice why the same file is not used.
    const real = all.map(({ file }) => realpathSync(file));
    return all.filter((_, index) => real.indexOf(real[index] ?? "") === index);
}

async function reasonAgainst(file: string, requirement: OwnRequirement): Promise<string | undefined> {
    const { from, before } = requirement.supported;
    const wanted = `${from.join(".")} or newer is needed, older than ${before}.0`;
    const told = await versionOf(file, requirement.versionArgs);
    if (told === undefined) {
        return `it does not tell its version, and ${wanted}`;
    }
    const [major, minor] = told;
    if (major < from[0] || (major === from[0] && minor < from[1]) || major >= before) {
        return `it is version ${told.join(".")}, and ${wanted}`;
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

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import {
    mkdir,
    mkdtemp,
    open,
    readdir,
    readFile,
    readlink,
    rename,
    rm,
    stat,
    symlink,
} from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A program that is built from a Go module. */
export interface GoProgram {
    readonly name: string;
    /** The module, as `programs/<name>/go.mod` requires it. */
    readonly module: string;
    /** The folder of its main package inside that module. */
    readonly main: string;
    /** Variables of the linker that make the program tell its version, which others ask it for. */
    readonly versionVariables: (version: string) => Readonly<Record<string, string>>;
    /** A script of another module that is installed beside the program. */
    readonly beside?: { readonly module: string; readonly file: string };
    /** How long a first build takes with two cores, for those who wait for it. */
    readonly firstBuild: string;
}

/** Where something lies in the cache once it is installed. */
export interface Place {
    readonly folder: string;
    /** The file in the folder that makes it complete. */
    readonly file: string;
}

/** A program at the version that this repository pins; another version, or set of modules, gets another folder. */
export interface PinnedProgram<Source extends GoProgram = GoProgram> extends Place {
    readonly source: Source;
    readonly version: string;
    /** The `go` line of its go.mod: the oldest Go that builds it. */
    readonly goVersion: string;
    /** The folder of its go.mod. */
    readonly moduleFolder: string;
}

/** Reads what `<programs>/<name>/` pins. */
export function pinnedProgram<Source extends GoProgram>(
    source: Source,
    programs = join(__dirname, "programs"),
): PinnedProgram<Source> {
    const moduleFolder = join(programs, source.name);
    const goMod = readFileSync(join(moduleFolder, "go.mod"), "utf8");
    const version = new RegExp(`^\\s*${source.module.replaceAll(".", "\\.")} (v\\S+)`, "m").exec(goMod)?.[1];
    const goVersion = /^go (\S+)/m.exec(goMod)?.[1];
    if (version === undefined || goVersion === undefined) {
        throw new Error(`programs/${source.name}/go.mod must require ${source.module} and have a go line.`);
    }
    const place = placeFor(source.name, version, source.name, [
        goMod,
        readFileSync(join(moduleFolder, "go.sum"), "utf8"),
        JSON.stringify([source.main, source.versionVariables(version), source.beside]),
    ]);
    return { source, version, goVersion, moduleFolder, ...place };
}

/** The place of one version, made in one way for this kind of machine: other ingredients give another folder. */
export function placeFor(name: string, version: string, file: string, ingredients: readonly string[]): Place {
    const hash = createHash("sha256");
    for (const ingredient of [...ingredients, `${process.platform} ${process.arch}`]) {
        hash.update(ingredient);
    }
    const folder = join(cacheFolder(), `${name}-${version}-${hash.digest("hex").slice(0, 12)}`);
    return { folder, file: join(folder, file) };
}

/** The folder of this user in which built programs stay; PULUMI_LLMOS_CACHE names another one. */
export function cacheFolder(): string {
    const own = process.env["PULUMI_LLMOS_CACHE"];
    if (own) {
        return join(own, "sandbox");
    }
    const macOs = process.platform === "darwin" ? join(homedir(), "Library", "Caches") : undefined;
    const caches = process.env["XDG_CACHE_HOME"] || macOs || join(homedir(), ".cache");
    return join(caches, "pulumi-llmos", "sandbox");
}

/** The file of a program that was installed before. */
export function cachedProgram({ file }: Place): string | undefined {
    return existsSync(file) ? file : undefined;
}

/**
 * Installs a program: `build` fills a folder, which then takes its place in one step, so that nobody ever runs half a
 * program. A second run that wants the same program waits for the first instead of building it too.
 */
export async function install(
    program: Place,
    build: (folder: string) => Promise<void>,
    waiting: (owner: number) => void,
): Promise<void> {
    await mkdir(dirname(program.folder), { recursive: true });
    await withLock(`${program.folder}.lock`, waiting, async () => {
        if (cachedProgram(program) !== undefined) {
            return;
        }
        await removeLeftovers(program.folder);
        const partial = await mkdtemp(`${program.folder}.partial-`);
        try {
            await build(partial);
            await rename(partial, program.folder);
        } catch (error) {
            await rm(partial, { recursive: true, force: true });
            // Without a lock that all see, as on some network file systems, another run may have come first.
            if (cachedProgram(program) === undefined) {
                throw error;
            }
        }
    });
}

/** Makes an installed program appear beside another one, which looks there for those that belong to it. */
export async function linkBeside(program: PinnedProgram, owner: PinnedProgram): Promise<void> {
    const { name } = program.source;
    const link = join(owner.folder, name);
    // Relative, so that the cache can be moved, as CI systems do when they keep one between jobs.
    const target = join("..", basename(program.folder), name);
    if ((await readlink(link).catch(() => undefined)) !== target) {
        const partial = `${link}.${process.pid}`;
        await symlink(target, partial);
        await rename(partial, link);
    }
}

async function removeLeftovers(folder: string): Promise<void> {
    const siblings = await readdir(dirname(folder));
    const leftovers = siblings.filter((name) => name.startsWith(`${basename(folder)}.partial-`));
    await Promise.all(
        leftovers.map((name) => rm(join(dirname(folder), name), { recursive: true, force: true })),
    );
}

const LOCK_EVERY = 500;
/** Longer than any build: such a lock is of a machine that is no more, whose process ids mean nothing here. */
const LOCK_LIFE = 3_600_000;

async function withLock(
    file: string,
    waiting: (owner: number) => void,
    work: () => Promise<void>,
): Promise<void> {
    let told = false;
    while (!(await tryLock(file))) {
        const owner = Number(await readFile(file, "utf8").catch(() => ""));
        if (await isAbandoned(file, owner)) {
            await rm(file, { force: true });
        } else {
            if (!told && owner > 0) {
                waiting(owner);
                told = true;
            }
            await sleep(LOCK_EVERY);
        }
    }
    try {
        await work();
    } finally {
        await rm(file, { force: true });
    }
}

async function tryLock(file: string): Promise<boolean> {
    try {
        const handle = await open(file, "wx");
        await handle.writeFile(String(process.pid));
        await handle.close();
        return true;
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") {
            return false;
        }
        throw error;
    }
}

async function isAbandoned(file: string, owner: number): Promise<boolean> {
    const written = await stat(file).catch(() => undefined);
    if (written === undefined || Date.now() - written.mtimeMs > LOCK_LIFE) {
        return written !== undefined;
    }
    // An empty lock is one whose owner is about to write its id.
    return owner > 0 && !isAlive(owner);
}

function isAlive(processId: number): boolean {
    try {
        process.kill(processId, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}

import { mkdir, mkdtemp, readdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SandboxProblem } from "./problem";

/** The folder that a sandbox works in. */
export interface Folder {
    readonly path: string;
    /** Whether it goes with the sandbox. */
    readonly temporary: boolean;
}

/** Makes a temporary folder, or takes the one that was asked for when nothing is in it. */
export async function openFolder(asked: string | undefined): Promise<Folder> {
    if (asked === undefined) {
        return {
            path: await mkdtemp(join(await realpath(tmpdir()), "pulumi-llmos-sandbox-")),
            temporary: true,
        };
    }
    const path = resolve(asked);
    await mkdir(path, { recursive: true, mode: 0o700 });
    if ((await readdir(path)).length > 0) {
        throw new SandboxProblem({
            found: "the folder for the sandbox is not empty",
            where: path,
            why: "keys and certificates of an earlier sandbox would not fit the servers of this one",
            next: "empty it, name another folder, or name none: then a temporary one is made",
        });
    }
    return { path, temporary: false };
}

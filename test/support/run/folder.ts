/** The folders of one run of the tests: gone when it is over, however it ends. */
import { spawn } from "node:child_process";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ROOT } from "../processes";
import { PROJECTS_VARIABLE } from "../projectFolder";

/**
 * Waits for a line, which comes at the end of a run, or for the end of its standard input, which comes without one when
 * the run was interrupted or killed, and removes the folders. In the second case what the run had started, an engine for
 * example, may live on for a while and make them anew: they are removed again for a minute.
 */
const REMOVER = `
rounds=60
read -r ended && rounds=10
for round in $(seq $rounds); do
    rm -rf -- "$@" && test "$rounds" = 10 && exit 0
    sleep 1
done
rm -rf -- "$@"
`;

export interface RunFolder {
    /** Settles when all is gone. */
    remove(): Promise<void>;
}

/**
 * Makes a folder for what is temporary, and one in the repository for Pulumi projects. This process, and all that it
 * starts from now on, has them in its environment: TMPDIR, and what `projectFolder` looks for.
 */
export async function openRunFolder(): Promise<RunFolder> {
    // A short name: the paths of sockets in it may not be long.
    const temporary = await mkdtemp(join(await realpath(tmpdir()), "llmos-tests-"));
    const projects = join(ROOT, ".sandbox", basename(temporary));
    // A session of its own: Ctrl-C in the terminal does not reach it.
    const remover = spawn("/bin/sh", ["-c", REMOVER, "remover", temporary, projects], {
        stdio: ["pipe", "ignore", "inherit"],
        detached: true,
        env: { PATH: process.env["PATH"] },
    });
    const gone = new Promise<void>((settle, reject) => {
        remover.once("error", reject);
        remover.once("close", (code) =>
            code === 0 ? settle() : reject(new Error(`${temporary} or ${projects} could not be removed`)),
        );
    });
    gone.catch(() => {});
    process.env["TMPDIR"] = temporary;
    process.env[PROJECTS_VARIABLE] = projects;
    return {
        async remove() {
            remover.stdin.end("ended\n");
            await gone;
        },
    };
}

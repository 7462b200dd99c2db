import type { GuardedProcess } from "./guardedProcess";

/** What is to be undone when the sandbox stops, the last thing first. */
export class CleanUp {
    private readonly undo: (() => Promise<void>)[] = [];
    private running: Promise<void> | undefined;

    /** Adds something to undo before all that was added earlier. */
    add(undo: () => Promise<void>): void {
        this.undo.unshift(undo);
    }

    /** Undoes all, also what comes after a failure. A second call waits for the first. */
    run(): Promise<void> {
        this.running ??= this.runOnce();
        return this.running;
    }

    private async runOnce(): Promise<void> {
        const failures: unknown[] = [];
        for (const undo of this.undo) {
            await undo().catch((error: unknown) => failures.push(error));
        }
        if (failures.length > 0) {
            throw failures[0];
        }
    }
}

/** Makes the clean-up stop a server that has just started; to be chained to its start. */
export function stoppedBy(
    cleanUp: CleanUp,
): <Server extends { process: GuardedProcess }>(server: Server) => Server {
    return (server) => {
        cleanUp.add(() => server.process.stop());
        return server;
    };
}

/** Like `Promise.all`, but waits for all even when one fails: a server that starts late must still be stopped. */
export async function allOrNone<Starts extends readonly unknown[] | []>(
    starts: Starts,
): Promise<{ -readonly [Key in keyof Starts]: Awaited<Starts[Key]> }> {
    await Promise.allSettled(starts);
    return Promise.all(starts);
}

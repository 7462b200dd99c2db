import { constants } from "node:os";

/** Why a command is to end before its time. */
export interface Interruption {
    readonly reason: string;
    /** What a shell shows for it. */
    readonly exitCode: number;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** npm and tsx pass a signal on that the terminal has sent to us as well: for this long it is one and the same. */
const SAME_SIGNAL = 1000;
const PARENT_EVERY = 500;

/**
 * Settles when a signal asks this process to end, or when the program that runs it for us has gone. A second signal
 * ends the process at once; the guards of the servers then clear up behind it.
 */
export function interruption(): Promise<Interruption> {
    return new Promise((resolve) => {
        let first: number | undefined;
        for (const signal of SIGNALS) {
            const exitCode = 128 + constants.signals[signal];
            process.on(signal, () => {
                first ??= Date.now();
                if (Date.now() - first > SAME_SIGNAL) {
                    process.exit(exitCode);
                }
                resolve({ reason: signal, exitCode });
            });
        }
        // Runners such as tsx put themselves between the terminal and us, and cannot tell us that they were killed.
        const parent = process.ppid;
        setInterval(() => {
            if (process.ppid !== parent) {
                resolve({ reason: "the program that ran this command has ended", exitCode: 1 });
            }
        }, PARENT_EVERY).unref();
    });
}

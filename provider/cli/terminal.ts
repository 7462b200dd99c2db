/** Where a command writes to, and what the far end of it can show. */
import { Command } from "commander";
import picocolors from "picocolors";

export type Colours = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
    /** Whether standard output is a screen, on which a text can be replaced by a newer one. */
    readonly isScreen: boolean;
    /** Plain where standard output is no screen or NO_COLOR is set. */
    readonly colours: Colours;
    /** The same for standard error. */
    readonly errorColours: Colours;
    /** Writes what was asked for, to standard output. */
    write(text: string): void;
    /** Tells about the run itself, on standard error: errors, warnings and progress. */
    tell(text: string): void;
    /** Wipes the screen. */
    clear(): void;
    /** Aborts on Ctrl-C, once somebody has asked for it; until then, Ctrl-C ends the process. */
    interrupted(): AbortSignal;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
    for (const stream of [process.stdout, process.stderr]) {
        stream.on("error", endSilently);
    }
    // Commander's reading of NO_COLOR, FORCE_COLOR and the kind of terminal, which its own help follows too.
    const { getOutHasColors, getErrHasColors } = new Command().configureOutput();
    return {
        isScreen: process.stdout.isTTY === true,
        colours: picocolors.createColors(getOutHasColors?.() === true),
        errorColours: picocolors.createColors(getErrHasColors?.() === true),
        write: (text) => void process.stdout.write(text),
        tell: (text) => void process.stderr.write(text),
        clear: () => void process.stdout.write("\x1b[H\x1b[2J"),
        interrupted() {
            const controller = new AbortController();
            process.once("SIGINT", () => controller.abort());
            return controller.signal;
        },
    };
}

/** Whoever read our output has seen enough (`| head`). */
function endSilently(error: NodeJS.ErrnoException): void {
    if (error.code !== "EPIPE") {
        throw error;
    }
    process.exit();
}

/** Text from a server as one line: without what would steer a terminal or break a comment. */
export function oneLine(text: string): string {
    return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}

import type { Log } from "../lifecycle";
import type { Terminal } from "./terminal";

/** The log of a command: warnings only; what is going on is seen on the terminal anyway. */
export function logTo(terminal: Terminal): Log {
    return {
        info: async () => undefined,
        warn: async (message) => terminal.tell(`${terminal.errorColours.yellow("warning:")} ${message}\n`),
    };
}

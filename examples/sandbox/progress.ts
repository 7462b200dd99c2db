import { setInterval } from "node:timers";

/** Where progress is told. */
export interface Output {
    /** Writes one finished line. */
    readonly log: (line: string) => void;
    /** Shows a line that the next one replaces; absent where lines cannot be replaced, as in the log of a CI job. */
    readonly live?: ((line: string) => void) | undefined;
}

/** An output that tells nobody. */
export const silent: Output = { log: () => {} };

const CLEAR_LINE = "\r\u001b[K";

/** An output on a stream such as standard error, live when that is a terminal. */
export function streamOutput(stream: NodeJS.WriteStream): Output {
    if (!stream.isTTY) {
        return { log: (line) => stream.write(`${line}\n`) };
    }
    return {
        log: (line) => stream.write(`${CLEAR_LINE}${line}\n`),
        // A line longer than the terminal would wrap, and clearing would leave its first part behind.
        live: (line) => stream.write(`${CLEAR_LINE}${line.slice(0, Math.max(20, stream.columns - 1))}`),
    };
}

/** A span of time as a person says it: `0.4 s`, `12 s`, `3 min 05 s`. */
export function duration(milliseconds: number): string {
    const seconds = milliseconds / 1000;
    if (seconds < 10) {
        return `${seconds.toFixed(1)} s`;
    }
    const whole = Math.round(seconds);
    return whole < 60
        ? `${whole} s`
        : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

const LIVE_EVERY = 200;
const SIGN_OF_LIFE_EVERY = 30_000;

/** One step of work: what is said while it goes on and once it is done. */
export interface Step {
    readonly doing: string;
    readonly done: string;
}

/**
 * Runs a step and tells how long it took. On a terminal the line counts the seconds; elsewhere a line every half
 * minute shows that the work is alive, because CI systems end jobs that stay silent.
 */
export async function step<Result>(
    output: Output,
    words: Step,
    work: () => Promise<Result>,
): Promise<Result> {
    const started = Date.now();
    const passed = () => duration(Date.now() - started);
    const { log, live } = output;
    const tell = live === undefined ? log : live;
    live?.(`  ${words.doing} …`);
    const timer = setInterval(
        () => tell(`  ${words.doing} … ${passed()}`),
        live === undefined ? SIGN_OF_LIFE_EVERY : LIVE_EVERY,
    );
    try {
        const result = await work();
        log(`  ${words.done.padEnd(58)} ${passed()}`);
        return result;
    } catch (error) {
        log(`  ${words.doing}: failed after ${passed()}`);
        throw error;
    } finally {
        clearInterval(timer);
    }
}

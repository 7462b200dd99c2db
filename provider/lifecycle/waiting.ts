/**
 * Waiting for LLMOS: for verdicts, readiness, publications and deletions alike, so that each wait shows progress, ends
 * when the engine wants an end, and says truly how long it was.
 */
import type { Context } from ".";

/** Between two lines, in milliseconds. */
const LINE_MS = 10_000;

/** Between two looks where nothing says that there is news, in milliseconds. */
const LOOK_MS = 500;

/** What a wait needs of its surroundings. */
export type Waiting = Pick<Context, "clock" | "log" | "interruption">;

/** What is waited for. */
export interface Wait<T> {
    /** Start of each line, for example `Model "llama": waiting until it is deleted`. */
    readonly what: string;
    /** Longest time, in milliseconds. */
    readonly mostMs: number;
    /** The outcome; undefined as long as there is none. */
    look(): T | undefined | Promise<T | undefined>;
    /** How far it is, for the lines. */
    state(): string;
    /** Resolves when another look may find more. Without it, there is a look every half second. */
    news?(): Promise<void>;
}

/** The end of a wait that had no outcome. */
export interface Ended {
    readonly outcome: "over" | "interrupted";
    /** How long it was. */
    readonly seconds: number;
}

/** The end of a wait. */
export type Waited<T> = { readonly outcome: "found"; readonly value: T } | Ended;

/** Waits until a look has an outcome, time is up, or the engine wants an end; shows a line every ten seconds. */
export async function waitFor<T>(waiting: Waiting, wait: Wait<T>): Promise<Waited<T>> {
    const { clock, interruption } = waiting;
    const start = clock.now();
    const ending = new AbortController();
    const interrupted = abortOf(AbortSignal.any([interruption, ending.signal]));
    showProgress(waiting, wait, start, ending.signal);
    try {
        for (;;) {
            const news = wait.news?.();
            const value = await wait.look();
            if (value !== undefined) {
                return { outcome: "found", value };
            }
            const passed = clock.now() - start;
            const left = wait.mostMs - passed;
            if (interruption.aborted || left <= 0) {
                return { outcome: interruption.aborted ? "interrupted" : "over", seconds: secondsOf(passed) };
            }
            const pause = clock.sleep(Math.min(news ? LINE_MS : LOOK_MS, left));
            await Promise.race([pause, interrupted, ...(news ? [news] : [])]);
        }
    } finally {
        ending.abort();
    }
}

/** Beside the looks: one that the API server keeps waiting holds no line back. */
async function showProgress(
    { clock, log }: Waiting,
    { what, state }: Pick<Wait<unknown>, "what" | "state">,
    start: number,
    ending: AbortSignal,
): Promise<void> {
    const ended = abortOf(ending);
    for (;;) {
        await Promise.race([clock.sleep(LINE_MS), ended]);
        if (ending.aborted) {
            return;
        }
        // A line that the engine does not take is no reason to end a wait.
        await log.info(`${what} (${state()}), ${secondsOf(clock.now() - start)} s.`).catch(() => undefined);
    }
}

/** How long a wait was, for messages: `200 s`, and why it was not longer. */
export function lengthOf({ outcome, seconds }: Ended): string {
    return outcome === "over" ? `${seconds} s` : `${seconds} s (then the run was interrupted)`;
}

function secondsOf(milliseconds: number): number {
    return Math.round(milliseconds / 1_000);
}

function abortOf(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        if (signal.aborted) {
            resolve();
        } else {
            signal.addEventListener("abort", () => resolve(), { once: true });
        }
    });
}

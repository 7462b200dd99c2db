/** Retries: one request, sent again within a deadline for what passes, on the S3 side and the cluster side alike. */

/** How often and how long one request is tried. */
export interface Tries {
    /** Waits between the tries of a request that failed for a passing reason, in milliseconds. */
    readonly pausesMs: readonly number[];
    /** Longest time for one try, in milliseconds. */
    readonly tryMs: number;
    /** Longest time for a request with all of its tries and waits, in milliseconds. */
    readonly requestMs: number;
}

/** For a request whose body is small: somebody waits for the answer. */
const SMALL: Tries = { pausesMs: [200, 500, 1_000, 2_000], tryMs: 30_000, requestMs: 60_000 };

/** Overloaded, starting up, or tired of waiting for the request: the server, or a proxy before it, wants to be asked again. */
const BUSY = new Set([408, 429, 500, 502, 503, 504]);

/** Time that is kept for a last try when a server asks for a longer wait than there is time for, in milliseconds. */
const LAST_TRY_MS = 5_000;

/** How a try ended. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** What limits the tries, beside the deadline. */
export interface Patience {
    /** The caller's own, shorter deadline. */
    readonly signal?: AbortSignal | undefined;
    readonly sleep: (milliseconds: number) => Promise<void>;
    /** Default: up to five tries within a minute. */
    readonly tries?: Tries;
    /** Whether to go on with the last of the pauses, for as long as there is time; asked after each try. */
    readonly persists?: () => boolean;
}

/**
 * Sends one request in its time, which begins with the call. Where the time has no end but that of the tries, there is no
 * signal.
 */
export type Deadline = <T>(send: (signal: AbortSignal | undefined) => Promise<T>) => Promise<T>;

/** As long as the tries of a request take. */
export const unlimited: Deadline = (send) => send(undefined);

/** So many milliseconds for each request. */
export function within(milliseconds: number): Deadline {
    return (send) => send(AbortSignal.timeout(milliseconds));
}

export function isBusy(status: number): boolean {
    return BUSY.has(status);
}

/**
 * Makes one try and more. `again` says which outcome is worth another one, by the least wait before it in milliseconds
 * (0: ours will do). The last outcome stands when the tries or the time are used up, so that what a busy server said
 * is not lost in "time is up". A try's signal is silent once the try has ended: the body of a watch lives on.
 */
export async function withRetries<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    again: (outcome: Outcome<T>) => number | undefined,
    patience: Patience,
): Promise<T> {
    const { pausesMs, tryMs, requestMs } = patience.tries ?? SMALL;
    const end = Date.now() + requestMs;
    let outcome: Outcome<T> | undefined;
    for (let tries = 0; ; tries += 1) {
        const tried = await outcomeOf(attempt, patience.signal, Math.min(tryMs, end - Date.now()));
        outcome = lastWord(tried, outcome);
        const wait = patience.signal?.aborted ? undefined : again(outcome);
        const pause = pausesMs[tries] ?? (patience.persists?.() ? pausesMs.at(-1) : undefined);
        if (wait === undefined || pause === undefined) {
            return settled(outcome);
        }
        const left = end - Date.now();
        // Whoever has a deadline of their own, as preview has, does not wait for nothing.
        const isCut = wait > left && left > LAST_TRY_MS && patience.signal === undefined;
        const inTime = isCut ? left - LAST_TRY_MS : Math.max(pause, wait);
        if (!(await slept(inTime, end, patience))) {
            return settled(outcome);
        }
    }
}

/** What the server said before a try that ran out of time. */
function lastWord<T>(outcome: Outcome<T>, before: Outcome<T> | undefined): Outcome<T> {
    const timedOut =
        "error" in outcome && outcome.error instanceof Error && outcome.error.name === "TimeoutError";
    return timedOut && before && "value" in before ? before : outcome;
}

/** The wait that an answer asks for, in milliseconds: seconds or a date (RFC 9110, section 10.2.3); 0 for none. */
export function retryAfterMs(header: string | undefined, now = Date.now()): number {
    if (header === undefined) {
        return 0;
    }
    const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
    return wait > 0 ? wait : 0;
}

async function outcomeOf<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    outer: AbortSignal | undefined,
    deadlineMs: number,
): Promise<Outcome<T>> {
    const controller = new AbortController();
    const { signal } = controller;
    const timeOut = () => controller.abort(new DOMException("The deadline has passed", "TimeoutError"));
    const timer = setTimeout(timeOut, deadlineMs);
    const follow = () => controller.abort(outer?.reason);
    outer?.addEventListener("abort", follow);
    try {
        outer?.throwIfAborted();
        // Not every wait hears the signal: a proxy that never answers, a login that never ends.
        return { value: await Promise.race([attempt(signal), abortOf(signal)]) };
    } catch (error) {
        // An abort by a deadline says only "aborted"; the signal's reason says that time was up.
        return { error: signal.aborted && signal.reason instanceof Error ? signal.reason : error };
    } finally {
        clearTimeout(timer);
        outer?.removeEventListener("abort", follow);
    }
}

function abortOf(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
}

/** Waits; false when there is no time for it, or when the caller's deadline passed in the meantime. */
async function slept(milliseconds: number, end: number, { signal, sleep }: Patience): Promise<boolean> {
    if (Date.now() + milliseconds > end) {
        return false;
    }
    let wake: () => void = () => {};
    const aborted = new Promise<void>((resolve) => {
        wake = resolve;
    });
    signal?.addEventListener("abort", wake);
    await Promise.race([sleep(milliseconds), aborted]);
    signal?.removeEventListener("abort", wake);
    return !signal?.aborted;
}

function settled<T>(outcome: Outcome<T>): T {
    if ("error" in outcome) {
        throw outcome.error;
    }
    return outcome.value;
}

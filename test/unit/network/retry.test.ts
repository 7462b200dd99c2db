import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { isBusy, type Outcome, retryAfterMs, type Tries, withRetries } from "../../../provider/network/retry";

beforeEach(() => {
    vi.useFakeTimers();
});
afterEach(() => {
    vi.useRealTimers();
});

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Rides out with everything worth another try after that wait; gives the outcome, the tries and the time. */
async function ridden<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    wait = 0,
    signal?: AbortSignal,
    persists?: () => boolean,
) {
    const started = Date.now();
    const after = () => (Date.now() - started) / 1_000;
    let tries = 0;
    const counted = (each: AbortSignal) => {
        tries += 1;
        return attempt(each);
    };
    const ended = withRetries(counted, (_outcome: Outcome<T>) => wait, {
        sleep,
        signal,
        ...(persists && { persists }),
    }).then(
        (value) => ({ value, seconds: after() }),
        (error: Error) => ({ error: error.name, seconds: after() }),
    );
    await vi.runAllTimersAsync();
    return { ...(await ended), tries };
}

/** Ends only when its signal says so, as a server that never answers. */
function silent(signal: AbortSignal): Promise<never> {
    return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
    });
}

describe("a request is retried", () => {
    it("with five tries, and the last outcome stands", async () => {
        expect(await ridden(async () => "busy")).toMatchObject({ value: "busy", tries: 5, seconds: 3.7 });
    });

    it("with the waits that the server asks for, as long as they fit into its minute", async () => {
        expect(await ridden(async () => "busy", 10_000)).toMatchObject({ tries: 5, seconds: 40 });
        expect(await ridden(async () => "busy", 25_000)).toMatchObject({ tries: 4, seconds: 55 });
    });

    it("once more at the end of its minute, where the server asks for a longer wait than that", async () => {
        expect(await ridden(async () => "busy", 61_000)).toMatchObject({ tries: 2, seconds: 55 });
        const { signal } = new AbortController();
        expect(await ridden(async () => "busy", 61_000, signal)).toMatchObject({ tries: 1, seconds: 0 });
    });

    it("for as long as there is time, where that is told", async () => {
        const persists = () => true;
        expect(await ridden(async () => "busy", 0, undefined, persists)).toMatchObject({
            tries: 33,
            seconds: 59.7,
        });
        // It is asked of whatever comes after the five.
        let more = 2;
        const twice = () => more-- > 0;
        expect(await ridden(async () => "busy", 0, undefined, twice)).toMatchObject({
            tries: 7,
            seconds: 7.7,
        });
    });

    it("for a minute in all, however slow each answer is", async () => {
        const slow = () => sleep(20_000).then(() => "busy");
        expect(await ridden(slow)).toMatchObject({ value: "busy", tries: 3 });
        expect(await ridden(silent)).toMatchObject({ error: "TimeoutError", tries: 2, seconds: 60 });
    });

    it("until the caller's own deadline, with what the server said last", async () => {
        const deadline = () => {
            const controller = new AbortController();
            setTimeout(() => controller.abort(new DOMException("", "TimeoutError")), 5_000);
            return controller.signal;
        };
        expect(await ridden(async () => "busy", 20_000, deadline())).toMatchObject({
            value: "busy",
            tries: 1,
            seconds: 5,
        });
        expect(await ridden(silent, 0, deadline())).toMatchObject({
            error: "TimeoutError",
            tries: 1,
            seconds: 5,
        });
    });
});

it("a request that never hears its signal ends with the deadline all the same", async () => {
    expect(await ridden(() => new Promise(() => {}))).toMatchObject({ error: "TimeoutError", seconds: 60 });
});

it("a failure after an answer stands, unless it is that time was up", async () => {
    const answers = (last: Error) => {
        let tries = 0;
        return async () => {
            tries += 1;
            if (tries < 5) {
                return "busy";
            }
            throw last;
        };
    };
    expect(await ridden(answers(new TypeError("broken")))).toMatchObject({ error: "TypeError", tries: 5 });
    const timeUp = new DOMException("", "TimeoutError");
    expect(await ridden(answers(timeUp))).toMatchObject({ value: "busy", tries: 5 });
});

it("says that the deadline has passed", async () => {
    const tries: Tries = { pausesMs: [], tryMs: 1_000, requestMs: 2_000 };
    const ended = expect(withRetries(silent, () => 0, { sleep, tries })).rejects.toThrow(
        "The deadline has passed",
    );
    await vi.runAllTimersAsync();
    await ended;
});

it("asks nothing when the caller's time was up before", async () => {
    const attempt = vi.fn(async () => "done");
    expect(await ridden(attempt, 0, AbortSignal.abort(new DOMException("", "AbortError")))).toMatchObject({
        error: "AbortError",
    });
    expect(attempt).not.toHaveBeenCalled();
});

it("leaves nothing behind on the caller's signal, which may live long", async () => {
    const { signal } = new AbortController();
    await ridden(async () => "busy", 0, signal);
    expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("a try's signal is silent once the try has ended", async () => {
    let seen: AbortSignal | undefined;
    await withRetries(
        async (signal) => {
            seen = signal;
        },
        () => undefined,
        { sleep },
    );
    await vi.runAllTimersAsync();
    expect(seen?.aborted).toBe(false);
});

it.each([
    [undefined, 0],
    ["2", 2_000],
    ["12", 12_000],
    [" 2 ", 2_000],
    ["0", 0],
    ["Thu, 01 Jan 1970 00:00:05 GMT", 5_000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["soon", 0],
])("Retry-After %s is a wait of %i ms", (header, wait) => {
    expect(retryAfterMs(header, 0)).toBe(wait);
});

test("a date is a wait from now on, and none once it has passed", () => {
    const date = "Thu, 01 Jan 1970 00:00:05 GMT";
    expect([retryAfterMs(date, 2_000), retryAfterMs(date, 9_000)]).toEqual([3_000, 0]);
});

test.each([
    [408, true],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [504, true],
    [200, false],
    [403, false],
    [501, false],
])("status %i says that the server is busy: %s", (status, busy) => {
    expect(isBusy(status)).toBe(busy);
});

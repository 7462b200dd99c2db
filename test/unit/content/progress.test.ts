import { expect, test, vi } from "vitest";
import { durationOf, Progress, sizeOf } from "../../../provider/content/progress";

test.each([
    [0, "0 B"],
    [1, "1 B"],
    [1_023, "1023 B"],
    [1_024, "1.0 KiB"],
    [10 * 1024, "10 KiB"],
    [1.5 * 1024 ** 3, "1.5 GiB"],
    [123 * 1024 ** 4, "123 TiB"],
    [5_000 * 1024 ** 4, "5000 TiB"],
])("%d bytes are %s", (bytes, text) => expect(sizeOf(bytes)).toBe(text));

test.each([
    [0.34, "0.3 s"],
    [12.4, "12 s"],
    [59.7, "1 min 0 s"],
    [3_700, "1 h 1 min"],
])("%d seconds are %s", (seconds, text) => expect(durationOf(seconds)).toBe(text));

test("a line every five seconds tells percent, rate and time left", async () => {
    vi.useFakeTimers();
    try {
        const lines: string[] = [];
        const log = { info: async (line: string) => void lines.push(line), warn: async () => {} };
        const clock = { now: () => Date.now(), sleep: async () => {} };
        const progress = new Progress({ clock, log }, 'Model "llama"', 2, 100 * 1024 ** 2);
        progress.start();
        progress.found(10 * 1024 ** 2);
        progress.sent(20 * 1024 ** 2);
        progress.fileDone();
        await vi.advanceTimersByTimeAsync(5_000);
        progress.stop();
        await vi.advanceTimersByTimeAsync(50_000);
        expect(lines).toEqual([
            'Model "llama": 30 %, 30 MiB of 100 MiB, 1 of 2 files, 4.0 MiB/s, 18 s left.',
        ]);
        expect(progress.summary).toContain("; 10 MiB lay there already.");
    } finally {
        vi.useRealTimers();
    }
});

import { beforeEach, describe, expect, it } from "vitest";
import { lengthOf, type Wait, waitFor } from "../../../provider/lifecycle/waiting";
import { FakeClock } from "../../support/fakeClock";

let clock: FakeClock;
let lines: string[];
let interruption: AbortController;
let looks: number[];

beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    looks = [];
    interruption = new AbortController();
});

/** Waits for a moment, at most a minute. */
async function waited(until: number, wait: Partial<Wait<string>> = {}) {
    const log = { info: async (line: string) => void lines.push(line), warn: async () => {} };
    const end = await clock.run(
        waitFor<string>(
            { clock, log, interruption: interruption.signal },
            {
                what: "Thing",
                mostMs: 60_000,
                look: () => {
                    looks.push(clock.now());
                    return clock.now() >= until ? "there" : undefined;
                },
                state: () => `step ${Math.floor(clock.now() / 15_000)}`,
                ...wait,
            },
        ),
    );
    return { end, at: clock.now() };
}

describe("a wait", () => {
    it("ends with the first look that finds something", async () => {
        expect(await waited(0)).toEqual({ end: { outcome: "found", value: "there" }, at: 0 });
        expect(await waited(1_200)).toEqual({ end: { outcome: "found", value: "there" }, at: 1_500 });
        expect(looks).toEqual([0, 0, 500, 1_000, 1_500]);
        expect(lines).toEqual([]);
    });

    it("shows a line every ten seconds, with the state at that time", async () => {
        await waited(35_000);
        expect(lines).toEqual(["Thing (step 0), 10 s.", "Thing (step 1), 20 s.", "Thing (step 2), 30 s."]);
    });

    it("shows its lines while a look takes long", async () => {
        const look = async () => {
            await clock.sleep(25_000);
            return "late";
        };
        expect((await waited(0, { look })).end).toEqual({ outcome: "found", value: "late" });
        expect(lines).toEqual(["Thing (step 0), 10 s.", "Thing (step 1), 20 s."]);
    });

    it("ends when its time is over, after a last look", async () => {
        const { end, at } = await waited(Number.POSITIVE_INFINITY);
        expect([end, at, looks.at(-1)]).toEqual([{ outcome: "over", seconds: 60 }, 60_000, 60_000]);
    });

    it("ends at once when it is interrupted, and knows how long it was", async () => {
        clock.at(12_300, () => interruption.abort());
        const { end, at } = await waited(Number.POSITIVE_INFINITY, { news: () => new Promise(() => {}) });
        expect([end, at]).toEqual([{ outcome: "interrupted", seconds: 12 }, 12_300]);
    });

    it("looks when there is news", async () => {
        const news = () => clock.sleep(700);
        expect((await waited(2_000, { news })).at).toBe(2_100);
        expect(looks).toEqual([0, 700, 1_400, 2_100]);
    });

    it("fails as its look fails, and shows nothing afterwards", async () => {
        const look = async () => {
            await clock.sleep(11_000);
            throw new Error("gone");
        };
        await expect(waited(0, { look })).rejects.toThrow("gone");
        await clock.run(clock.sleep(30_000));
        expect(lines).toEqual(["Thing (step 0), 10 s."]);
    });

    it("goes on where a line is not taken", async () => {
        const log = { info: () => Promise.reject(new Error("the engine is gone")), warn: async () => {} };
        const look = () => (clock.now() >= 25_000 ? "there" : undefined);
        const wait = { what: "Thing", mostMs: 60_000, look, state: () => "" };
        const end = clock.run(waitFor({ clock, log, interruption: interruption.signal }, wait));
        await expect(end).resolves.toEqual({ outcome: "found", value: "there" });
    });
});

it("the length of a wait says why it was not longer", () => {
    expect(lengthOf({ outcome: "over", seconds: 600 })).toBe("600 s");
    expect(lengthOf({ outcome: "interrupted", seconds: 200 })).toBe("200 s (then the run was interrupted)");
});

import { beforeEach, describe, expect, it } from "vitest";
import { failure } from "../../../provider/finding";
import { QUESTION_DEADLINE_MS, Questions, WRITTEN } from "../../../provider/lifecycle/questions";
import type { Deadline } from "../../../provider/network/retry";
import { FakeClock } from "../../support/fakeClock";

const SLOW = "https://slow";
const down = failure("timed-out", { found: "It did not answer in time", where: SLOW, why: "w", next: "n" });

let clock: FakeClock;
let questions: Questions;
let sent: string[];

beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    questions = new Questions((milliseconds) => {
        const controller = new AbortController();
        clock.at(clock.now() + milliseconds, () => controller.abort());
        return controller.signal;
    });
});

/** Resolves when the deadline of the request has passed. */
const itsEnd = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));

/** A request that is answered after so many milliseconds, or in no time at all. */
function request(name: string, milliseconds: number | "never", deadline: Deadline): Promise<string> {
    return deadline(async (signal) => {
        sent.push(name);
        const answered = clock.sleep(milliseconds === "never" ? 3_600_000 : milliseconds).then(() => true);
        if (await Promise.race([answered, itsEnd(signal)])) {
            return `${name} answered`;
        }
        throw down;
    });
}

/** Asks in one request; gives the answer or what stands in the way. */
function ask(server: string, key: string, milliseconds: number | "never"): Promise<unknown> {
    const asked = questions.ask(server, key, (deadline) => request(key, milliseconds, deadline));
    return clock.run(asked.catch((error: unknown) => error));
}

describe("a server that has used up its time", () => {
    it("is asked nothing more, and what was found stands for all", async () => {
        expect(await ask(SLOW, "one", "never")).toBe(down);
        expect(clock.now()).toBe(QUESTION_DEADLINE_MS);
        expect(await ask(SLOW, "two", 0)).toBe(down);
        expect(await ask(SLOW, "one", 0)).toBe(down);
        expect(clock.now()).toBe(QUESTION_DEADLINE_MS);
        expect(sent).toEqual(["one"]);
    });

    it("costs no other server anything", async () => {
        await ask(SLOW, "one", "never");
        expect(await ask("https://other", "two", 10)).toBe("two answered");
    });

    it("keeps what it has answered, until a write may have changed that; then it is asked again", async () => {
        expect(await ask(SLOW, "who", 10)).toBe("who answered");
        expect(await ask(SLOW, `${WRITTEN}what`, 10)).toBe(`${WRITTEN}what answered`);
        await ask(SLOW, "more", "never");
        expect(await ask(SLOW, `${WRITTEN}what`, 10)).toBe(`${WRITTEN}what answered`);
        expect(await ask(SLOW, "another", 10)).toBe(down);
        questions.forgetWritten();
        expect(await ask(SLOW, `${WRITTEN}what`, 20)).toBe(`${WRITTEN}what answered`);
        expect(await ask(SLOW, "who", 10)).toBe("who answered");
    });

    it("is asked again after a write, also what it was late with", async () => {
        expect(await ask(SLOW, "who", "never")).toBe(down);
        expect(await ask(SLOW, "more", 10)).toBe(down);
        questions.forgetWritten();
        expect(await ask(SLOW, "more", 10)).toBe("more answered");
        expect(await ask(SLOW, "who", 10)).toBe("who answered");
    });

    it("is known by what it said last, where it was busy until then", async () => {
        const busy = failure("cluster-refused", { found: "Busy", where: SLOW, why: "w", next: "n" });
        const asked = questions.ask(SLOW, "one", async (deadline) => {
            await deadline(itsEnd);
            throw busy;
        });
        expect(await clock.run(asked.catch((error: unknown) => error))).toBe(busy);
        expect(await ask(SLOW, "two", 0)).toBe(busy);
    });
});

describe("the time of a question", () => {
    it("begins when its request is sent, not while something else is waited for", async () => {
        const asked = questions.ask(SLOW, "one", async (deadline) => {
            await clock.sleep(60_000);
            return await request("one", QUESTION_DEADLINE_MS - 1, deadline);
        });
        expect(await clock.run(asked)).toBe("one answered");
    });

    it("begins anew with each request that it takes", async () => {
        const asked = questions.ask(SLOW, "one", async (deadline) => {
            await request("first", QUESTION_DEADLINE_MS - 1, deadline);
            return await request("second", QUESTION_DEADLINE_MS - 1, deadline);
        });
        expect(await clock.run(asked)).toBe("second answered");
    });

    it("is not used up by a failure in time, however long ago an earlier request was sent", async () => {
        const refused = failure("access-denied", { found: "No", where: SLOW, why: "w", next: "n" });
        const asked = questions.ask(SLOW, "one", async (deadline) => {
            await request("first", 0, deadline);
            await clock.sleep(2 * QUESTION_DEADLINE_MS);
            return await deadline(() => Promise.reject(refused));
        });
        expect(await clock.run(asked.catch((error: unknown) => error))).toBe(refused);
        expect(await ask(SLOW, "two", 10)).toBe("two answered");
    });
});

it("is asked once, by however many, at the same time or later", async () => {
    await Promise.all([ask(SLOW, "one", 10), ask(SLOW, "one", 10)]);
    expect(await ask(SLOW, "one", 10)).toBe("one answered");
    expect(sent).toEqual(["one"]);
});

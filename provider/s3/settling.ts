/** Stores that take a moment until they answer by what was just written. */
import type { Clock } from "../clock";

/** Time that a store may take, and the pause between two questions, in milliseconds. */
const SETTLE_MS = 5_000;
const PAUSE_MS = 250;

/** Asks again until the answer is the one hoped for, or time is up; gives the last answer. */
export async function askUntil<T>(
    clock: Clock,
    ask: () => Promise<T>,
    isHopedFor: (answer: T) => boolean,
): Promise<T> {
    const end = clock.now() + SETTLE_MS;
    for (;;) {
        const answer = await ask();
        if (isHopedFor(answer) || clock.now() >= end) {
            return answer;
        }
        await clock.sleep(PAUSE_MS);
    }
}

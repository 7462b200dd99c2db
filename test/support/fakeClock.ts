import { setImmediate as turn } from "node:timers/promises";

/** Time that passes only when everybody waits for it. */
export class FakeClock {
    private time = 0;
    private readonly due: { at: number; act: () => void }[] = [];

    now = () => this.time;
    sleep = (milliseconds: number) =>
        new Promise<void>((resolve) => this.at(this.time + milliseconds, resolve));

    at(milliseconds: number, act: () => void): void {
        this.due.push({ at: milliseconds, act });
        this.due.sort((left, right) => left.at - right.at);
    }

    async run<T>(promise: Promise<T>): Promise<T> {
        let settled = false;
        promise
            .catch(() => {})
            .finally(() => {
                settled = true;
            });
        for (;;) {
            await turn();
            const next = settled ? undefined : this.due.shift();
            if (!next) {
                return promise;
            }
            this.time = next.at;
            next.act();
        }
    }
}

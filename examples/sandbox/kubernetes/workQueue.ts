/**
 * How long the LLMOS operator waits after that many failures in a row (0 for the first): milliseconds that double up
 * to 30 s, and 2 min from the 31st failure on. Source: rancher/lasso v0.2.3, pkg/controller, applyDefaultOptions.
 */
export function retryDelay(earlierFailures: number): number {
    return earlierFailures < 30 ? Math.min(5 * 2 ** earlierFailures, 30_000) : 120_000;
}

/**
 * A queue of keys with the conduct of client-go's rate limiting work queue: one key is never worked on twice at a
 * time, a key added while it is worked on is worked on again, and `false` from the work means "again, later".
 */
export class WorkQueue {
    private readonly waiting = new Set<string>();
    private readonly working = new Set<string>();
    private readonly failures = new Map<string, number>();
    private readonly timers = new Map<string, { due: number; timer: NodeJS.Timeout }>();
    private stopped = false;

    constructor(
        private readonly work: (key: string) => Promise<boolean>,
        private readonly workers: number,
    ) {}

    add(key: string): void {
        this.waiting.add(key);
        this.startWork();
    }

    stop(): void {
        this.stopped = true;
        for (const { timer } of this.timers.values()) clearTimeout(timer);
    }

    private startWork(): void {
        for (const key of this.waiting) {
            if (this.stopped || this.working.size >= this.workers) return;
            if (this.working.has(key)) continue;
            this.waiting.delete(key);
            this.working.add(key);
            void this.workOn(key);
        }
    }

    private async workOn(key: string): Promise<void> {
        const done = await this.work(key).catch(() => false);
        this.working.delete(key);
        if (done) this.failures.delete(key);
        else this.addLater(key);
        this.startWork();
    }

    private addLater(key: string): void {
        if (this.stopped) return;
        const failures = this.failures.get(key) ?? 0;
        this.failures.set(key, failures + 1);
        const delay = retryDelay(failures);
        const due = Date.now() + delay;
        const pending = this.timers.get(key);
        if (pending && pending.due <= due) return;
        clearTimeout(pending?.timer);
        const timer = setTimeout(() => {
            this.timers.delete(key);
            this.add(key);
        }, delay);
        this.timers.set(key, { due, timer });
    }
}

/** What all uploads of a process may take at once: requests, and bytes held in memory for them. */

/** A place among the requests, with a buffer; given back once. */
export interface Lease {
    readonly buffer: Buffer;
    release(): void;
}

export class Gate {
    private requests = 0;
    private bytes = 0;
    private readonly waiting: { readonly bytes: number; readonly enter: () => void }[] = [];
    /** Buffers of the usual size, used again: what is left to the garbage collector counts until it runs. */
    private readonly spare: Buffer[] = [];

    /**
     * @param mostRequests - requests at once
     * @param mostBytes - bytes of all buffers; one that is larger than that gets its turn alone
     * @param usualBytes - size of the buffers that are kept for the next one
     */
    constructor(
        private readonly mostRequests: number,
        private readonly mostBytes: number,
        private readonly usualBytes: number,
    ) {}

    /** Waits for room, first come, first served. */
    async enter(bytes: number): Promise<Lease> {
        // Small ones are no more than what the request itself costs.
        const isUsual = bytes <= this.usualBytes && bytes > this.usualBytes / 4;
        const cost = isUsual ? this.usualBytes : bytes;
        if (this.waiting.length > 0 || !this.hasRoom(cost)) {
            await new Promise<void>((enter) => this.waiting.push({ bytes: cost, enter }));
        } else {
            this.take(cost);
        }
        const whole = isUsual ? (this.spare.pop() ?? Buffer.allocUnsafeSlow(cost)) : undefined;
        const buffer = whole?.subarray(0, bytes) ?? Buffer.allocUnsafeSlow(bytes);
        return { buffer, release: () => this.leave(cost, whole) };
    }

    private leave(bytes: number, whole: Buffer | undefined): void {
        this.requests -= 1;
        this.bytes -= bytes;
        if (whole) {
            this.spare.push(whole);
        }
        while (this.waiting[0] && this.hasRoom(this.waiting[0].bytes)) {
            const next = this.waiting.shift();
            this.take(next?.bytes ?? 0);
            next?.enter();
        }
    }

    private take(bytes: number): void {
        this.requests += 1;
        this.bytes += bytes;
    }

    private hasRoom(bytes: number): boolean {
        return (
            this.requests < this.mostRequests && (this.bytes === 0 || this.bytes + bytes <= this.mostBytes)
        );
    }
}

/** What all uploads of a process may take at once: requests, and bytes held in memory for them. */

/** A place among the requests, with a buffer; given back once. */
export interface Lease {
    readonly buffer: Buffer;
    release(): void;
}

export class Limiter {
    private requests = 0;
    private bytes = 0;
    private readonly waiting: { readonly bytes: number; readonly enter: () => void }[] = [];
    /** Buffers to be used again, by size: what is left to the garbage collector counts until it runs. */
    private readonly spare = new Map<number, Buffer[]>();
    private spareBytes = 0;

    /**
     * @param mostRequests - requests at once
     * @param mostBytes - bytes of all buffers; one that is larger than that gets its turn alone
     */
    constructor(
        private readonly mostRequests: number,
        private readonly mostBytes: number,
    ) {}

    /** Waits for room, first come, first served. */
    async acquire(bytes: number): Promise<Lease> {
        const size = allocated(bytes);
        if (this.waiting.length > 0 || !this.hasRoom(size)) {
            await new Promise<void>((enter) => this.waiting.push({ bytes: size, enter }));
        } else {
            this.take(size);
        }
        const whole = this.bufferOf(size);
        return { buffer: whole.subarray(0, bytes), release: () => this.leave(whole) };
    }

    private bufferOf(size: number): Buffer {
        const known = this.spare.get(size)?.pop();
        if (known) {
            this.spareBytes -= size;
            return known;
        }
        if (this.bytes + this.spareBytes > this.mostBytes) {
            this.spare.clear();
            this.spareBytes = 0;
        }
        return Buffer.allocUnsafeSlow(size);
    }

    private leave(whole: Buffer): void {
        const size = whole.length;
        this.requests -= 1;
        this.bytes -= size;
        const spare = this.spare.get(size) ?? [];
        spare.push(whole);
        this.spare.set(size, spare);
        this.spareBytes += size;
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

/** Smallest buffer, in bytes. */
const SMALLEST = 16 * 1024;

/** Bytes of the buffer for so many: a power of two, so that few sizes are kept. */
function allocated(bytes: number): number {
    return bytes <= SMALLEST ? SMALLEST : 2 ** Math.ceil(Math.log2(bytes));
}

/** Progress of an upload, in lines that a person reads: how far, how fast, how long still. */
import type { Context } from "../lifecycle";

/** Between two lines, in milliseconds. */
const EVERY_MS = 5_000;

export class Progress {
    private bytes = 0;
    /** Of those, what was found to lie there already. */
    private skipped = 0;
    private files = 0;
    private readonly started: number;
    private timer: NodeJS.Timeout | undefined;

    /** `what` is sent to where, for example `Model "llama": 12 files, 4.1 GiB, to models/default/llama`. */
    constructor(
        private readonly context: Pick<Context, "clock" | "log">,
        private readonly what: string,
        private readonly allFiles: number,
        private readonly allBytes: number,
    ) {
        this.started = context.clock.now();
    }

    start(): void {
        this.timer = setInterval(() => this.tell(this.line()), EVERY_MS);
        this.timer.unref();
    }

    stop(): void {
        clearInterval(this.timer);
    }

    readonly sent = (count: number): void => {
        this.bytes += count;
    };

    found(count: number): void {
        this.skipped += count;
    }

    fileDone(): void {
        this.files += 1;
    }

    /** How far it has come, for the message of one that does not come to its end. */
    get reached(): string {
        return `${sizeOf(this.bytes + this.skipped)} of ${sizeOf(this.allBytes)}`;
    }

    /** What was done, in the end. */
    get summary(): string {
        const seconds = Math.max(this.seconds, 0.001);
        const skipped = this.skipped > 0 ? `; ${sizeOf(this.skipped)} lay there already` : "";
        return `${this.what}: sent ${countOf(this.files, "file")}, ${sizeOf(this.bytes)}, in ${durationOf(seconds)} (${sizeOf(this.bytes / seconds)}/s)${skipped}.`;
    }

    private line(): string {
        const done = this.bytes + this.skipped;
        const rate = this.bytes / this.seconds;
        const percent = this.allBytes > 0 ? Math.floor((done / this.allBytes) * 100) : 100;
        const left = rate > 0 ? `${durationOf((this.allBytes - done) / rate)} left` : "nothing moves now";
        return `${this.what}: ${percent} %, ${this.reached}, ${this.files} of ${countOf(this.allFiles, "file")}, ${sizeOf(rate)}/s, ${left}.`;
    }

    private get seconds(): number {
        return (this.context.clock.now() - this.started) / 1_000;
    }

    private tell(line: string): void {
        // A line that the engine does not take is no reason to end an upload.
        this.context.log.info(line).catch(() => undefined);
    }
}

export function countOf(count: number, noun: string): string {
    return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The first of many, for messages. */
export function someOf(names: readonly string[]): string {
    const some = names.slice(0, 3).join(", ");
    return names.length > 3 ? `${some}, …` : some;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Bytes for a person, with three digits at the most. */
export function sizeOf(bytes: number): string {
    const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
    const value = bytes / 1024 ** power;
    const digits = power > 0 && value < 9.95 ? 1 : 0;
    return `${value.toFixed(digits)} ${UNITS[power]}`;
}

/** Seconds for a person. */
export function durationOf(seconds: number): string {
    const whole = Math.round(seconds);
    if (whole < 60) {
        return seconds < 10 ? `${seconds.toFixed(1)} s` : `${whole} s`;
    }
    const minutes = Math.floor(whole / 60);
    return minutes < 60
        ? `${minutes} min ${whole % 60} s`
        : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Chance that can be repeated: the same seed gives the same numbers. */
export type Random = () => number;

/** Numbers from 0 to below 1 (mulberry32). */
export function seeded(seed: number): Random {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
}

/** Random bytes, the same for the same source. */
export function bytesOf(random: () => number, size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    for (let index = 0; index < size; index += 4) {
        const length = Math.min(4, size - index);
        bytes.writeUIntLE(Math.floor(random() * 256 ** length), index, length);
    }
    return bytes;
}

/** The seeds that the environment asks for; without a wish these. */
export function chosen(seeds: readonly number[]): readonly number[] {
    const { KILLS_SEED: first, KILLS_RUNS: runs } = process.env;
    if (first === undefined && runs === undefined) {
        return seeds;
    }
    return seedsFrom(Number(first ?? 1), Number(runs ?? seeds.length));
}

export function seedsFrom(first: number, count: number): number[] {
    return Array.from({ length: count }, (_, index) => first + index);
}

import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Limiter } from "../../../provider/network/limiter";

test("never more requests or bytes than allowed, everybody gets in, and buffers have the size asked for", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 60 });
    await fc.assert(
        fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), async (asked, requests) => {
            const limiter = new Limiter(requests, 200_000);
            let [inside, bytes] = [0, 0];
            const pass = async (size: number) => {
                const { buffer, release } = await limiter.acquire(size);
                inside += 1;
                bytes += size;
                expect(buffer.length).toBe(size);
                expect(inside).toBeLessThanOrEqual(requests);
                // One that is larger than the whole limiter goes alone.
                expect(bytes <= 200_000 || inside === 1).toBe(true);
                await turn();
                inside -= 1;
                bytes -= size;
                release();
            };
            await Promise.all(asked.map(pass));
            expect([inside, bytes]).toEqual([0, 0]);
        }),
        { numRuns: 50 },
    );
});

test("first come, first served: a large one is not passed by small ones for ever", async () => {
    const limiter = new Limiter(10, 200_000);
    const order: string[] = [];
    const first = await limiter.acquire(100_000);
    const enter = (name: string, size: number) =>
        limiter.acquire(size).then(({ release }) => {
            order.push(name);
            release();
        });
    const all = [enter("large", 120_000), enter("small", 1)];
    await turn();
    expect(order).toEqual([]);
    first.release();
    await Promise.all(all);
    expect(order).toEqual(["large", "small"]);
});

/** Bytes that stand behind a buffer: what it costs. */
const cost = ({ buffer }: { buffer: Buffer }) => buffer.buffer.byteLength;

test.each([
    [0, 16_384],
    [16_384, 16_384],
    [16_385, 32_768],
    [32_768, 32_768],
    [100_000, 131_072],
])("%i bytes take a buffer of %i", async (asked, bytes) => {
    const lease = await new Limiter(1, 1).acquire(asked);
    expect([lease.buffer.length, cost(lease)]).toEqual([asked, bytes]);
});

test("a buffer that was given back is used again, for what is about as large", async () => {
    const limiter = new Limiter(10, 200_000);
    const first = await limiter.acquire(20_000);
    first.release();
    const again = await limiter.acquire(30_000);
    expect(again.buffer.buffer).toBe(first.buffer.buffer);
    const other = await limiter.acquire(30_000);
    expect(other.buffer.buffer).not.toBe(first.buffer.buffer);
});

test("buffers that nobody uses make room for others, as soon as all together would be too many", async () => {
    const limiter = new Limiter(10, 4 * 16_384);
    const [small, large] = [await limiter.acquire(16_384), await limiter.acquire(32_768)];
    small.release();
    // Fits beside the two that are there: nothing is given up.
    (await limiter.acquire(16_384)).release();
    large.release();
    const third = await limiter.acquire(65_536);
    third.release();
    const anew = await limiter.acquire(16_384);
    expect(anew.buffer.buffer).not.toBe(small.buffer.buffer);
});

test("buffers that nobody uses are kept as long as all together are not too many", async () => {
    const limiter = new Limiter(10, 4 * 16_384);
    const [first, second] = [await limiter.acquire(16_384), await limiter.acquire(16_384)];
    first.release();
    second.release();
    const used = await limiter.acquire(16_384);
    // With the one in use and the one that is kept, this is all that there may be.
    await limiter.acquire(32_768);
    const again = await limiter.acquire(16_384);
    expect(used.buffer.buffer).toBe(second.buffer.buffer);
    expect(again.buffer.buffer).toBe(first.buffer.buffer);
});

test("exactly as many requests and bytes as allowed are inside at once", async () => {
    const entered = async (limiter: Limiter, sizes: number[]) => {
        let inside = 0;
        for (const size of sizes) {
            limiter.acquire(size).then(() => {
                inside += 1;
            });
        }
        await turn();
        return inside;
    };
    expect(await entered(new Limiter(3, 1_000_000), [1, 1, 1, 1])).toBe(3);
    expect(await entered(new Limiter(10, 3 * 16_384), [16_384, 16_384, 16_384, 16_384])).toBe(3);
    expect(await entered(new Limiter(10, 16_384), [65_536, 1])).toBe(1);
});

import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Gate } from "../../../provider/content/gate";

test("never more requests or bytes than allowed, everybody gets in, and buffers have the size asked for", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 60 });
    await fc.assert(
        fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), async (asked, requests) => {
            const gate = new Gate(requests, 200_000);
            let [inside, bytes] = [0, 0];
            const pass = async (size: number) => {
                const { buffer, release } = await gate.enter(size);
                inside += 1;
                bytes += size;
                expect(buffer.length).toBe(size);
                expect(inside).toBeLessThanOrEqual(requests);
                // One that is larger than the whole gate goes alone.
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
    const gate = new Gate(10, 200_000);
    const order: string[] = [];
    const first = await gate.enter(100_000);
    const enter = (name: string, size: number) =>
        gate.enter(size).then(({ release }) => {
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

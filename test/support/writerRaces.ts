/** Two writers of one content at once: every object is whole and right, or an error names the file. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { SandboxDetails } from "../../examples/sandbox";
import { PART_BYTES } from "../../provider/content/parts";
import { ContentScene } from "./contentScene";
import { chosen, seeded } from "./seeded";

const ROOT = "models/default/raced";
const SMALL = Array.from({ length: 20 }, (_, index) => `small-${index}`);
const NAMES = [...SMALL, "large-0", "large-1"];

/** The tests of these seeds. */
export function testWriterRaces(seeds: readonly number[], sandbox: () => SandboxDetails): void {
    test.each(chosen(seeds))("two writers at once, seed %i", (seed) => race(sandbox(), seed));
}

async function race(sandbox: SandboxDetails, seed: number): Promise<void> {
    const random = seeded(seed);
    const first = await ContentScene.open(sandbox, `raced-${process.pid}-${seed}`);
    const second = await ContentScene.beside(first);
    const writers = [first, second];
    try {
        for (const [index, writer] of writers.entries()) {
            for (const name of NAMES) {
                const size = name.startsWith("large") ? PART_BYTES + 1 : 2_000;
                await writer.write(name, Buffer.alloc(size, `${name} of writer ${index}`));
            }
            // Each request waits for a while of its own, so that each seed has another order.
            writer.recorder.faults.set(({ incoming, forward }) => {
                incoming.pause();
                void sleep(random() * 30).then(() => forward());
            });
        }
        const outcomes = await Promise.allSettled(writers.map((writer) => writer.store(ROOT)));
        const there = await first.downloaded(ROOT);
        const hashes = await Promise.all(writers.map((writer) => writer.hashes(...NAMES)));
        expect(Object.keys(there).sort()).toEqual([...NAMES].sort());
        for (const [name, hash] of Object.entries(there)) {
            expect(
                hashes.map((own) => own[name]),
                name,
            ).toContain(hash);
        }
        for (const [index, outcome] of outcomes.entries()) {
            const others = NAMES.filter((name) => there[name] !== hashes[index]?.[name]);
            if (outcome.status === "rejected") {
                expect(String(outcome.reason)).toMatch(/(small|large)-\d/);
            } else if (others.length > 0) {
                // It was right when it ended, and the other one has written all of it since.
                expect(others.sort()).toEqual([...NAMES].sort());
                const { contentDrift } = await writers[index]!.read(ROOT, outcome.value);
                expect(contentDrift).not.toEqual([]);
            }
        }
        // Alone, one is right, and nothing is left of either.
        first.recorder.faults.heal();
        await first.store(ROOT);
        expect(await first.downloaded(ROOT)).toEqual(hashes[0]);
        expect(await first.leftOpen()).toEqual([]);
    } finally {
        await second.close();
        await first.close();
    }
}

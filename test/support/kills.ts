/** Killing what takes part in an engine command, at a moment that a seed decides, and looking at what comes of it. */
import { afterAll, beforeAll, test } from "vitest";
import { Scene } from "./killScene";
import type { OwnCluster } from "./run/setup";
import { chosen, seeded } from "./seeded";

const VICTIMS = ["engine", "provider", "kube-apiserver", "versitygw"] as const;
const COMMANDS = ["up", "change", "refresh", "destroy"] as const;

/** What one seed stands for. */
export interface Kill {
    readonly seed: number;
    readonly victim: (typeof VICTIMS)[number];
    /** `up`: the first one; `change`: one with changes. */
    readonly command: (typeof COMMANDS)[number];
    /** After so many requests of the command to both sides together, and so many milliseconds. */
    readonly requests: number;
    readonly milliseconds: number;
    /** How long a killed server is away, in milliseconds. */
    readonly downFor: number;
    /** Whether there is an object in the bucket that may not be lost. */
    readonly filled: boolean;
    /** What a `change` changes. */
    readonly changes: readonly (keyof Declared)[];
}

/** What the program declares. */
export interface Declared {
    readonly name: string;
    readonly bucket: string;
    readonly description: string;
    readonly origin: string;
}

/** Requests that each command makes, some more or less. A change makes those of the checks, and these for each part. */
const REQUESTS: Record<Kill["command"] | keyof Declared, number> = {
    up: 45,
    change: 8,
    refresh: 9,
    destroy: 14,
    description: 2,
    origin: 4,
    name: 28,
    bucket: 18,
};

/** What a seed stands for: victims and commands in turn, the rest by chance. */
function killOf(seed: number): Kill {
    const random = seeded(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const command = COMMANDS[(seed + Math.floor(seed / 4)) % 4] as Kill["command"];
    const filled = random() < 0.5;
    const changeable: (keyof Declared)[] = [
        "description",
        "origin",
        "name",
        ...(filled ? [] : ["bucket" as const]),
    ];
    const drawn = changeable.filter(() => random() < 0.5);
    const changes = drawn.length > 0 ? drawn : changeable.slice(0, 1);
    return {
        seed,
        victim: VICTIMS[seed % 4] as Kill["victim"],
        command,
        requests: below(REQUESTS[command] + (command === "change" ? sum(changes) : 0)),
        milliseconds: below(40),
        downFor: below(2_000),
        filled,
        changes,
    };
}

function sum(changes: readonly (keyof Declared)[]): number {
    return changes.reduce((all, name) => all + REQUESTS[name], 0);
}

/** The tests of these seeds. Others: `KILLS_SEED=17 KILLS_RUNS=1`. */
export function testKills(seeds: readonly number[], cluster: () => OwnCluster): void {
    let scene: Scene;

    // A cluster of its own: it kills servers, and claims the default flag.
    beforeAll(async () => {
        scene = await Scene.open(cluster());
    });
    afterAll(() => scene?.close());

    test.each(chosen(seeds))("seed %i", async (seed) => {
        console.log(await scene.play(killOf(seed)));
    });

    test("what is whole again can be taken down, and nothing is left", () => scene.takeDown());
}

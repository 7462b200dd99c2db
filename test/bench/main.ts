/**
 * npm run bench [-- --json FILE]: engine operations on 1, 20 and 100 registries, each as a ratio to a floor
 * measured in the same run, because the machine's own speed varies too much for seconds to mean anything.
 */
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { type EngineRun, Project } from "../support/project";
import { FLOOR, REGISTRIES } from "./programs";

/** One measured operation. */
interface Case {
    operation: string;
    registries: number;
    seconds: number;
    floorSeconds: number;
    ratio: number;
}

const COUNTS = [1, 20, 100];

/** Rounds of the operations that can be repeated; the median counts. */
const ROUNDS = 3;

/** Loads of the package; the median counts. */
const LOADS = 15;

const { values: flags } = parseArgs({ options: { json: { type: "string" } } });

main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
});

async function main(): Promise<void> {
    console.log("Measuring; this takes some minutes.");
    const cases: Case[] = [loadCase()];
    report(cases[0] as Case);
    const sandbox = await startSandbox({ log: (line) => console.log(line) });
    try {
        for (const count of COUNTS) {
            for (const measured of await measure(sandbox, count)) {
                cases.push(measured);
                report(measured);
            }
        }
    } finally {
        await sandbox.stop();
    }
    if (flags.json !== undefined) {
        await writeFile(flags.json, `${JSON.stringify({ cases }, null, 2)}\n`);
        console.log(`Written to ${flags.json}.`);
    }
}

/** What \`require("pulumi-llmos")\` adds to \`require("@pulumi/pulumi")\`. */
function loadCase(): Case {
    const load = (...names: string[]) => {
        const code = `const start = process.hrtime.bigint(); ${names.map((name) => `require("${name}");`).join(" ")} console.log(Number(process.hrtime.bigint() - start) / 1e9);`;
        return Number(spawnSync(process.execPath, ["-e", code], { encoding: "utf8" }).stdout);
    };
    const pairs = Array.from({ length: LOADS }, () => [
        load("@pulumi/pulumi"),
        load("@pulumi/pulumi", "pulumi-llmos"),
    ]);
    const [floor, ours] = [0, 1].map((index) => median(pairs.map((pair) => pair[index] ?? 0)));
    return caseOf("load", 0, ours ?? 0, floor ?? 0);
}

async function measure(sandbox: Sandbox, count: number): Promise<Case[]> {
    const { endpoint, accessKeyId, secretAccessKey, caBundle } = sandbox.s3;
    const values = { count, endpoint, accessKeyId, secretAccessKey };
    const config = { "llmos:caBundle": caBundle };
    const floor = await Project.create(sandbox, { program: FLOOR, values });
    const ours = await Project.create(sandbox, { program: REGISTRIES, values, config });
    try {
        return [
            await compare("first preview", count, [floor, ours], 1, (project) => project.pulumi("preview")),
            await compare("first up", count, [floor, ours], 1, (project) => project.up()),
            await compare("no-change preview", count, [floor, ours], ROUNDS, (project) =>
                project.pulumi("preview", "--expect-no-changes"),
            ),
            await compare("no-change up", count, [floor, ours], ROUNDS, (project) =>
                project.up("--expect-no-changes"),
            ),
        ];
    } finally {
        await floor.remove();
        await ours.remove();
    }
}

/** Runs both in turn, so that a busy spell of the machine meets both. */
async function compare(
    operation: string,
    count: number,
    [floor, ours]: [Project, Project],
    rounds: number,
    run: (project: Project) => Promise<EngineRun>,
): Promise<Case> {
    const seconds: number[] = [];
    const floorSeconds: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
        floorSeconds.push(await timed(() => run(floor)));
        seconds.push(await timed(() => run(ours)));
    }
    return caseOf(operation, count, median(seconds), median(floorSeconds));
}

async function timed(run: () => Promise<EngineRun>): Promise<number> {
    const started = performance.now();
    const { exitCode, output } = await run();
    if (exitCode !== 0) {
        throw new Error(`The measured command failed:\n${output}`);
    }
    return (performance.now() - started) / 1_000;
}

function caseOf(operation: string, registries: number, seconds: number, floorSeconds: number): Case {
    const rounded = (value: number) => Math.round(value * 1_000) / 1_000;
    return {
        operation,
        registries,
        seconds: rounded(seconds),
        floorSeconds: rounded(floorSeconds),
        ratio: rounded(seconds / floorSeconds),
    };
}

function median(numbers: number[]): number {
    const sorted = [...numbers].sort((left, right) => left - right);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function report({ operation, registries, seconds, floorSeconds, ratio }: Case): void {
    const what = `${operation}${registries > 0 ? `, ${registries} ${registries === 1 ? "registry" : "registries"}` : ""}`;
    console.log(
        `${what.padEnd(36)} ${seconds.toFixed(2).padStart(8)} s   floor ${floorSeconds.toFixed(2).padStart(7)} s   ratio ${ratio.toFixed(2)}`,
    );
}

/** Two stacks that claim the default flag at the same time, by two engines. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { drifts } from "../support/plan";
import { type EngineRun, Project } from "../support/project";

const FLAG = "ml.llmos.ai/is-default-registry";
const sandbox = inject("cluster");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

const program = `
new llmos.Registry(values.name, {
    endpoint: values.endpoint,
    bucket: { name: values.name + "-bucket" },
    credentials: values.keys,
    cors: { unmanaged: true },
    default: true,
    timeouts: { settleSeconds: 0.5 },
});
`;

let outside: Outside;
const projects: Project[] = [];

async function projectOf(name: string): Promise<Project> {
    const project = await Project.create(sandbox, {
        program,
        values: { name, endpoint, keys: { accessKeyId, secretAccessKey } },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    projects.push(project);
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
    return project;
}

async function marked(): Promise<string[]> {
    const { items } = await outside.expect(200, "GET", "/apis/ml.llmos.ai/v1/registries");
    return items
        .filter(({ metadata }: { metadata: { annotations?: Record<string, string> } }) => {
            return metadata.annotations?.[FLAG] === "true";
        })
        .map(({ metadata }: { metadata: { name: string } }) => metadata.name);
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
});
afterAll(async () => {
    await Promise.all(projects.map((project) => project.remove()));
    await outside?.clear();
    outside?.s3.destroy();
});

test("two stacks that claim it at once end with one default, and the loser sees its drift", async () => {
    const first = await projectOf("first");
    const second = await projectOf("second");
    expect(await marked()).toEqual(["second"]);
    for (let round = 0; round < 3; round += 1) {
        const runs = await Promise.all([first.up("--refresh"), second.up("--refresh")]);
        for (const run of runs) {
            expect(run.exitCode === 0 || tellsOfRival(run), run.output).toBe(true);
        }
        const [winner, ...others] = await marked();
        expect(others).toEqual([]);
        expect(["first", "second"]).toContain(winner);
        const [won, lost] = winner === "first" ? [first, second] : [second, first];
        const quiet = await won.preview("--refresh", "--expect-no-changes");
        expect(quiet.exitCode, quiet.output).toBe(0);
        const drifted = await lost.preview("--refresh", "--expect-no-changes");
        expect(drifted.exitCode, drifted.output).not.toBe(0);
        expect(drifts(drifted).join()).toContain(
            `DefaultRegistry ${winner === "first" ? "second" : "first"}-default`,
        );
    }
});

function tellsOfRival({ output }: EngineRun): boolean {
    return output.includes("cannot be made the only default: somebody else keeps claiming it");
}

/** One default registry in the cluster: taken back when it is stolen, and one at the end of any race of two stacks. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { drifts, expectSettled } from "../support/plan";
import { type EngineRun, Project } from "../support/project";

const REGISTRY = "/apis/ml.llmos.ai/v1/registries";
const FLAG = "ml.llmos.ai/is-default-registry";

const program = `
new llmos.Registry(values.name, {
    endpoint: values.endpoint,
    bucket: { name: values.name + "-bucket" },
    credentials: values.keys,
    cors: false,
    default: true,
});
`;

const sandbox = inject("cluster");
let outside: Outside;
let first: Project;
let second: Project;

async function projectOf(name: string): Promise<Project> {
    const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
    const project = await Project.create(sandbox, {
        program,
        values: { name, endpoint, keys: { accessKeyId, secretAccessKey } },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
    return project;
}

/** Sets the flag of one Registry as the LLMOS page does, which clears the others, or leaves them as they are. */
async function setFlag(name: string, value: "true" | "false"): Promise<void> {
    await outside.expect(200, "PATCH", `${REGISTRY}/${name}`, {
        metadata: { annotations: { [FLAG]: value } },
    });
}

async function marked(): Promise<string[]> {
    const { items } = await outside.expect(200, "GET", REGISTRY);
    return items
        .filter(({ metadata }: { metadata: { annotations?: Record<string, string> } }) => {
            return metadata.annotations?.[FLAG] === "true";
        })
        .map(({ metadata }: { metadata: { name: string } }) => metadata.name);
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    first = await projectOf("first");
});
afterAll(async () => {
    await first?.remove();
    await second?.remove();
    outside?.s3.destroy();
});

test("a stolen default, and a second one, are told on the flag and healed by one up", async () => {
    const spec = (await outside.registry("first")).spec;
    const head = { apiVersion: "ml.llmos.ai/v1", kind: "Registry", metadata: { name: "thief" } };
    await outside.expect(201, "POST", REGISTRY, { ...head, spec });
    for (const [ours, properties] of [
        ["false", "isDefault, otherDefaults"],
        ["true", "isDefault, otherDefaults"],
    ] as const) {
        await setFlag("thief", "true");
        await setFlag("first", ours);
        const preview = await first.pulumi("preview", "--refresh", "--diff");
        expect(preview.exitCode, preview.output).toBe(0);
        expect(drifts(preview)).toEqual([`refresh DefaultRegistry first-default: ${properties}`]);
        expect(preview.output).toContain('"thief"');
        const healed = await first.up("--refresh");
        expect(healed.exitCode, healed.output).toBe(0);
        expect(healed.output).toContain('"thief" is no longer the default registry: "first" is.');
        expect(await marked()).toEqual(["first"]);
        await expectSettled(first);
    }
    await setFlag("first", "false");
    const none = await first.pulumi("preview", "--refresh", "--diff");
    expect(drifts(none), "nobody is the default").toEqual(["delete DefaultRegistry first-default"]);
    const healed = await first.up("--refresh");
    expect(healed.exitCode, healed.output).toBe(0);
    expect(await marked()).toEqual(["first"]);
});

test("two stacks that claim it at once end with one default, and the loser sees its drift", async () => {
    second = await projectOf("second");
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

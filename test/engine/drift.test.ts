/**
 * Drift by the engine: each is shown by `preview --refresh` on the part that it belongs to, in values; one `up` heals it,
 * and then it is quiet. All kinds of drift: integration/drift.
 */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { CASES, type DriftCase, declared, driftArgs } from "../support/driftCases";
import { Outside } from "../support/outside";
import { drifts, expectSettled } from "../support/plan";
import { Project } from "../support/project";
import { REGISTRIES_PROGRAM } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

/** A part that is gone, values of each part that are others, and a verdict that turned. */
const SHOWN = ["nobucket", "nocors", "cors", "keys", "bucket-name", "http", "description"];
const cases = SHOWN.map((kind) => [`shown-${kind}`, CASES[kind] as DriftCase] as const);

let outside: Outside;
let project: Project;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    const registries = cases.map(([name]) => [name, driftArgs(name, sandbox.s3)]);
    project = await Project.create(sandbox, {
        program: REGISTRIES_PROGRAM,
        values: { registries: Object.fromEntries(registries) },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey, "somebody-elses"],
    });
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
});
afterAll(async () => {
    const destroyed = await project?.destroy();
    await project?.remove();
    outside?.s3.destroy();
    expect(destroyed?.exitCode, destroyed?.output).toBe(0);
});

test("drift is told on its child, healed by one up, and quiet afterwards", async () => {
    const sides = () =>
        Promise.all(cases.map(async ([name]) => ({ name, ...(await declared(outside, name)) })));
    const before = await sides();
    for (const [name, { act }] of cases) {
        await act({ ...sandbox.s3, outside }, name);
    }
    const preview = await project.pulumi("preview", "--refresh", "--diff");
    expect(preview.exitCode, preview.output).toBe(0);
    const expected = cases.flatMap(([name, { told }]) => told(name));
    expect(drifts(preview), preview.output).toEqual(expected.sort());
    for (const value of ["Somebody's", '"shown-bucket-name-elsewhere"', `"http://${endpoint}"`]) {
        expect(preview.output).toContain(value);
    }
    expect(preview.output).toContain("The LLMOS operator cannot use the registry. It says: ");

    const healed = await project.up("--refresh");
    expect(healed.exitCode, healed.output).toBe(0);
    expect(healed.output).toContain(
        'The bucket "shown-cors-bucket" has a CORS rule that this stack did not write (https://added.example.com)',
    );
    expect(await sides()).toEqual(before);
    await expectSettled(project);
    await project.exportState();
});

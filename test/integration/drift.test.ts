/** All that somebody may do to a registry past its stack: found on the part that it belongs to, and healed by one up. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Registry } from "../../provider";
import { CASES, declared, driftArgs } from "../support/driftCases";
import { Outside } from "../support/outside";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const cases = Object.entries(CASES).map(([kind, each]) => [`drift-${kind}`, each] as const);

let outside: Outside;
const stack = new StackStandIn(sandbox);

const program = () => {
    for (const [name] of cases) {
        new Registry(name, driftArgs(name, sandbox.s3));
    }
};

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    for (const [name, { prepare }] of cases) {
        await prepare?.({ ...sandbox.s3, outside }, name);
    }
    await stack.succeeds(stack.up(program));
});
afterAll(async () => {
    const destroyed = await stack.destroy();
    outside?.s3.destroy();
    expect(destroyed.failed, destroyed.told.join()).toBe(false);
});

test("every drift is told on its child, healed by one up, and quiet afterwards", async () => {
    const sides = () =>
        Promise.all(cases.map(async ([name]) => ({ name, ...(await declared(outside, name)) })));
    const before = await sides();
    for (const [name, { act }] of cases) {
        await act({ ...sandbox.s3, outside }, name);
    }
    const seen = await stack.succeeds(stack.refresh());
    const expected = cases
        .flatMap(([name, { told }]) => told(name))
        .map((line) => line.replace(/^delete \w+ /, "deleted ").replace(/^refresh \w+ /, "refreshed "));
    expect([...seen.done].sort()).toEqual(expected.sort());

    const healed = await stack.succeeds(stack.up(program));
    expect([...seen.told, ...healed.told].join("\n")).toContain(
        'The bucket "drift-cors-bucket" has a CORS rule that this stack did not write (https://added.example.com)',
    );
    expect(await outside.origins("drift-cors-bucket")).toContain("https://added.example.com");
    expect(await sides()).toEqual(before);
    const extra = await outside.secret("drift-extra-key-credentials");
    expect(extra?.data["note"]).toBe("kept");
    const labelled = await outside.registry("drift-labels");
    expect(labelled.metadata.labels).toEqual({ team: "vision" });
    expect(labelled.metadata.annotations["theirs"]).toBe("kept");
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
    expect((await stack.succeeds(stack.up(program))).done).toEqual([]);
});

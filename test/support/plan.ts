/** What the engine says that it will do, and what it did. */
import { expect } from "vitest";
import type { EngineRun, Project } from "./project";

/** What a preview plans, as `operation type name`; resources that stay as they are are left out. */
export async function planned(project: Project, ...args: string[]): Promise<string[]> {
    const { output, exitCode } = await project.pulumi("preview", "--json", ...args);
    expect(exitCode, output).toBe(0);
    const { steps } = JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1)) as {
        steps: { op: string; urn: string }[];
    };
    return steps.filter(({ op }) => op !== "same").map(({ op, urn }) => `${op} ${shortOf(urn)}`);
}

/** What an update has done, in its order, as `deed name`. */
export function done({ output }: EngineRun): string[] {
    const deeds =
        /^ *(?:\+\+|\+-|--|\+|-|~|\S+) +\S+ (\S+) (created|updated|deleted|created replacement|deleted original) \(/;
    return output.split("\n").flatMap((line) => {
        const [, name, deed] = deeds.exec(line) ?? [];
        return name && deed ? [`${deed} ${name}`] : [];
    });
}

/**
 * Asserts that the stack is settled: a look at the servers finds nothing that is not in the state, and then there is
 * nothing to do. Where the look changes nothing, there is nothing to do without it either.
 */
export async function expectSettled(project: Project): Promise<void> {
    const refreshed = await project.preview("--refresh", "--expect-no-changes");
    expect(refreshed.exitCode, refreshed.output).toBe(0);
}

function shortOf(urn: string): string {
    const [, , types = "", name = ""] = urn.split("::");
    return `${types.split(":").pop()} ${name}`;
}

/**
 * What a refresh has found, as `refresh type name: properties` or `delete type name`, sorted; resources that are as
 * they were are left out. From the text that a person reads, because that is what has to tell it.
 */
export function drifts({ output }: EngineRun): string[] {
    // What a component holds stands further in than what stands alone.
    const heads = [...output.matchAll(/^( +)~ \S+ \(refresh\)\n/gm)];
    return heads
        .map((head) => {
            const inside = " ".repeat((head[1]?.length ?? 0) + 2);
            const rest = output.slice(head.index + head[0].length);
            const block = rest.slice(0, rest.search(new RegExp(`^(?!${inside})`, "m")));
            const resource = shortOf(/\[urn=(.*)\]/.exec(block)?.[1] ?? "");
            const properties = [...block.matchAll(new RegExp(`^${inside}([-+~]) (\\w+) *:`, "gm"))];
            const gone = properties.every(([, sign]) => sign === "-");
            const names = properties.map(([, , name]) => name).sort();
            return gone ? `delete ${resource}` : `refresh ${resource}: ${names.join(", ")}`;
        })
        .sort();
}

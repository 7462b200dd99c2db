/** Where exactly a resource changes: each argument that does, down to the values in it that are others. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { Properties } from "../../lifecycle";
import type { Difference } from "../../lifecycle/difference";

/** What happens to one value. */
export interface PathChange {
    /** As the engine writes it: `target.endpoint`, `rules[0].allowedOrigins`. */
    readonly path: string;
    readonly kind: "add" | "update" | "delete";
    /** Only a replacement can change it. */
    readonly replaces: boolean;
}

/** The changes of a difference between a state and new arguments. One of what the provider has found is told whole. */
export function pathChanges(
    { changes, replaces }: Difference,
    state: Properties,
    inputs: Properties,
    isArgument: (name: string) => boolean,
): PathChange[] {
    return changes.flatMap(({ name }) => {
        const inside = isArgument(name) ? changesBelow(name, state[name], inputs[name]) : [];
        // What means another thing and has the same values (an order, a file's content) is a change as well.
        const told = inside.length > 0 ? inside : [{ path: name, kind: "update" as const }];
        return told.map((change) => ({ ...change, replaces: replaces.includes(name) }));
    });
}

type Change = Omit<PathChange, "replaces">;

function changesBelow(path: string, before: unknown, after: unknown): Change[] {
    if (isDeepStrictEqual(before, after)) {
        return [];
    }
    if (before === undefined || before === null) {
        return [{ path, kind: "add" }];
    }
    if (after === undefined || after === null) {
        return [{ path, kind: "delete" }];
    }
    if (Array.isArray(before) && Array.isArray(after)) {
        const longer = before.length > after.length ? before : after;
        return longer.flatMap((_, index) => changesBelow(`${path}[${index}]`, before[index], after[index]));
    }
    if (isObject(before) && isObject(after)) {
        const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
        return names.flatMap((name) => changesBelow(`${path}.${name}`, before[name], after[name]));
    }
    return [{ path, kind: "update" }];
}

function isObject(value: unknown): value is Properties {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

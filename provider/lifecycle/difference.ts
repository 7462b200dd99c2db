/** What changes between a state and new arguments, for any lifecycle. Pure. */
import { type Change, changesOf } from "../description/comparison";
import type { KnownPart, Lifecycle } from "./index";

/** What changes, and how. */
export interface Difference {
    readonly changes: readonly Change[];
    /** Arguments among them that only a replacement can change. */
    readonly replaces: readonly string[];
    /** The old one must go first, because the new one has its place. */
    readonly deleteBeforeReplace: boolean;
}

/** Compares; unknown inputs are left out of `inputs` and named in `unknowns`. */
export function differenceOf<I extends object, S extends I>(
    lifecycle: Lifecycle<I, S>,
    state: S,
    inputs: KnownPart<I>,
    unknowns: ReadonlySet<string> = new Set(),
): Difference {
    const compares: readonly string[] = lifecycle.compares ?? [];
    const plain = changesOf(lifecycle.fields, state as Partial<I>, inputs, unknowns);
    const changes = [
        ...plain.filter(({ name }) => !compares.includes(name)),
        ...(lifecycle.changes?.(state, inputs, unknowns) ?? []),
    ];
    const replaces = changes.flatMap(({ name, effect }) =>
        effect === "replace" && !unknowns.has(name) ? [name] : [],
    );
    const deleteBeforeReplace = replaces.length > 0 && lifecycle.deletesFirst?.(replaces) === true;
    return { changes, replaces, deleteBeforeReplace };
}

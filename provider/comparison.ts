/** Comparing a state with new inputs, argument by argument. */
import { isDeepStrictEqual } from "node:util";
import type { Fields } from "./fields";

/** Names of the arguments that differ; `quiet` ones are left out, because their change leaves nothing to do. */
export function changedFields<I extends object>(
    fields: Fields<I>,
    state: Partial<I>,
    inputs: Partial<I>,
    unknowns: ReadonlySet<string>,
    quiet: readonly (keyof I)[],
): string[] {
    const names = Object.keys(fields) as (keyof I & string)[];
    return names.filter(
        (name) =>
            !quiet.includes(name) && (unknowns.has(name) || !isDeepStrictEqual(state[name], inputs[name])),
    );
}

/** Whether two sets of inputs are the same, but for the quiet ones. */
export function sameInputs<I extends object>(left: I, right: I, quiet: readonly (keyof I)[]): boolean {
    const names = new Set([...Object.keys(left), ...Object.keys(right)]) as Set<keyof I>;
    return [...names].every((name) => quiet.includes(name) || isDeepStrictEqual(left[name], right[name]));
}

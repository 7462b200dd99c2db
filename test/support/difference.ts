/** The outcome of comparing, in names: what concerns servers, what is only stored, what replaces. */
import type { Lifecycle } from "../../provider/lifecycle";
import { differenceOf } from "../../provider/lifecycle/difference";

export function diffOf<I extends object, S extends I>(
    lifecycle: Lifecycle<I, S>,
    state: S,
    inputs: Partial<I>,
    unknowns: ReadonlySet<string>,
) {
    const { changes, replaces } = differenceOf(lifecycle, state, inputs, unknowns);
    const named = (stores: boolean) =>
        changes.flatMap(({ name, effect }) => ((effect === "store") === stores ? [name] : []));
    return { changes: named(false), stores: named(true), replaces };
}

/** Comparing a state with new arguments, one by one, and what each change does. */
import { isDeepStrictEqual } from "node:util";
import type { Fields, OnChange } from "./fields";

/** One argument that changes. */
export interface Change {
    readonly name: string;
    readonly effect: OnChange;
}

/** What changes, argument by argument. An unknown value is a change; one that `messages` carry is none. */
export function changesOf<I extends object>(
    fields: Fields<I>,
    state: Partial<I>,
    inputs: Partial<I>,
    unknowns: ReadonlySet<string>,
): Change[] {
    const names = Object.keys(fields) as (keyof I & string)[];
    return names.flatMap((name) => {
        const { onChange, presence } = fields[name];
        const isKept = presence === "filledIn" && inputs[name] === undefined;
        const isSame = isKept || isDeepStrictEqual(state[name], inputs[name]);
        return onChange === undefined || (isSame && !unknowns.has(name)) ? [] : [{ name, effect: onChange }];
    });
}

/** Whether a server has to be asked or written to because of these changes. */
export function concernServers(changes: readonly Change[]): boolean {
    return changes.some(({ effect }) => effect !== "store");
}

/** The arguments, with what was filled in before and cannot be found out now. */
export function withFilledIn<I extends object>(
    fields: Fields<I>,
    inputs: Partial<I>,
    state: Partial<I>,
): Partial<I> {
    const names = Object.keys(fields) as (keyof I & string)[];
    const kept = names.filter(
        (name) =>
            fields[name].presence === "filledIn" && inputs[name] === undefined && state[name] !== undefined,
    );
    return { ...Object.fromEntries(kept.map((name) => [name, state[name]])), ...inputs };
}

/** What decoding values comes to: a value, or a problem with its precise path; never a throw. */

/** Stands for a value that the engine does not know yet. */
export const UNKNOWN: unique symbol = Symbol("unknown until the update runs");

/** What is wrong with one argument. */
export interface Problem {
    /** For example `credentials.secretAccessKey` or `rules[0].allowedMethods`. */
    readonly path: string;
    /** A sentence for a person, without the value of anything secret. */
    readonly reason: string;
}

/** What was decoded so far, beside the value itself. */
export interface Decoding {
    readonly problems: Problem[];
    /** Paths of unknown values. */
    readonly unknowns: string[];
}

/** Decodes one value. Undefined means absent, unknown or wrong; which of them, `Decoding` tells. */
export type Decoder<T> = (value: unknown, path: string, into: Decoding) => T | undefined;

/** The outcome of refining a value: the normalised value or the reason of its refusal. */
export type Refined<T> = { readonly value: T } | { readonly refused: string };

export function refuse(into: Decoding, path: string, reason: string): undefined {
    into.problems.push({ path, reason });
    return undefined;
}

/** The outcome of looking at something on a server. */
import { LlmosError } from "./finding";

/**
 * The outcome of looking. Only `absent`, a confirmed "not found", may drop state; `unknown` is an error that
 * leaves it as it was (a peer that read a 403 as "gone" planned to make every bucket anew).
 */
export type Reading<T> =
    | { readonly outcome: "present"; readonly value: T }
    | { readonly outcome: "absent" }
    | { readonly outcome: "unknown"; readonly error: LlmosError };

export const absent = { outcome: "absent" } as const;

export function present<T>(value: T): Reading<T> {
    return { outcome: "present", value };
}

/** The reading that an explained failure, or a value, or none, comes to. */
export async function readingOf<T>(look: () => Promise<T | undefined>): Promise<Reading<T>> {
    try {
        const value = await look();
        return value === undefined ? absent : present(value);
    } catch (error) {
        if (error instanceof LlmosError) {
            return { outcome: "unknown", error };
        }
        throw error;
    }
}

/** The value of a reading, undefined when absent; an unknown one throws its error. */
export function known<T>(reading: Reading<T>): T | undefined {
    if (reading.outcome === "unknown") {
        throw reading.error;
    }
    return reading.outcome === "present" ? reading.value : undefined;
}

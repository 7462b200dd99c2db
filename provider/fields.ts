/** Checked decoders for inputs: a value, or a problem with its precise path; never a throw. */

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

/**
 * What a change of an argument does: `replace` makes another object, `write` asks or tells servers, `store` only writes
 * the state. There is no change that is not stored: refresh, destroy and guards go by the state.
 */
export type OnChange = "replace" | "write" | "store";

/** An argument: its decoder, whether it may be left out, and what its change does. */
export interface Field<T> {
    readonly decode: Decoder<T>;
    readonly required: boolean;
    readonly fallback?: T;
    /** Undefined for what only carries a message from the program or from `check`: no argument, and no change. */
    readonly onChange?: OnChange;
    /** Filled in by the provider, and kept as it was where it cannot be found out: then it is no change. */
    readonly remembered?: true;
}

/** A field for each argument; the compiler holds table and interface together. */
export type Fields<I> = { readonly [K in keyof I]-?: Field<Exclude<I[K], undefined>> };

export function required<T>(decode: Decoder<T>, onChange: OnChange = "write"): Field<T> {
    return { decode, required: true, onChange };
}

export function optional<T>(decode: Decoder<T>, onChange: OnChange = "write"): Field<T> {
    return { decode, required: false, onChange };
}

/** An optional argument with a default that is written into the state. */
export function withDefault<T>(decode: Decoder<T>, fallback: T, onChange: OnChange = "write"): Field<T> {
    return { decode, required: false, fallback, onChange };
}

/** Filled in by the provider, and kept where it cannot be found out. */
export function remembered<T>(decode: Decoder<T>, onChange: OnChange): Field<T> {
    return { decode, required: false, onChange, remembered: true };
}

/** Carries a message from the program to `check`, or from `check` to the engine. */
export function message<T>(decode: Decoder<T>): Field<T> {
    return { decode, required: false };
}

/** Decodes an object by its fields; an argument that is not in the table is a problem (a typo, mostly). */
export function decodeFields<I extends object>(
    fields: Fields<I>,
    value: Record<string, unknown>,
    prefix: string,
    into: Decoding,
): Partial<I> {
    const result: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields) as [string, Field<unknown>][]) {
        const decoded = decodeField(field, value[name], prefix + name, into);
        if (decoded !== undefined) {
            result[name] = decoded;
        }
    }
    for (const name of Object.keys(value)) {
        if (!Object.hasOwn(fields, name) && value[name] !== undefined) {
            const reason = `unknown argument. Known here: ${Object.keys(fields).join(", ")}.`;
            into.problems.push({ path: prefix + name, reason });
        }
    }
    return result as Partial<I>;
}

function decodeField(field: Field<unknown>, value: unknown, path: string, into: Decoding): unknown {
    if (value === UNKNOWN) {
        into.unknowns.push(path);
        return undefined;
    }
    if (value === undefined || value === null) {
        if (field.required) {
            into.problems.push({ path, reason: "is required and was not given." });
        }
        return field.fallback;
    }
    return field.decode(value, path, into);
}

/** A string; `refine` may normalise it or give the reason why it is refused. */
export function text(refine?: (value: string) => Refined<string>): Decoder<string> {
    return (value, path, into) => {
        if (typeof value !== "string") {
            return refuse(into, path, `must be a string, but is ${kindOf(value)}.`);
        }
        return refine ? settle(refine(value), path, into) : value;
    };
}

/** The outcome of refining a value: the normalised value or the reason of its refusal. */
export type Refined<T> = { readonly value: T } | { readonly refused: string };

function settle<T>(refined: Refined<T>, path: string, into: Decoding): T | undefined {
    return "value" in refined ? refined.value : refuse(into, path, refined.refused);
}

export const flag: Decoder<boolean> = (value, path, into) =>
    typeof value === "boolean"
        ? value
        : refuse(into, path, `must be true or false, but is ${kindOf(value)}.`);

/** A finite number of at least `minimum`. */
export function number(minimum: number): Decoder<number> {
    return (value, path, into) =>
        typeof value === "number" && Number.isFinite(value) && value >= minimum
            ? value
            : refuse(into, path, `must be a number of at least ${minimum}.`);
}

export function oneOf<T extends string>(...choices: readonly T[]): Decoder<T> {
    return (value, path, into) =>
        choices.includes(value as T)
            ? (value as T)
            : refuse(into, path, `must be one of ${choices.map((choice) => `"${choice}"`).join(", ")}.`);
}

/** A list, each element decoded; `least` and `most` bound its length. */
export function list<T>(decode: Decoder<T>, least = 0, most = Number.POSITIVE_INFINITY): Decoder<T[]> {
    return (value, path, into) => {
        if (!Array.isArray(value)) {
            return refuse(into, path, `must be a list, but is ${kindOf(value)}.`);
        }
        if (value.length < least || value.length > most) {
            return refuse(into, path, `must have ${range(least, most)} entries, but has ${value.length}.`);
        }
        const decoded = value.map((entry, index) =>
            decodeField({ decode, required: true }, entry, `${path}[${index}]`, into),
        );
        return decoded.includes(undefined) ? undefined : (decoded as T[]);
    };
}

/** A nested object with fields of its own. */
export function object<T extends object>(fields: Fields<T>): Decoder<T> {
    return (value, path, into) => {
        if (typeof value !== "object" || value === null || Array.isArray(value)) {
            return refuse(into, path, `must be an object, but is ${kindOf(value)}.`);
        }
        const seen = into.problems.length + into.unknowns.length;
        const decoded = decodeFields(fields, value as Record<string, unknown>, `${path}.`, into);
        return into.problems.length + into.unknowns.length === seen ? (decoded as T) : undefined;
    };
}

/** An object that is taken as it is: one that this provider has written itself. */
export function written<T extends object>(): Decoder<T> {
    return (value, path, into) =>
        typeof value === "object" && value !== null && !Array.isArray(value)
            ? (value as T)
            : refuse(into, path, `must be an object, but is ${kindOf(value)}.`);
}

/** Decodes with the first alternative whose `marker` argument is present, the last one otherwise. */
export function either<A extends object, B extends object>(
    marker: string,
    whenMarked: Decoder<A>,
    otherwise: Decoder<B>,
): Decoder<A | B> {
    return (value, path, into) => {
        const marked = typeof value === "object" && value !== null && marker in value;
        return marked ? whenMarked(value, path, into) : otherwise(value, path, into);
    };
}

function refuse(into: Decoding, path: string, reason: string): undefined {
    into.problems.push({ path, reason });
    return undefined;
}

function range(least: number, most: number): string {
    return Number.isFinite(most) ? `${least} to ${most}` : `at least ${least}`;
}

function kindOf(value: unknown): string {
    if (value === null) {
        return "null";
    }
    return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/**
 * The fields of a resource: what each argument or output is, and what its change does. A table of them, each with its
 * documentation above it, is the one source of types, decoders, classes and reference.
 */
import { type Decoder, type Decoding, UNKNOWN } from "./decoding";

/** The kind of a value: its decoder, and what schema and documentation say of it. */
export interface Kind<T> {
    /** As the documentation writes it: `string`, `"GET" | "PUT"`, `string[]`, or the name of an object. */
    readonly name: string;
    readonly decode: Decoder<T>;
    /** Fields of an object. */
    readonly fields?: Table;
    /** Kind of the elements of a list. */
    readonly element?: Kind<unknown>;
}

/**
 * What a change of an argument does: `replace` makes another object, `write` asks or tells servers, `store` only writes
 * the state. There is no change that is not stored: refresh, destroy and guards go by the state.
 */
export type OnChange = "replace" | "write" | "store";

/**
 * Who gives a value. `required`, `optional`: the program. `named`: the program, or else the name of the resource.
 * `derived`: the provider, each time, out of other arguments. `filledIn`: the provider, which keeps it as it was where it
 * cannot be found out; then it is no change. `message`: it only carries a message from the program to `check`, or from
 * `check` to the engine: no argument, and no change. `hidden`: the provider, for itself; it is in the state, and no output.
 */
export type Presence = "required" | "optional" | "named" | "derived" | "filledIn" | "message" | "hidden";

export interface Field<T, P extends Presence = Presence> {
    readonly kind: Kind<T>;
    readonly presence: P;
    /** Default that is written into the state. */
    readonly fallback?: T;
    /** Undefined for a `message`. */
    readonly onChange?: OnChange;
    /** Encrypted in the state, and never shown. */
    readonly secret?: true;
    /** Type of the resource whose name it takes: another one of the program may still have to make it. */
    readonly refers?: string;
    /** An argument that is an output too where the program does not give it, because it is filled in. */
    readonly shown?: true;
}

/** Fields by their names. */
export type Table = Readonly<Record<string, Field<unknown>>>;

/** A field for each argument; the compiler holds table and interface together. */
export type Fields<I> = { readonly [K in keyof I]-?: Field<Exclude<I[K], undefined>> };

type ValueOf<F> = F extends Field<infer T> ? T : never;
type Is<F, P extends Presence> = F extends Field<unknown, P> ? true : false;
type Flat<T> = { [K in keyof T]: T[K] };
type With<F, P extends Presence> = { [K in keyof F as Is<F[K], P> extends true ? K : never]: ValueOf<F[K]> };
type MaybeWith<F, P extends Presence> = {
    [K in keyof F as Is<F[K], P> extends true ? K : never]?: ValueOf<F[K]>;
};

/** The type of what a table of arguments describes, filled in. */
export type InputsOf<F> = Flat<
    With<F, "required" | "named"> & MaybeWith<F, "optional" | "derived" | "filledIn" | "message">
>;

/** The type of what a table of computed values describes, as a program sees it. */
export type OutputsOf<F> = Flat<With<F, "required"> & MaybeWith<F, "optional">>;

/** The type of what the state holds beside that. */
export type HiddenOf<F> = Flat<With<F, "hidden">>;

export function required<T>(kind: Kind<T>, onChange: OnChange = "write"): Field<T, "required"> {
    return { kind, presence: "required", onChange };
}

export function optional<T>(kind: Kind<T>, onChange: OnChange = "write"): Field<T, "optional"> {
    return { kind, presence: "optional", onChange };
}

/** An optional argument with a default that is written into the state. */
export function withDefault<T>(
    kind: Kind<T>,
    fallback: T,
    onChange: OnChange = "write",
): Field<T, "optional"> {
    return { kind, presence: "optional", fallback, onChange };
}

/** An argument that is the resource's own name unless the program says otherwise. */
export function named<T>(kind: Kind<T>, onChange: OnChange): Field<T, "named"> {
    return { kind, presence: "named", onChange };
}

export function derived<T>(kind: Kind<T>, onChange: OnChange): Field<T, "derived"> {
    return { kind, presence: "derived", onChange };
}

export function filledIn<T>(kind: Kind<T>, onChange: OnChange): Field<T, "filledIn"> {
    return { kind, presence: "filledIn", onChange };
}

export function message<T>(kind: Kind<T>): Field<T, "message"> {
    return { kind, presence: "message" };
}

export function hidden<T>(kind: Kind<T>): Field<T, "hidden"> {
    return { kind, presence: "hidden" };
}

export function secret<T, P extends Presence>(field: Field<T, P>): Field<T, P> {
    return { ...field, secret: true };
}

export function refers<T, P extends Presence>(type: string, field: Field<T, P>): Field<T, P> {
    return { ...field, refers: type };
}

/** Whether it names another resource, by itself or by one of its fields. */
export function refersToOthers({ refers: type, kind }: Field<unknown>): boolean {
    return type !== undefined || Object.values(kind.fields ?? {}).some(refersToOthers);
}

export function shown<T, P extends Presence>(field: Field<T, P>): Field<T, P> {
    return { ...field, shown: true };
}

/** The same field where its change does something else. */
export function changing<T, P extends Presence>(field: Field<T, P>, onChange: OnChange): Field<T, P> {
    return { ...field, onChange };
}

/** Decodes an object by its fields; an argument that is not in the table is a problem (a typo, mostly). */
export function decodeFields<I extends object>(
    fields: Fields<I>,
    value: Record<string, unknown>,
    prefix: string,
    into: Decoding,
): Partial<I> {
    const result: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields as Table)) {
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
    const isNeeded =
        field.presence === "required" || field.presence === "named" || field.presence === "hidden";
    if (value === UNKNOWN) {
        into.unknowns.push(path);
        return undefined;
    }
    if (value === undefined || value === null) {
        if (isNeeded) {
            into.problems.push({ path, reason: "is required and was not given." });
        }
        return field.fallback;
    }
    return field.kind.decode(value, path, into);
}

/** Decodes one value that has to be there. */
export function decodeOne<T>(kind: Kind<T>, value: unknown, path: string, into: Decoding): T | undefined {
    return decodeField(required(kind), value, path, into) as T | undefined;
}

/** The kinds of values that arguments and outputs have. */
import { type Decoding, type Refined, refuse } from "./decoding";
import { decodeFields, decodeOne, type Fields, type Kind, type Table } from "./fields";

/** A string; `refine` may normalise it or give the reason why it is refused. */
export function text(refine?: (value: string) => Refined<string>): Kind<string> {
    return {
        name: "string",
        decode(value, path, into) {
            if (typeof value !== "string") {
                return refuse(into, path, `must be a string, but is ${kindOf(value)}.`);
            }
            return refine ? settle(refine(value), path, into) : value;
        },
    };
}

function settle<T>(refined: Refined<T>, path: string, into: Decoding): T | undefined {
    return "value" in refined ? refined.value : refuse(into, path, refined.refused);
}

export const flag: Kind<boolean> = {
    name: "boolean",
    decode: (value, path, into) =>
        typeof value === "boolean"
            ? value
            : refuse(into, path, `must be true or false, but is ${kindOf(value)}.`),
};

/** A finite number of at least `minimum`. */
export function number(minimum = Number.NEGATIVE_INFINITY): Kind<number> {
    return {
        name: "number",
        decode: (value, path, into) =>
            typeof value === "number" && Number.isFinite(value) && value >= minimum
                ? value
                : refuse(
                      into,
                      path,
                      `must be a number${Number.isFinite(minimum) ? ` of at least ${minimum}` : ""}.`,
                  ),
    };
}

export function oneOf<T extends string>(...choices: readonly T[]): Kind<T> {
    const quoted = choices.map((choice) => `"${choice}"`);
    return {
        name: quoted.join(" | "),
        decode: (value, path, into) =>
            choices.includes(value as T)
                ? (value as T)
                : refuse(into, path, `must be one of ${quoted.join(", ")}.`),
    };
}

/** A list, each element decoded; `least` and `most` bound its length. */
export function list<T>(element: Kind<T>, least = 0, most = Number.POSITIVE_INFINITY): Kind<T[]> {
    return {
        name: element.name.includes(" ") ? `(${element.name})[]` : `${element.name}[]`,
        element,
        decode(value, path, into) {
            if (!Array.isArray(value)) {
                return refuse(into, path, `must be a list, but is ${kindOf(value)}.`);
            }
            if (value.length < least || value.length > most) {
                return refuse(
                    into,
                    path,
                    `must have ${range(least, most)} entries, but has ${value.length}.`,
                );
            }
            const decoded = value.map((entry, index) => decodeOne(element, entry, `${path}[${index}]`, into));
            return decoded.includes(undefined) ? undefined : (decoded as T[]);
        },
    };
}

/**
 * A nested object with fields of its own, under the name that its type has in the documentation; `refusal` is what is
 * wrong with fields that are right one by one.
 */
export function object<T extends object>(
    name: string,
    fields: Fields<T>,
    refusal: (value: T) => string | undefined = () => undefined,
): Kind<T> {
    return {
        name,
        fields: fields as Table,
        decode(value, path, into) {
            if (!isObject(value)) {
                return refuse(into, path, `must be an object, but is ${kindOf(value)}.`);
            }
            const seen = into.problems.length + into.unknowns.length;
            const decoded = decodeFields(fields, value, `${path}.`, into);
            if (into.problems.length + into.unknowns.length > seen) {
                return undefined;
            }
            const reason = refusal(decoded as T);
            return reason === undefined ? (decoded as T) : refuse(into, path, reason);
        },
    };
}

/** An object that is taken as it is: one that this provider has written itself. */
export function written<T extends object>(name: string): Kind<T> {
    return {
        name,
        decode: (value, path, into) =>
            isObject(value)
                ? (value as T)
                : refuse(into, path, `must be an object, but is ${kindOf(value)}.`),
    };
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
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

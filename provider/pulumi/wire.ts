/** Values as the engine sends them. */
import { UNKNOWN } from "../description/decoding";

/** How the engine writes a value that it does not know yet, whatever its type will be. */
export const UNKNOWN_SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The serialised provider, which travels among the properties. */
export const PROVIDER_KEY = "__provider";

/** Received properties: the engine's sentinels become UNKNOWN, and its own key is taken out. */
export function received(properties: Record<string, unknown> | undefined): Record<string, unknown> {
    const { [PROVIDER_KEY]: _provider, ...rest } = properties ?? {};
    return mark(rest) as Record<string, unknown>;
}

function mark(value: unknown): unknown {
    if (typeof value === "string") {
        return value === UNKNOWN_SENTINEL ? UNKNOWN : value;
    }
    if (Array.isArray(value)) {
        return value.map(mark);
    }
    return isObject(value) ? mapValues(value, mark) : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null;
}

function mapValues(
    object: Record<string, unknown>,
    map: (value: unknown) => unknown,
): Record<string, unknown> {
    return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}

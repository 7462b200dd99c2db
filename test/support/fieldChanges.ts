/** A place in an object: field names, and "0" for the first item of a list. */
export type Path = string[];

const absent = Symbol("absent");

/** Values of every JSON type, some of which are wrong in any given place. */
export const values: Record<string, unknown> = {
    absent,
    null: null,
    text: "text",
    "empty text": "",
    moment: "2026-01-02T03:04:05Z",
    integer: 7,
    fraction: 1.5,
    "more than 64 bits": 1e19,
    flag: true,
    list: [],
    object: {},
    "object with a surplus field": { surplus: "field" },
};

/** Every place inside an object. */
export function paths(root: unknown): Path[] {
    if (root === null || typeof root !== "object") return [];
    return Object.entries(root).flatMap(([name, value]) => [
        [name],
        ...paths(value).map((path) => [name, ...path]),
    ]);
}

/** A copy of an object with one place changed. */
export function changed<T>(root: T, path: Path, value: unknown): T {
    const copy = structuredClone(root);
    const last = path[path.length - 1]!;
    // biome-ignore lint/suspicious/noExplicitAny: a place may lie anywhere.
    const parent: any = path.slice(0, -1).reduce<any>((at, name) => at[name], copy);
    if (value !== absent) parent[last] = value;
    else if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else delete parent[last];
    return copy;
}

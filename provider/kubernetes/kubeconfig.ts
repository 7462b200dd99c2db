/**
 * What a kubeconfig says, read and merged by the rules of kubectl (kubernetes.io, "Organizing Cluster Access Using kubeconfig
 * Files"; client-go, tools/clientcmd). No file is read here, and no message repeats a value: any of them may be a token.
 */
import { resolve, sep } from "node:path";
import { CORE_SCHEMA, loadAll, Type, YAMLException } from "js-yaml";

/** Why a kubeconfig cannot be used, in words that go on from "cannot be used: ". */
export class Unusable extends Error {}

/** A name as it stands in a message: without what would steer a terminal. */
export function quoted(name: string): string {
    return JSON.stringify(name);
}

/** Decodes one value; absent and null are the empty value, as in Go. */
type Shape<T> = (value: unknown, path: string) => T;

/** Half a character (a lone surrogate, written as an escape) is none. */
const text: Shape<string> = (value, path) => {
    const given = value ?? "";
    return typeof given === "string" && !/\p{Surrogate}/u.test(given) ? given : wrong(path, "a text");
};

const flag: Shape<boolean> = (value, path) =>
    typeof (value ?? false) === "boolean" ? ((value ?? false) as boolean) : wrong(path, "true or false");

/** In base64; line breaks in it count for nothing. */
const bytes: Shape<Buffer> = (value, path) => {
    const written = text(value, path).replace(/[\r\n]/g, "");
    const decoded = Buffer.from(written, "base64");
    return decoded.toString("base64") === written ? decoded : wrong(path, "in base64");
};

const anything: Shape<unknown> = (value) => value;

function list<T>(element: Shape<T>): Shape<readonly T[]> {
    return (value, path) =>
        Array.isArray(value ?? [])
            ? ((value ?? []) as unknown[]).map((each, index) => element(each, `${path}[${index}]`))
            : wrong(path, "a list");
}

function map<T>(element: Shape<T>): Shape<ReadonlyMap<string, T>> {
    return (value, path) =>
        new Map(Object.entries(objectOf(value, path)).map(([key, each]) => [key, element(each, path)]));
}

function record<S extends Record<string, Shape<unknown>>>(
    shapes: S,
): Shape<{ readonly [K in keyof S]: ReturnType<S[K]> }> {
    return (value, path) => {
        const given = objectOf(value, path);
        const decoded = Object.entries(shapes).map(([key, shape]) => [
            key,
            shape(Object.hasOwn(given, key) ? given[key] : undefined, path ? `${path}.${key}` : key),
        ]);
        return Object.fromEntries(decoded);
    };
}

function optional<T>(shape: Shape<T>): Shape<T | undefined> {
    return (value, path) => (value === undefined || value === null ? undefined : shape(value, path));
}

/** A list of entries with names, by their names. */
function named<T>(key: string, shape: Shape<T>): Shape<ReadonlyMap<string, T>> {
    const entries = list((value, path) => ({
        name: text(objectOf(value, path)["name"], `${path}.name`),
        entry: shape(objectOf(value, path)[key], `${path}.${key}`),
    }));
    return (value, path) => {
        const byName = new Map<string, T>();
        for (const { name, entry } of entries(value, path)) {
            if (byName.has(name)) {
                throw new Unusable(`two entries of "${path}" have the name ${quoted(name)}`);
            }
            byName.set(name, entry);
        }
        return byName;
    };
}

function objectOf(value: unknown, path: string): Record<string, unknown> {
    const given = value ?? {};
    return typeof given === "object" && !Array.isArray(given)
        ? (given as Record<string, unknown>)
        : wrong(path || "the document", "an object");
}

function wrong(path: string, what: string): never {
    throw new Unusable(`${path} must be ${what}`);
}

const cluster = record({
    server: text,
    "tls-server-name": text,
    "insecure-skip-tls-verify": flag,
    "certificate-authority": text,
    "certificate-authority-data": bytes,
    "proxy-url": text,
    "disable-compression": flag,
    extensions: list(record({ name: text, extension: anything })),
});

const exec = record({
    command: text,
    args: list(text),
    env: list(record({ name: text, value: text })),
    apiVersion: text,
    installHint: text,
    provideClusterInfo: flag,
    interactiveMode: text,
});

const user = record({
    "client-certificate": text,
    "client-certificate-data": bytes,
    "client-key": text,
    "client-key-data": bytes,
    token: text,
    tokenFile: text,
    as: text,
    "as-uid": text,
    "as-groups": list(text),
    "as-user-extra": map(list(text)),
    username: text,
    password: text,
    "auth-provider": optional(record({ name: text, config: map(text) })),
    exec: optional(exec),
});

const document = record({
    apiVersion: text,
    kind: text,
    "current-context": text,
    contexts: named("context", record({ cluster: text, user: text, namespace: text })),
    clusters: named("cluster", cluster),
    users: named("user", user),
});

export type ClusterEntry = ReturnType<typeof cluster>;
export type UserEntry = ReturnType<typeof user>;
export type ExecEntry = ReturnType<typeof exec>;
export type Kubeconfig = Omit<ReturnType<typeof document>, "apiVersion" | "kind">;

/** A user of whom nothing is said. */
export const ANONYMOUS: UserEntry = user(undefined, "user");

/**
 * Reads one kubeconfig; relative paths in it are relative to `folder`, or stay as they are where there is none. Fails with
 * `Unusable`.
 */
export function parseKubeconfig(content: string, folder?: string): Kubeconfig {
    const { apiVersion, kind, ...read } = document(parsedYaml(content), "");
    if (!["", "v1"].includes(apiVersion) || !["", "Config"].includes(kind)) {
        throw new Unusable("it is of another kind than Config of v1");
    }
    const absolute = (path: string) => (path && folder !== undefined ? resolve(folder, path) : path);
    // A command without a folder is looked for in PATH.
    const command = (given: string) => (given.includes(sep) ? absolute(given) : given);
    return {
        ...read,
        clusters: changed(read.clusters, (each) => ({
            ...each,
            "certificate-authority": absolute(each["certificate-authority"]),
        })),
        users: changed(read.users, (each) => ({
            ...each,
            "client-certificate": absolute(each["client-certificate"]),
            "client-key": absolute(each["client-key"]),
            tokenFile: absolute(each.tokenFile),
            exec: each.exec && { ...each.exec, command: command(each.exec.command) },
        })),
    };
}

/** Of what stands in several, the first has it: a value that is not empty, and an entry as a whole. */
export function merged(kubeconfigs: readonly Kubeconfig[]): Kubeconfig {
    const backwards = kubeconfigs.toReversed();
    const all = <K extends "contexts" | "clusters" | "users">(key: K) =>
        new Map(backwards.flatMap((each) => [...each[key]] as never[])) as unknown as Kubeconfig[K];
    return {
        "current-context": kubeconfigs.map((each) => each["current-context"]).find((name) => name) ?? "",
        contexts: all("contexts"),
        clusters: all("clusters"),
        users: all("users"),
    };
}

function changed<T>(entries: ReadonlyMap<string, T>, change: (entry: T) => T): ReadonlyMap<string, T> {
    return new Map([...entries].map(([name, entry]) => [name, change(entry)]));
}

/** YAML 1.1 as kubectl reads it: `yes` and `on` are truth values, `<<` merges, a date is a text. */
const SCHEMA = CORE_SCHEMA.extend({
    implicit: [
        new Type("tag:yaml.org,2002:bool", {
            kind: "scalar",
            resolve: (data) => typeof data === "string" && /^(?:y|yes|true|on|n|no|false|off)$/i.test(data),
            construct: (data: string) => /^(?:y|yes|true|on)$/i.test(data),
        }),
        new Type("tag:yaml.org,2002:merge", { kind: "scalar", resolve: (data) => data === "<<" }),
    ],
});

/** The first document of a text; the parser's own message would quote the lines around what it stumbles over. */
function parsedYaml(content: string): unknown {
    try {
        // A key that stands twice has its last value.
        return (loadAll(content, null, { schema: SCHEMA, json: true }) as unknown[])[0];
    } catch (error) {
        const line = error instanceof YAMLException ? error.mark?.line : undefined;
        throw new Unusable(`it is not valid YAML${line === undefined ? "" : ` (line ${line + 1})`}`);
    }
}

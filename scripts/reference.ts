/**
 * Writes docs/reference.md out of the descriptions: what a program says of each kind, and what it is told. Names, kinds,
 * defaults and effects come from the tables themselves, the words from the comments above their entries.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Keys, keysFields } from "../provider/description/arguments";
import type { Field, Kind, Table } from "../provider/description/fields";
import { object, written } from "../provider/description/kinds";
import type { Finding } from "../provider/finding";
import { LIFECYCLES } from "../provider/resources";
import { type Member, Words } from "./words";

const ROOT = join(__dirname, "..");
export const REFERENCE = join(ROOT, "docs", "reference.md");

const EFFECTS = { replace: "replacement", write: "update", store: "state only" } as const;

const HEAD = `# Reference

Written by \`npm run docs\` from the descriptions in \`provider/resources/\`.

Every argument takes outputs of other resources. What a change of it does:

- *replacement*: another object. The new one is made first, unless it has the place of the old one.
- *update*: the servers are asked or written to; the object stays.
- *state only*: an update that only writes the state. Refresh, destroy and guards go by it.

Secret values are encrypted in the state and never shown.
`;

/** The whole document. */
export function referenceText(words = new Words()): string {
    const objects = new Map<string, Kind<unknown>>();
    const kinds = Object.values(LIFECYCLES).map(({ type, fields, computed }) => {
        collectAll(fields as Table, objects);
        collectAll(computed as Table, objects);
        return [
            `## ${type}`,
            words.ofClass(type),
            "### Arguments",
            argumentsTable(fields as Table, words.ofFields(`${type}Inputs`)),
            "### Outputs",
            `${alwaysThere(fields as Table)}, and:`,
            outputsTable(computed as Table, words.ofFields(`${type}Computed`)),
        ].join("\n\n");
    });
    // Named by what is no table: a check, and the arguments of the component.
    collect(written<Finding>("Finding"), objects);
    collect(object<Keys>("Keys", keysFields), objects);
    const nested = [...objects].sort(([one], [other]) => (one < other ? -1 : 1));
    return `${[
        HEAD,
        registrySection(words),
        ...kinds,
        "## Objects",
        ...nested.map(([name, kind]) => objectSection(name, kind, words)),
    ].join("\n\n")}\n`.replace(/\n{3,}/g, "\n\n");
}

/** The component, whose arguments are an interface: their names do not stand for one object. */
function registrySection(words: Words): string {
    const part = (type: string) => [`### ${type}`, words.ofInterface(type), interfaceTable(words, type)];
    return [
        "## Registry",
        words.ofClass("Registry"),
        "### Arguments",
        interfaceTable(words, "RegistryArgs"),
        ...part("RegistryBucketArgs"),
        ...part("RegistryCredentialsArgs"),
        ...part("RegistryCorsArgs"),
        "### Outputs",
        table(
            ["output", "type", "meaning"],
            words.properties("Registry").map(({ name, type, doc }) => [`\`${name}\``, linked(type), doc]),
        ),
    ].join("\n\n");
}

function argumentsTable(fields: Table, docs: ReadonlyMap<string, string>): string {
    const given = Object.entries(fields).filter(([, { presence }]) =>
        ["required", "optional", "named"].includes(presence),
    );
    return table(
        ["argument", "type", "default", "a change", "meaning"],
        given.map(([name, field]) => [
            `\`${name}\``,
            typeOf(field),
            defaultOf(field),
            field.onChange ? EFFECTS[field.onChange] : "",
            docs.get(name) ?? "",
        ]),
    );
}

function alwaysThere(fields: Table): string {
    const names = Object.entries(fields).flatMap(([name, { presence, shown }]) =>
        presence === "required" || presence === "named" || shown ? [`\`${name}\``] : [],
    );
    return names.join(", ");
}

function outputsTable(computed: Table, docs: ReadonlyMap<string, string>): string {
    const shown = Object.entries(computed).filter(([, { presence }]) => presence !== "hidden");
    return table(
        ["output", "type", "meaning"],
        shown.map(([name, field]) => [`\`${name}\``, typeOf(field), docs.get(name) ?? ""]),
    );
}

function objectSection(name: string, kind: Kind<unknown>, words: Words): string {
    const docs = words.ofFields(name);
    const rows = kind.fields
        ? Object.entries(kind.fields).map(([field, each]) => [
              `\`${field}\``,
              typeOf(each),
              defaultOf(each),
              docs.get(field) ?? "",
          ])
        : words.members(name).map(rowOf);
    return [
        `### ${name}`,
        words.ofInterface(name),
        table(["field", "type", "default", "meaning"], rows),
    ].join("\n\n");
}

function interfaceTable(words: Words, name: string): string {
    return table(["argument", "type", "default", "meaning"], words.members(name).map(rowOf));
}

function rowOf({ name, type, isOptional, doc }: Member): string[] {
    return [`\`${name}\``, linked(type), isOptional ? "" : "required", doc];
}

function collectAll(fields: Table, into: Map<string, Kind<unknown>>): void {
    for (const { kind, presence } of Object.values(fields)) {
        if (presence !== "message") {
            collect(kind, into);
        }
    }
}

/** Objects that a kind is made of, at any depth. */
function collect(kind: Kind<unknown>, into: Map<string, Kind<unknown>>): void {
    if (kind.element) {
        collect(kind.element, into);
    } else if (/^[A-Z]\w*$/.test(kind.name) && !into.has(kind.name)) {
        into.set(kind.name, kind);
        collectAll(kind.fields ?? {}, into);
    }
}

function typeOf({ kind, secret }: Field<unknown>): string {
    return `${linked(kind.name)}${secret ? ", secret" : ""}`;
}

/** A type, with a link where it is one of ours. */
function linked(type: string): string {
    const named = /^([A-Z]\w*)((?:\[\])?)$/.exec(type);
    return named ? `[\`${named[1]}\`](#${named[1]?.toLowerCase()})${named[2] ? " list" : ""}` : `\`${type}\``;
}

function defaultOf({ presence, fallback }: Field<unknown>): string {
    if (presence === "required") {
        return "required";
    }
    if (presence === "named") {
        return "the resource's name";
    }
    return fallback === undefined ? "" : `\`${JSON.stringify(fallback)}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const line = (cells: readonly string[]) =>
        `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

if (require.main === module) {
    writeFileSync(REFERENCE, referenceText());
}

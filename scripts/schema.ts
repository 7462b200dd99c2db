/**
 * Writes plugin/schema.json out of the descriptions: what the plugin offers to each language, in the form of Pulumi
 * (pulumi.com/docs, "Pulumi Package Schema"). Names, kinds and defaults come from the tables, the words from the comments
 * above their entries.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Field, Kind, Table } from "../provider/description/fields";
import { settingsFields } from "../provider/lifecycle/settings";
import { LIFECYCLES } from "../provider/resources";
import { type Member, Words } from "./words";

const ROOT = join(__dirname, "..");
export const SCHEMA = join(ROOT, "plugin", "schema.json");

interface Type {
    readonly type?: "string" | "number" | "boolean" | "array";
    readonly items?: Type;
    readonly $ref?: string;
}

interface Property extends Type {
    readonly description: string;
    readonly secret?: true;
    readonly default?: unknown;
    readonly willReplaceOnChanges?: true;
}

type Properties = Record<string, Property>;

/** The whole document. */
export function schemaText(words = new Words()): string {
    const { description, keywords, license } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const types = new ObjectTypes(words);
    const settings = types.properties(settingsFields, words.ofFields("Settings"));
    const kinds = Object.values(LIFECYCLES).map(({ type, fields, computed }) => [
        tokenOf(type),
        resourceOf(type, fields as Table, computed as Table, types, words),
    ]);
    const schema = {
        name: "llmos",
        displayName: "LLMOS",
        description,
        keywords,
        license,
        config: { variables: settings },
        provider: {
            description:
                "A cluster, and how its S3 servers are trusted. Each declared provider is a process of its own.",
            inputProperties: settings,
        },
        resources: Object.fromEntries(kinds),
        types: types.all(),
    };
    return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function tokenOf(name: string): string {
    return `llmos:index:${name}`;
}

function resourceOf(type: string, fields: Table, computed: Table, types: ObjectTypes, words: Words) {
    const docs = words.ofFields(`${type}Inputs`);
    const given = pick(fields, ({ presence }) => ["required", "optional", "named"].includes(presence));
    const told = pick(fields, ({ presence, shown }) => shown === true && presence === "filledIn");
    const seen = pick(computed, ({ presence }) => presence !== "hidden");
    return {
        description: words.ofInterface(type),
        inputProperties: types.properties(given, docs),
        requiredInputs: names(given, ({ presence }) => presence === "required"),
        properties: {
            ...types.properties({ ...given, ...told }, docs, true),
            ...types.properties(seen, words.ofFields(`${type}Computed`), true),
        },
        required: names(
            { ...given, ...told, ...seen },
            ({ presence, shown, fallback }) =>
                presence === "required" || presence === "named" || shown === true || fallback !== undefined,
        ),
    };
}

/** The types of the objects that arguments and outputs are made of. */
class ObjectTypes {
    private readonly known = new Map<string, object>();

    constructor(private readonly words: Words) {}

    all(): Record<string, object> {
        return Object.fromEntries([...this.known].sort(([one], [other]) => (one < other ? -1 : 1)));
    }

    properties(fields: Table, docs: ReadonlyMap<string, string>, areOutputs = false): Properties {
        const entries = Object.entries(fields).map(([name, field]) => {
            const { kind, secret, fallback, onChange } = field;
            const property: Property = {
                ...this.typeOf(kind),
                description: withChoices(docs.get(name) ?? "", kind.name),
                ...(secret && { secret }),
                ...(!areOutputs && fallback !== undefined && { default: fallback }),
                ...(!areOutputs && onChange === "replace" && { willReplaceOnChanges: true as const }),
            };
            return [name, property];
        });
        return Object.fromEntries(entries);
    }

    private typeOf({ name, element, fields }: Kind<unknown>): Type {
        if (element) {
            return { type: "array", items: this.typeOf(element) };
        }
        if (fields) {
            return this.refTo(name, () => this.described(name, fields));
        }
        return this.named(name);
    }

    /** By the name that the documentation has for it; one that is no table is an interface of the source. */
    private named(name: string): Type {
        const [, element] = /^\(?(.*?)\)?\[\]$/.exec(name) ?? [];
        if (element !== undefined) {
            return { type: "array", items: this.named(element) };
        }
        if (name === "string" || name === "number" || name === "boolean") {
            return { type: name };
        }
        return name.startsWith('"') ? { type: "string" } : this.refTo(name, () => this.declared(name));
    }

    private refTo(name: string, make: () => object): Type {
        const token = tokenOf(name);
        if (!this.known.has(token)) {
            this.known.set(token, {});
            this.known.set(token, make());
        }
        return { $ref: `#/types/${token}` };
    }

    private described(name: string, fields: Table): object {
        return {
            type: "object",
            description: this.words.ofInterface(name),
            properties: this.properties(fields, this.words.ofFields(name)),
            required: names(fields, ({ presence }) => presence === "required"),
        };
    }

    private declared(name: string): object {
        const members = this.words.members(name);
        const property = ({ type, doc }: Member): Property => ({
            ...this.named(type),
            description: withChoices(doc, type),
        });
        return {
            type: "object",
            description: this.words.ofInterface(name),
            properties: Object.fromEntries(members.map((member) => [member.name, property(member)])),
            required: members.filter(({ isOptional }) => !isOptional).map((member) => member.name),
        };
    }
}

/** Texts that a value is one of are told in words: not every language has such types. */
function withChoices(doc: string, kind: string): string {
    const choices = kind.match(/"[^"]*"/g) ?? [];
    return choices.length > 1 ? `${doc} One of ${choices.map((each) => `\`${each}\``).join(", ")}.` : doc;
}

function pick(fields: Table, which: (field: Field<unknown>) => boolean): Table {
    return Object.fromEntries(Object.entries(fields).filter(([, field]) => which(field)));
}

function names(fields: Table, which: (field: Field<unknown>) => boolean): string[] {
    return Object.keys(pick(fields, which));
}

if (require.main === module) {
    writeFileSync(SCHEMA, schemaText());
}

/**
 * Writes docs/reference.md out of the descriptions: what a program says of each kind, and what it is told. Names, kinds,
 * defaults and effects come from the tables themselves, the words from the comments above their entries.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { type Keys, keysFields } from "../provider/description/arguments";
import type { Field, Kind, Table } from "../provider/description/fields";
import { object, written } from "../provider/description/kinds";
import type { Finding } from "../provider/finding";
import { LIFECYCLES } from "../provider/resources";

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
export function referenceText(): string {
    const words = new Words();
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
    const part = (type: string) => [`### ${type}`, words.ofInterface(type), words.table(type)];
    return [
        "## Registry",
        words.ofClass("Registry"),
        "### Arguments",
        words.table("RegistryArgs"),
        ...part("RegistryBucketArgs"),
        ...part("RegistryCredentialsArgs"),
        ...part("RegistryCorsArgs"),
        "### Outputs",
        words.outputs("Registry"),
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
        : words.rows(name);
    return [
        `### ${name}`,
        words.ofInterface(name),
        table(["field", "type", "default", "meaning"], rows),
    ].join("\n\n");
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
    return named
        ? `[\`${named[1]}\`](#${named[1]?.toLowerCase()})${named[2] ? " list" : ""}`
        : `\`${type.replaceAll("|", "\\|")}\``;
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
    const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
    return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** What the comments in the source say, as the compiler reads them. */
class Words {
    private readonly checker: ts.TypeChecker;
    private readonly exported: ReadonlyMap<string, ts.Symbol>;
    private readonly declared = new Map<string, ts.Symbol>();

    constructor() {
        const entry = join(ROOT, "provider", "index.ts");
        const { options } = ts.parseJsonConfigFileContent(
            ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile).config,
            ts.sys,
            ROOT,
        );
        const program = ts.createProgram([entry], options);
        this.checker = program.getTypeChecker();
        const source = program.getSourceFile(entry);
        const module = source && this.checker.getSymbolAtLocation(source);
        const exports = module ? this.checker.getExportsOfModule(module) : [];
        this.exported = new Map(exports.map((symbol) => [symbol.name, this.resolved(symbol)]));
        for (const file of program.getSourceFiles()) {
            for (const statement of file.statements) {
                if (ts.isInterfaceDeclaration(statement) && !file.isDeclarationFile) {
                    const symbol = this.checker.getSymbolAtLocation(statement.name);
                    symbol && this.declared.set(symbol.name, symbol);
                }
            }
        }
    }

    ofClass(name: string): string {
        const symbol = this.symbol(name);
        const examples = symbol
            .getJsDocTags(this.checker)
            .filter((tag) => tag.name === "example")
            .map((tag) => ts.displayPartsToString(tag.text));
        return [this.docOf(symbol), ...examples].join("\n\n");
    }

    ofInterface(name: string): string {
        return this.docOf(this.symbol(name));
    }

    /** The comment of each field. */
    ofFields(name: string): ReadonlyMap<string, string> {
        const fields = this.checker.getDeclaredTypeOfSymbol(this.symbol(name)).getProperties();
        return new Map(fields.map((field) => [field.name, this.docOf(field)]));
    }

    /** The fields of an interface that is no table. */
    rows(name: string): string[][] {
        const fields = this.checker.getDeclaredTypeOfSymbol(this.symbol(name)).getProperties();
        return fields.map((field) => [
            `\`${field.name}\``,
            linked(this.typeOf(field)),
            field.flags & ts.SymbolFlags.Optional ? "" : "required",
            this.docOf(field),
        ]);
    }

    table(name: string): string {
        return table(["argument", "type", "default", "meaning"], this.rows(name));
    }

    outputs(name: string): string {
        const declaration = this.symbol(name).declarations?.find(ts.isClassDeclaration);
        const rows = [...(declaration?.members ?? [])].filter(ts.isPropertyDeclaration).flatMap((member) => {
            const symbol = this.checker.getSymbolAtLocation(member.name);
            return symbol ? [[`\`${symbol.name}\``, linked(this.typeOf(symbol)), this.docOf(symbol)]] : [];
        });
        return table(["output", "type", "meaning"], rows);
    }

    /** The type as it is written, without what makes an input or an output of it. */
    private typeOf(symbol: ts.Symbol): string {
        const [declaration] = symbol.declarations ?? [];
        const written =
            declaration && "type" in declaration && (declaration.type as ts.TypeNode | undefined)?.getText();
        const bare = (written || "").replace(/pulumi\.(Input|Output)<|Deep<|>/g, "");
        return this.spelledOut(bare.replace(/ \| undefined$/, "").replace(/\s+/g, " "));
    }

    /** A name that stands for a choice of texts, as that choice. */
    private spelledOut(type: string): string {
        const symbol = this.exported.get(type);
        return symbol && symbol.flags & ts.SymbolFlags.TypeAlias
            ? this.checker.typeToString(
                  this.checker.getDeclaredTypeOfSymbol(symbol),
                  undefined,
                  ts.TypeFormatFlags.InTypeAlias | ts.TypeFormatFlags.NoTruncation,
              )
            : type;
    }

    private docOf(symbol: ts.Symbol): string {
        const text = ts.displayPartsToString(symbol.getDocumentationComment(this.checker));
        return text
            .replace(/\{@link (\w+)\}/g, "`$1`")
            .replace(/\s*\n\s*/g, " ")
            .replaceAll("|", "\\|");
    }

    private symbol(name: string): ts.Symbol {
        const symbol = this.exported.get(name) ?? this.declared.get(name);
        if (!symbol) {
            throw new Error(`${name} is described, and no interface or class of that name is there.`);
        }
        return symbol;
    }

    private resolved(symbol: ts.Symbol): ts.Symbol {
        return symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
    }
}

if (require.main === module) {
    writeFileSync(REFERENCE, referenceText());
}

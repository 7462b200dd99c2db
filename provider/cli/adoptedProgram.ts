/** The text of a program that declares registries as they are. */
import type { Adoptable, LeftOut } from "./adoptable";
import type { DeclaredCors } from "./bucketRules";
import type { S3Options } from "./options";
import { oneLine } from "./terminal";

/** A registry with the rules that its bucket has. */
export interface Adopted extends Adoptable {
    readonly cors: DeclaredCors;
}

/** What the program is made of. */
export interface ProgramParts {
    /** Address of the API server. */
    readonly server: string;
    readonly adopted: readonly Adopted[];
    readonly leftOut: readonly LeftOut[];
    /** Names of all registries of the cluster that are marked as the default. */
    readonly defaults: readonly string[];
    readonly s3: S3Options;
}

/** One argument: its comment lines, name and value as TypeScript. */
interface Argument {
    readonly name: string;
    readonly value: unknown;
    readonly comment?: string;
}

const INDENT = "    ";

/** Longest line, in characters. */
const WIDTH = 100;

/** `index.ts`. */
export function programText(parts: ProgramParts): string {
    const variables = variablesFor(parts.adopted.map(({ name }) => name));
    const registries = parts.adopted.map((registry, index) =>
        declaration(variables[index] ?? "", argumentsOf(registry, parts), registry.name),
    );
    const leftOut = parts.leftOut.map(({ name, reason }) => comment(`Left out: "${name}" ${reason}.`, ""));
    const states = parts.adopted.map(
        ({ name }, index) => `${INDENT}${keyOf(name)}: ${variables[index]}.state,`,
    );
    return `${[
        header(parts.server),
        'import * as llmos from "pulumi-llmos";\n',
        ...registries,
        ...leftOut.map((text) => `${text}\n`),
        `/** State of each registry, as the LLMOS page shows it. */\nexport const states = {\n${states.join("\n")}\n};`,
    ].join("\n")}\n`;
}

function header(server: string): string {
    return `/**
 * Registries of the LLMOS cluster ${oneLine(server).replaceAll("*/", "* /")}, written by \`pulumi-llmos adopt\`.
 *
 * The first \`pulumi up\` takes them into the stack and changes nothing in the cluster or the buckets. From then on
 * this program says what they are. \`pulumi destroy\` deletes the Registry objects that nothing uses and the CORS rules
 * of their buckets, but no bucket and no Secret; { protect: true } as a registry's third argument prevents it.
 */`;
}

function declaration(variable: string, args: readonly Argument[], name: string): string {
    const lines = args.map(({ name: argument, value, comment: why }) => {
        const text = `${INDENT}${argument}: ${literal(value, INDENT, argument.length + 3)},`;
        return why === undefined ? text : `${comment(why, INDENT)}\n${text}`;
    });
    return `const ${variable} = new llmos.Registry(${literal(name)}, {\n${lines.join("\n")}\n});\n`;
}

function argumentsOf(registry: Adopted, { defaults, s3 }: ProgramParts): Argument[] {
    const { description, endpoint, bucket, secretName, cors } = registry;
    return [
        ...(description === undefined ? [] : [{ name: "description", value: description }]),
        { name: "endpoint", value: endpoint },
        ...Object.entries(s3).map(([name, value]) => ({ name, value })),
        { name: "bucket", value: { name: bucket, existing: true } },
        { name: "credentials", value: { secretName, existing: true } },
        corsArgument(cors),
        ...defaultArgument(registry, defaults),
        { name: "adopt", value: true },
        {
            name: "proveWriting",
            value: false,
            comment: "Adopting writes nothing. Take this line out afterwards, to have changes proved.",
        },
    ];
}

const UNMANAGED = { unmanaged: true };

function corsArgument(cors: DeclaredCors): Argument {
    if ("unread" in cors) {
        const comment = `The bucket's CORS rules could not be read: ${cors.unread.found}.`;
        return { name: "cors", value: UNMANAGED, comment };
    }
    return "leftAlone" in cors
        ? { name: "cors", value: UNMANAGED, comment: cors.leftAlone }
        : { name: "cors", value: cors };
}

/** With several defaults it is chance which one LLMOS takes, and to declare one of them would change the others. */
function defaultArgument({ isDefault }: Adopted, defaults: readonly string[]): Argument[] {
    if (!isDefault) {
        return [];
    }
    return defaults.length === 1
        ? [{ name: "default", value: true }]
        : [
              {
                  name: "default",
                  value: false,
                  comment: `The cluster has ${defaults.length} defaults: ${defaults.join(", ")}. Set true on the one that is meant.`,
              },
          ];
}

/** A value as TypeScript, on one line where that fits; `before` counts the characters in front of it. */
export function literal(value: unknown, indent = "", before = 0): string {
    const short = onOneLine(value);
    if (typeof value !== "object" || indent.length + before + short.length < WIDTH) {
        return short;
    }
    const deeper = indent + INDENT;
    const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
    const entries = Array.isArray(value)
        ? value.map((entry) => literal(entry, deeper, 1))
        : Object.entries(value as object).map(
              ([name, entry]) => `${keyOf(name)}: ${literal(entry, deeper, name.length + 3)}`,
          );
    return [open, ...entries.map((entry) => `${deeper}${entry},`), indent + close].join("\n");
}

/** A property's name, in quotes only where it needs them. */
function keyOf(name: string): string {
    return /^[a-z_$][\w$]*$/i.test(name) ? name : quoted(name);
}

function onOneLine(value: unknown): string {
    if (Array.isArray(value)) {
        return `[${value.map(onOneLine).join(", ")}]`;
    }
    if (typeof value === "object" && value !== null) {
        const entries = Object.entries(value).map(([name, entry]) => `${keyOf(name)}: ${onOneLine(entry)}`);
        return `{ ${entries.join(", ")} }`;
    }
    return typeof value === "string" ? quoted(value) : JSON.stringify(value);
}

/** A string in the quotes that it needs fewer escapes in, as formatters write it. */
function quoted(text: string): string {
    const json = JSON.stringify(text);
    const count = (quote: string) => text.split(quote).length;
    return count('"') > count("'")
        ? `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
        : json;
}

/** Line comments, broken between words. */
export function comment(text: string, indent: string): string {
    const lines: string[] = [];
    let line = `${indent}//`;
    for (const word of oneLine(text).split(" ")) {
        if (line.length > indent.length + 2 && line.length + 1 + word.length > WIDTH) {
            lines.push(line);
            line = `${indent}//`;
        }
        line += ` ${word}`;
    }
    return [...lines, line].join("\n");
}

/** Names that the program uses itself, and words that no variable may be called (ECMAScript, TypeScript strict). */
const TAKEN = new Set(
    `llmos states arguments await break case catch class const continue debugger default delete do else enum eval
    export extends false finally for function if implements import in instanceof interface let new null package private
    protected public return static super switch this throw true try typeof undefined var void while with yield
    exports module require`.split(/\s+/),
);

/** A variable for each name, in camel case and all different. */
export function variablesFor(names: readonly string[]): string[] {
    const taken = new Set(TAKEN);
    return names.map((name) => {
        const words = name.replace(/[^a-z0-9]+(.?)/gi, (_, next: string) => next.toUpperCase());
        const base = /^[0-9]/.test(words) || TAKEN.has(words) ? `registry${upperFirst(words)}` : words;
        let variable = base;
        for (let count = 2; taken.has(variable); count += 1) {
            variable = `${base}_${count}`;
        }
        taken.add(variable);
        return variable;
    });
}

function upperFirst(text: string): string {
    return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What holds for the descriptions of all kinds, and the reference that is made out of them. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Field, Table } from "../../../provider/description/fields";
import { LIFECYCLES } from "../../../provider/resources";
import { REFERENCE, referenceText } from "../../../scripts/reference";
import { SCHEMA, schemaText } from "../../../scripts/schema";
import { Words } from "../../../scripts/words";

/** Each field of a table and of the objects in it, by its path. */
function fieldsOf(table: Table, prefix: string): [string, Field<unknown>][] {
    return Object.entries(table).flatMap(([name, field]) => {
        const path = `${prefix}.${name}`;
        const inner = field.kind.fields ?? field.kind.element?.fields ?? {};
        return [[path, field] as [string, Field<unknown>], ...fieldsOf(inner, path)];
    });
}

const kinds = Object.values(LIFECYCLES);
const inputs = kinds.flatMap(({ type, fields }) => fieldsOf(fields as Table, type));
const computed = kinds.flatMap(({ type, computed: fields }) => fieldsOf(fields as Table, type));

test("what holds a key, a token or a salt is secret, and nothing else", () => {
    const secrets = [...inputs, ...computed].flatMap(([path, { secret }]) => (secret ? [path] : []));
    const holds = [...inputs, ...computed].flatMap(([path]) =>
        /\.(accessKeyId|secretAccessKey|kubeconfig|salt)$/.test(path) ? [path] : [],
    );
    expect(secrets).toEqual(holds);
    expect(secrets).toContain("Bucket.credentials.secretAccessKey");
});

test("a change of each argument is a replacement, a write or stored; only messages are none", () => {
    const silent = kinds.flatMap(({ type, fields }) =>
        Object.entries(fields as Table).flatMap(([name, { onChange }]) =>
            onChange === undefined ? [`${type}.${name}`] : [],
        ),
    );
    const messages = inputs.flatMap(([path, { presence }]) => (presence === "message" ? [path] : []));
    expect(silent).toEqual(messages);
});

const words = new Words();

test("docs/reference.md is what `npm run docs` writes, and says something of each field", () => {
    const text = referenceText(words);
    expect(readFileSync(REFERENCE, "utf8"), "stale: npm run docs").toBe(text);
    expect(text.split("\n").filter((line) => / \| {1,2}\|$/.test(line))).toEqual([]);
    const anchors = [...text.matchAll(/\(#(\w+)\)/g)].map(([, anchor]) => anchor);
    const headings = [...text.matchAll(/^#+ (\w+)$/gm)].map(([, heading = ""]) => heading.toLowerCase());
    expect(anchors.filter((anchor = "") => !headings.includes(anchor))).toEqual([]);
});

test("plugin/schema.json is what `npm run docs` writes, and says something of each property", () => {
    const text = schemaText(words);
    expect(readFileSync(SCHEMA, "utf8"), "stale: npm run docs").toBe(text);
    expect(text).not.toContain('"description": ""');
    const { types } = JSON.parse(text) as { types: object };
    const refs = [...text.matchAll(/"#\/types\/(.*?)"/g)].map(([, token]) => token);
    expect([...new Set(refs)].sort()).toEqual(Object.keys(types).sort());
});

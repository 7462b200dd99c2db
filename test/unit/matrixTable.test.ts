import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CASES, WORKS } from "../matrix/cases";
import { expectedOf } from "../matrix/expected";
import type { MatrixServer } from "../matrix/server";
import { SERVERS } from "../matrix/servers";
import { Table } from "../matrix/table";

const server = { name: "server, set", version: "1.0" } as MatrixServer;
const COLUMNS = [...new Set(CASES.map(({ column }) => column))];

/** The cells of the only server, by column. */
function cellsOf(table: Table): Record<string, string> {
    const row = table.toString().split("\n")[2] ?? "";
    const [label = "", ...cells] = row.slice(2, -2).split(" | ");
    return { label, ...Object.fromEntries(COLUMNS.map((column, index) => [column, cells[index] ?? ""])) };
}

/** A table in which the cases of these columns were run. */
function tableAfter(columns: readonly string[], outcomes: Readonly<Record<string, string>> = {}): Table {
    const table = new Table();
    table.skip(server, "does not start");
    for (const which of CASES.filter(({ column }) => columns.includes(column))) {
        table.note(server, which, outcomes[which.name] ?? which.usual ?? WORKS);
    }
    return table;
}

describe("the table of the matrix", () => {
    it("says yes where each case of a column did as it should", () => {
        const yes = Object.fromEntries(COLUMNS.map((column) => [column, "yes"]));
        expect(cellsOf(tableAfter(COLUMNS))).toEqual({ label: "server 1.0, set", ...yes });
    });

    it("says what is otherwise, each once", () => {
        const outcomes = { "wrong key": "not checked", "wrong secret": "not checked, slow" };
        expect(cellsOf(tableAfter(COLUMNS, outcomes))).toMatchObject({
            keys: "not checked, slow",
            bucket: "yes",
        });
    });

    it("says where nothing was run", () => {
        expect(cellsOf(tableAfter(["bucket"]))).toMatchObject({
            bucket: "yes",
            content: "not run",
            CORS: "not run",
        });
    });

    it("says where a part was not run", () => {
        const table = new Table();
        const [first] = CASES.filter(({ column }) => column === "keys");
        table.note(server, first!, "not checked");
        expect(cellsOf(table)).toMatchObject({ keys: "not checked, not run" });
    });

    it("says why a server was not run", () => {
        const table = new Table();
        table.skip(server, "java is not on PATH");
        expect(table.toString()).toContain("| server 1.0, set | not run: java is not on PATH |");
    });
});

it("README has what the matrix expects of each server", () => {
    const table = new Table();
    for (const each of SERVERS) {
        table.skip(each, "");
        for (const which of CASES) {
            table.note(each, which, expectedOf(each.name, which));
        }
    }
    const readme = readFileSync(join(__dirname, "..", "..", "README.md"), "utf8");
    const section = readme.slice(readme.indexOf("\n## S3 servers\n")).split("\n## ")[1] ?? "";
    const rows = section.split("\n").filter((line) => line.startsWith("|"));
    // The version of what is not pinned here is that of the machine on which the table was printed.
    const unpinned = SERVERS.filter(({ version }) => version === "").map(({ name }) => name);
    const itsVersion = new RegExp(`^(\\| (?:${unpinned.join("|")})) [\\d.]+ `);
    expect(rows.map((row) => row.replace(itsVersion, "$1 "))).toEqual(table.toString().split("\n"));
});

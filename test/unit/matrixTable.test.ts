import { describe, expect, it } from "vitest";
import { CASES, WORKS } from "../matrix/cases";
import type { MatrixServer } from "../matrix/server";
import { Table } from "../matrix/table";

const server = { name: "server", version: "1.0" } as MatrixServer;
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
        expect(cellsOf(tableAfter(COLUMNS))).toEqual({ label: "server 1.0", ...yes });
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
        expect(table.toString()).toContain("| server 1.0 | not run: java is not on PATH |");
    });
});

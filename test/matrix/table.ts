/** The outcome of the matrix as Markdown. */
import { CASES, type Case, WORKS } from "./cases";
import type { MatrixServer } from "./server";

const COLUMNS = [...new Set(CASES.map(({ column }) => column))];

/** One row a server; a column sums up its cases: all is well, or what is otherwise. */
export class Table {
    private readonly rows = new Map<MatrixServer, Map<Case, string> | string>();
    private readonly labels = new Map<MatrixServer, string>();

    note(server: MatrixServer, which: Case, outcome: string): void {
        const row = this.rows.get(server);
        const cells = row instanceof Map ? row : new Map<Case, string>();
        this.rows.set(server, cells.set(which, outcome));
    }

    /** A server that is not run, or not yet. */
    skip(server: MatrixServer, reason: string, version = server.version): void {
        this.rows.set(server, reason);
        const [program = "", ...settings] = server.name.split(", ");
        this.labels.set(server, [`${program} ${version}`.trim(), ...settings].join(", "));
    }

    toString(): string {
        const lines = [...this.rows].map(([server, row]) => [
            this.labels.get(server) ?? server.name,
            ...COLUMNS.map((column, index) =>
                row instanceof Map ? summed(row, column) : index === 0 ? `not run: ${row}` : "",
            ),
        ]);
        return [["server", ...COLUMNS], ["", ...COLUMNS].map(() => "---"), ...lines]
            .map((cells) => `| ${cells.join(" | ")} |`)
            .join("\n");
    }
}

/** What the cases of a column came to. A case that was not run says so: it has shown nothing. */
function summed(row: ReadonlyMap<Case, string>, column: string): string {
    const otherwise = CASES.filter((which) => which.column === column).flatMap((which) => {
        const outcome = row.get(which) ?? "not run";
        return outcome === (which.usual ?? WORKS) ? [] : outcome.split(", ");
    });
    return [...new Set(otherwise)].join(", ") || "yes";
}

/** Registries as the table of the LLMOS page. */
import type { RegistryRow } from "../llmos/registries";
import { type Colours, oneLine } from "./terminal";

const COLUMNS = ["State", "Name", "Endpoint", "Bucket", "Default"];

/** Between two columns. */
const GAP = "   ";

/** The table with its final newline; under a registry that is Inactive, the reason that the operator gives. */
export function registryTable(rows: readonly RegistryRow[], colours: Colours): string {
    if (rows.length === 0) {
        return "The cluster has no registries.\n";
    }
    const cells = rows.map((row) =>
        [row.state, row.name, row.endpoint, row.bucket, row.default ? "yes" : ""].map(oneLine),
    );
    const widths = COLUMNS.map((title, column) =>
        Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
    );
    const lineOf = (line: readonly string[]) =>
        line
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join(GAP)
            .trimEnd();
    const lines = rows.flatMap((row, index) => {
        const line = lineOf(cells[index] ?? []);
        const isActive = row.state === "Active";
        const colour = isActive ? colours.green : colours.red;
        const state = colour(row.state) + line.slice(row.state.length);
        return isActive ? [state] : [state, `  ${colours.dim(reasonOf(row))}`];
    });
    return `${[colours.bold(lineOf(COLUMNS)), ...lines].join("\n")}\n`;
}

function reasonOf({ message }: RegistryRow): string {
    return oneLine(message) || "The LLMOS operator has said nothing about it yet.";
}

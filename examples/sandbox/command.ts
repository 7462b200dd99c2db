import { parseArgs } from "node:util";
import { textOf } from "./problem";

/**
 * Runs a command that takes no arguments but `--help`: shows its usage, or does its work and exits with the code that
 * comes out. A failure is told on standard error.
 */
export async function runCommand(usage: string, work: () => Promise<number>): Promise<void> {
    try {
        const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
        if (values.help) {
            process.stdout.write(usage);
            return;
        }
    } catch (error) {
        process.stderr.write(`${(error as Error).message}\n\n${usage}`);
        process.exit(2);
    }
    try {
        process.exit(await work());
    } catch (error) {
        process.stderr.write(`\n${textOf(error)}\n`);
        process.exit(1);
    }
}

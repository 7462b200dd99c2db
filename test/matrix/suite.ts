/** The cases of the matrix as tests, on each of some servers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SandboxProblem } from "../../examples/sandbox/problem";
import { duration, type Output } from "../../examples/sandbox/progress";
import { CASES } from "./cases";
import { expectedOf } from "./expected";
import type { Launch } from "./getting";
import { type MatrixServer, Workplace } from "./server";
import { Table } from "./table";
import { outcomeOf, Trial } from "./trial";

/** Defines the tests; a server that cannot be had is skipped, with a line that says why. Gives the table that they fill. */
export function suiteOn(servers: readonly MatrixServer[], output: Output): Table {
    const table = new Table();

    describe.each(servers)("$name", (server) => {
        let trial: Trial | undefined;
        let missing = "";
        let workplace: Workplace | undefined;

        beforeAll(async () => {
            const launch = await server.get(output).catch((error: unknown) => {
                const problem = problemOf(error);
                missing = problem.details.found;
                output.log(`${server.name} is not run: ${inOneLine(problem)}`);
                table.skip(server, missing);
                return undefined;
            });
            if (launch) {
                workplace = await Workplace.open();
                table.skip(server, "does not start", launch.version);
                trial = await start(server, launch, workplace, output);
            }
        });
        afterAll(async () => {
            trial?.stop();
            await workplace?.stop();
        });

        test.for(CASES)("$name", async (which, { skip }) => {
            if (!trial) {
                return skip(missing);
            }
            const on = trial;
            const outcome = await outcomeOf(() => which.run(on)).catch((error: unknown) => {
                table.note(server, which, "fails");
                throw error;
            });
            table.note(server, which, outcome);
            expect(outcome).toBe(expectedOf(server.name, which));
        });
    });
    return table;
}

async function start(
    server: MatrixServer,
    launch: Launch,
    workplace: Workplace,
    output: Output,
): Promise<Trial> {
    const began = Date.now();
    const running = await server.start(launch, workplace);
    output.log(`${server.name} is ready after ${duration(Date.now() - began)}`);
    return new Trial(running, async (bucket) => server.afterCreation?.(launch, workplace, bucket));
}

/** Why a server cannot be had; any other failure is one of ours, and is thrown. */
function problemOf(error: unknown): SandboxProblem {
    if (error instanceof SandboxProblem) {
        return error;
    }
    throw error;
}

/** What a client wrote before it failed is worth more lines. */
function inOneLine({ details, message }: SandboxProblem): string {
    return details.lastLines?.length ? message : `${details.found}; ${[details.next].flat().join(", ")}`;
}

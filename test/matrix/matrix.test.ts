/** The provider's lifecycles on each S3 server that this machine can run; a table says what works where. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SandboxProblem } from "../../examples/sandbox/problem";
import { duration, streamOutput } from "../../examples/sandbox/progress";
import { CASES } from "./cases";
import { expectedOf } from "./expected";
import { type MatrixServer, Workplace } from "./server";
import { SERVERS } from "./servers";
import { Table } from "./table";
import { outcomeOf, Trial } from "./trial";

const output = streamOutput(process.stderr);
const table = new Table();

describe.each(SERVERS)("$name", (server) => {
    let trial: Trial | undefined;
    let missing = "";
    let workplace: Workplace | undefined;

    beforeAll(async () => {
        const launch = await server.get(output).catch((error: unknown) => {
            missing = reasonOf(error);
            output.log(`${server.name} is skipped: ${(error as Error).message}`);
            table.skip(server, missing);
            return undefined;
        });
        if (launch) {
            workplace = await Workplace.open();
            table.skip(server, "does not start", launch.version);
            trial = await start(server, launch, workplace);
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

afterAll(() => output.log(`\n${table.toString()}\n`));

async function start(
    server: MatrixServer,
    launch: Awaited<ReturnType<MatrixServer["get"]>>,
    workplace: Workplace,
): Promise<Trial> {
    const began = Date.now();
    const running = await server.start(launch, workplace);
    output.log(`${server.name} is ready after ${duration(Date.now() - began)}`);
    return new Trial(running, async (bucket) => server.afterCreation?.(launch, workplace, bucket));
}

/** Why a server cannot be had; any other failure is one of ours, and is thrown. */
function reasonOf(error: unknown): string {
    if (error instanceof SandboxProblem) {
        return error.details.found;
    }
    throw error;
}

import type { TestProject } from "vitest/node" with { "resolution-mode": "import" };
import { type Sandbox, type SandboxDetails, startSandbox } from "../../examples/sandbox";
import { duration } from "../../examples/sandbox/progress";

declare module "vitest" {
    interface ProvidedContext {
        /** The sandbox that all tests of this run share; they get it by `inject("sandbox")`. */
        sandbox: SandboxDetails;
    }
}

/** Starts one sandbox for the whole run, and stops it at its end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
    const log = (line: string) => process.stderr.write(`${line}\n`);
    const started = Date.now();
    log("Sandbox for the tests:");
    const sandbox = await startSandbox({ log });
    log(`Sandbox ready after ${duration(Date.now() - started)}: ${sandbox.folder}`);
    sandbox.died.then((problem) => log(problem.message));
    project.provide("sandbox", detailsOf(sandbox));
    return () => sandbox.stop();
}

/** A sandbox without what cannot be handed to another process. */
function detailsOf(sandbox: Sandbox): SandboxDetails {
    const { stop: _stop, restart: _restart, died: _died, processes: _processes, ...details } = sandbox;
    return details;
}

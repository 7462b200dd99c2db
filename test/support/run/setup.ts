/**
 * What a run of the tests starts before its first test and ends after its last: a folder for all that is temporary,
 * and the sandboxes that its projects need.
 */
import type { TestProject } from "vitest/node" with { "resolution-mode": "import" };
import { type Sandbox, type SandboxDetails, startSandbox } from "../../../examples/sandbox";
import { duration } from "../../../examples/sandbox/progress";
import { startControl } from "./control";
import { openRunFolder } from "./folder";

/** A sandbox whose cluster belongs to one test file at a time. */
export interface OwnCluster extends SandboxDetails {
    /** Where the tests ask for a restart of one of its servers; see `restart`. */
    readonly control: string;
}

/** Which sandboxes the tests of a project ask for by `inject`. */
const NEEDS: Record<string, readonly Need[]> = {
    sandbox: ["sandbox"],
    cluster: ["cluster"],
    long: ["sandbox", "cluster"],
};
type Need = "sandbox" | "cluster";

declare module "vitest" {
    interface ProvidedContext {
        /** The sandbox that tests share that leave each other alone. */
        sandbox: SandboxDetails;
        /** The sandbox for tests that need a cluster of their own: its default flag, its list, its servers. */
        cluster: OwnCluster;
        /** What the files of this project that are run ask for. */
        needs: readonly Need[];
    }
}

/**
 * Called for each project of which files are run, then for the root, which is none of them. The projects only say what
 * they need, so that all that is needed starts at the same time.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
    if (!project.isRootProject()) {
        project.provide("needs", NEEDS[project.name] ?? []);
        return undefined;
    }
    const folder = await openRunFolder();
    const needs = new Set(project.vitest.projects.flatMap((each) => each.getProvidedContext().needs ?? []));
    const stops = await Promise.all(
        [...needs].map((need) => (need === "cluster" ? provideCluster(project) : provideSandbox(project))),
    );
    return async () => {
        await Promise.all(stops.map((stop) => stop()));
        await folder.remove();
    };
}

async function provideSandbox(project: TestProject): Promise<() => Promise<void>> {
    const sandbox = await start("Sandbox that the tests share");
    project.provide("sandbox", detailsOf(sandbox));
    return () => sandbox.stop();
}

async function provideCluster(project: TestProject): Promise<() => Promise<void>> {
    const sandbox = await start("Sandbox for tests that need a cluster of their own");
    const control = await startControl(sandbox);
    project.provide("cluster", { ...detailsOf(sandbox), control: control.url });
    return async () => {
        await control.stop();
        await sandbox.stop();
    };
}

async function start(what: string): Promise<Sandbox> {
    const log = (line: string) => process.stderr.write(`${line}\n`);
    const started = Date.now();
    log(`${what}: starting …`);
    const sandbox = await startSandbox({ log });
    log(`${what}: ready after ${duration(Date.now() - started)}: ${sandbox.folder}`);
    sandbox.died.then((problem) => log(problem.message));
    return sandbox;
}

/** A sandbox without what cannot be handed to another process. */
function detailsOf(sandbox: Sandbox): SandboxDetails {
    const { stop: _stop, restart: _restart, died: _died, processes: _processes, ...details } = sandbox;
    return details;
}

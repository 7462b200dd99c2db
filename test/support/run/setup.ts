/**
 * What a run of the tests starts before its first test and ends after its last: a folder for all that is temporary,
 * and the sandboxes that its files ask for.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
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

type Need = "sandbox" | "cluster";

declare module "vitest" {
    interface ProvidedContext {
        /** The sandbox that tests share that leave each other alone. */
        sandbox: SandboxDetails;
        /** The sandbox for tests that need a cluster of their own: its default flag, its list, its servers. */
        cluster: OwnCluster;
    }
}

/** Of the root of all projects, so that what is needed starts at the same time. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
    const folder = await openRunFolder();
    const needs = await needsOf(project.vitest.state.getPaths());
    const stops = await Promise.all(
        needs.map((need) => (need === "cluster" ? provideCluster(project) : provideSandbox(project))),
    );
    return async () => {
        await Promise.all(stops.map((stop) => stop()));
        await folder.remove();
    };
}

/** What the test files of this run ask for, read in them: nothing is started that no file asks for. */
async function needsOf(files: readonly string[]): Promise<Need[]> {
    const folders = new Set(files.filter((file) => basename(file) === "all.test.ts").map(dirname));
    const inFolders = [...folders].map(async (folder) =>
        (await readdir(folder)).map((name) => join(folder, name)),
    );
    const all = new Set([...files, ...(await Promise.all(inFolders)).flat()]);
    const texts = await Promise.all([...all].map((file) => readFile(file, "utf8")));
    return (["sandbox", "cluster"] as const).filter((need) =>
        texts.some((text) => text.includes(`inject("${need}")`)),
    );
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

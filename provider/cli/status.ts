/** `status`: the list of the LLMOS page, once or for as long as somebody watches. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, findingOf } from "../finding";
import { realContext } from "../lifecycle/context";
import type { Settings } from "../lifecycle/settings";
import { type RegistryRow, readRegistries, rowOf } from "../llmos/registries";
import { ALL_WELL } from "./exitCodes";
import { logTo } from "./log";
import { registryTable } from "./registryTable";
import type { Terminal } from "./terminal";

/** What `status` was asked to do. */
export interface StatusOptions {
    readonly json?: boolean;
    readonly watch?: boolean;
}

/** Time between two looks at the cluster, in milliseconds. */
const PAUSE_MS = 2_000;

/** Longest time for one look, in milliseconds. */
const LOOK_DEADLINE_MS = 30_000;

/** Asks the cluster for its registries. */
export type Look = (signal?: AbortSignal) => Promise<RegistryRow[]>;

export async function status(
    terminal: Terminal,
    settings: Settings,
    options: StatusOptions,
): Promise<number> {
    const cluster = await realContext(settings, logTo(terminal)).cluster(undefined);
    const look: Look = async (signal) =>
        (await readRegistries(cluster.within((send) => send(signal)))).map(rowOf);
    if (options.watch) {
        await watch(terminal, look, options, PAUSE_MS);
    } else {
        const rows = await look();
        terminal.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : tableOf(terminal, rows));
    }
    return ALL_WELL;
}

/**
 * Shows the list again on each change, until Ctrl-C; as JSON, one line for each. The first look must succeed; a later
 * one that fails is told once and looked past, so that a watch outlives a restart of the API server.
 */
export async function watch(
    terminal: Terminal,
    look: Look,
    options: StatusOptions,
    pauseMs: number,
): Promise<void> {
    const interrupted = terminal.interrupted();
    const glance = () => look(AbortSignal.any([interrupted, AbortSignal.timeout(LOOK_DEADLINE_MS)]));
    let shown = "";
    let problem = "";
    while (!interrupted.aborted) {
        try {
            const rows = await glance();
            const text = options.json ? `${JSON.stringify(rows)}\n` : tableOf(terminal, rows);
            if (text !== shown || problem !== "") {
                show(terminal, text, shown, options);
                [shown, problem] = [text, ""];
            }
        } catch (error) {
            if (interrupted.aborted) {
                return;
            }
            if (shown === "") {
                throw error;
            }
            const found = describe(findingOf(error));
            if (found !== problem) {
                terminal.tell(`${found}\n`);
                problem = found;
            }
        }
        await sleep(pauseMs, undefined, { signal: interrupted }).catch(() => undefined);
    }
}

function show(terminal: Terminal, text: string, shown: string, { json }: StatusOptions): void {
    const { isScreen, colours } = terminal;
    if (json) {
        terminal.write(text);
    } else if (isScreen) {
        const time = new Date().toLocaleTimeString();
        terminal.clear();
        terminal.write(`${text}\n${colours.dim(`As of ${time}; each change is shown. Ctrl-C ends.`)}\n`);
    } else {
        terminal.write(shown === "" ? text : `\n${text}`);
    }
}

function tableOf(terminal: Terminal, rows: RegistryRow[]): string {
    return registryTable(rows, terminal.colours);
}

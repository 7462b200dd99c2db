/**
 * A stand-in of the Pulumi engine and its state, for what the lifecycles do by themselves: the SDK runs a program of the
 * package in this process, and each resource goes through the driver, as from the dynamic provider, to real servers.
 * Resources are made one after another, and a run ends with the first that fails, like the engine's. What only the
 * engine shows is tested with the engine: what it prints, its locks, its targets, its parallel steps and its crashes.
 */
import { expect } from "vitest";
import { LlmosError } from "../../provider/finding";
import { type AnyLifecycle, type Context, PartialFailure, type Properties } from "../../provider/lifecycle";
import { realContext } from "../../provider/lifecycle/context";
import * as driver from "../../provider/lifecycle/driver";
import type { Settings } from "../../provider/lifecycle/settings";
import { received } from "../../provider/pulumi/wire";
import { LIFECYCLES } from "../../provider/resources";
import { registrations, sent } from "./registrations";
import { refuseSecrets } from "./secrets";
import { testCache } from "./testCache";

/** One resource of the state. */
export interface HeldResource {
    readonly kind: string;
    readonly id: string;
    readonly inputs: Properties;
    readonly outputs: Properties;
}

/** The outcome of one command. */
export interface StandInRun {
    /** What failed, and what was logged: `Kind name: message`, and `warning: message` or `info: message`. */
    readonly told: readonly string[];
    readonly failed: boolean;
    /** What was done, in its order, or would be done after a preview: `created name`, as `done` has it of the engine. */
    readonly done: readonly string[];
}

/** One command: what happens in one process of the provider. */
interface Command {
    readonly context: Context;
    readonly told: string[];
    readonly done: string[];
    readonly preview: boolean;
    failed: boolean;
}

/** Whether no later entry has the name of this one. */
function isLast(
    [name]: readonly [string, unknown],
    index: number,
    all: (readonly [string, unknown])[],
): boolean {
    return all.findLastIndex(([each]) => each === name) === index;
}

export class StackStandIn {
    /** The state, by the names of the resources. */
    resources = new Map<string, HeldResource>();
    /** All keys that programs have given: no run may tell one. */
    private readonly keys = new Set<string>();
    /** What replacements have left to be deleted. */
    private former: [name: string, held: HeldResource][] = [];

    constructor(
        {
            kubeconfigFile,
            s3,
        }: { readonly kubeconfigFile: string; readonly s3?: { readonly caBundle: string } },
        settings: Settings = {},
    ) {
        const trust = s3 ? { caBundle: s3.caBundle } : {};
        this.settings = { kubeconfig: kubeconfigFile, ...trust, ...settings };
    }
    /** Stack configuration of the commands from now on; at first, cluster and authority are the sandbox's. */
    settings: Settings;

    preview(program: () => void): Promise<StandInRun> {
        return this.run("preview", (command) => this.walk(program, command));
    }

    /** Replaces the named resources whatever changed, like `--replace`. */
    up(program: () => void, ...replaced: string[]): Promise<StandInRun> {
        return this.run("up", (command) => this.walk(program, command, replaced));
    }

    /**
     * Looks at all resources, at the same time; one that is gone goes from the state. `done` names those whose outputs
     * are others now. When one cannot be looked at, the state stays as it was, like the engine's.
     */
    refresh(): Promise<StandInRun> {
        return this.run("refresh", async (command) => {
            const looks = [...this.resources].map(async ([name, held]) => {
                const look = { ...command, told: [] as string[], failed: false };
                const seen = await this.attempt(look, name, held.kind, (lifecycle) =>
                    driver.read(lifecycle, command.context, held.id, received(held.outputs)),
                );
                return { name, held, look, seen };
            });
            const now = new Map<string, HeldResource>();
            for (const { name, held, look, seen } of await Promise.all(looks)) {
                command.told.push(...look.told);
                command.failed ||= look.failed;
                if (seen) {
                    const outputs = sent(seen.outputs);
                    now.set(name, { ...held, inputs: sent(seen.inputs), outputs });
                    const changed = changedIn(held.outputs, outputs);
                    command.done.push(
                        ...(changed.length > 0 ? [`refreshed ${name}: ${changed.join(", ")}`] : []),
                    );
                } else if (!look.failed) {
                    command.done.push(`deleted ${name}`);
                }
            }
            if (!command.failed) {
                this.resources = now;
            }
        });
    }

    /** Deletes all, the last one first, as far as it comes. */
    destroy(): Promise<StandInRun> {
        return this.run("destroy", (command) => this.removeAllBut(new Set(), command));
    }

    /** Fails when a command failed. */
    async succeeds(running: Promise<StandInRun>): Promise<StandInRun> {
        const run = await running;
        expect(run.failed, run.told.join("\n")).toBe(false);
        return run;
    }

    private async run(
        name: "preview" | "up" | "refresh" | "destroy",
        act: (command: Command) => Promise<void>,
    ): Promise<StandInRun> {
        const told: string[] = [];
        const log = {
            info: async (message: string) => void told.push(`info: ${message}`),
            warn: async (message: string) => void told.push(`warning: ${message}`),
        };
        const context = realContext(this.settings, log, undefined, testCache());
        const command: Command = { context, told, done: [], preview: name === "preview", failed: false };
        await act(command);
        refuseSecrets(told.join("\n"), [...this.keys], `words of ${name}`);
        return command;
    }

    /** Runs the program, and deletes what it does not declare any more. */
    private async walk(
        program: () => void,
        command: Command,
        replaced: readonly string[] = [],
    ): Promise<void> {
        const declared = new Set<string>();
        await registrations(program, command.preview, async (kind, name, inputs) => {
            declared.add(name);
            return await this.attempt(command, name, kind, (lifecycle) =>
                this.step(command, lifecycle, name, inputs, replaced.includes(name)),
            );
        });
        if (!command.failed) {
            const inOrder = [...declared].flatMap((name) => {
                const held = this.resources.get(name);
                return held ? [[name, held] as const] : [];
            });
            // As dependencies order them: what is declared later is deleted earlier, whenever it was made.
            this.resources = new Map([...this.resources, ...inOrder].filter(isLast));
            await this.removeAllBut(declared, command);
        }
    }

    /** Checks one resource and does what there is to do; gives what the program sees of it. */
    private async step(
        command: Command,
        lifecycle: AnyLifecycle,
        name: string,
        inputs: Properties,
        forced: boolean,
    ): Promise<{ id: string | undefined; state: Properties }> {
        const { context, preview, done } = command;
        const held = this.resources.get(name);
        keysIn(inputs).forEach((key) => void this.keys.add(key));
        const checked = await driver.check(
            lifecycle,
            context,
            received(held?.inputs ?? {}),
            received(inputs),
        );
        if (checked.failures.length > 0) {
            throw new Refused(checked.failures);
        }
        const news = sent({ ...inputs, ...checked.inputs });
        const { changes, replaces, deleteBeforeReplace } = held
            ? driver.diff(lifecycle, received(held.outputs), received(news))
            : { changes: [], replaces: [], deleteBeforeReplace: false };
        if (held && changes.length === 0 && !forced) {
            return { id: held.id, state: held.outputs };
        }
        const updates = held !== undefined && replaces.length === 0 && !forced;
        const replacement = held === undefined ? "" : " replacement";
        if (preview) {
            done.push(`${updates ? "updated" : `created${replacement}`} ${name}`);
            return { id: undefined, state: news };
        }
        if (held && updates) {
            const outputs = await this.keeping(name, lifecycle, news, () =>
                driver.update(lifecycle, context, held.id, received(held.outputs), received(news)),
            );
            this.resources.set(name, { ...held, inputs: news, outputs: sent(outputs) });
            done.push(`updated ${name}`);
        } else {
            if (held && deleteBeforeReplace) {
                await driver.remove(lifecycle, context, held.id, received(held.outputs));
                this.resources.delete(name);
                done.push(`deleted original ${name}`);
            }
            const { id, outputs } = await this.keeping(name, lifecycle, news, () =>
                driver.create(lifecycle, context, received(news)),
            );
            if (held && !deleteBeforeReplace) {
                this.former.push([name, held]);
            }
            // To the end: what is made later is deleted earlier.
            this.resources.delete(name);
            this.resources.set(name, { kind: lifecycle.type, id, inputs: news, outputs: sent(outputs) });
            done.push(`created${replacement} ${name}`);
        }
        const { id, outputs } = this.resources.get(name)!;
        return { id, state: outputs };
    }

    /** Keeps the state of what was left halfway. */
    private async keeping<T>(
        name: string,
        { type }: AnyLifecycle,
        inputs: Properties,
        act: () => Promise<T>,
    ): Promise<T> {
        try {
            return await act();
        } catch (error) {
            if (error instanceof PartialFailure) {
                const outputs = sent(error.state as Properties);
                this.resources.set(name, { kind: type, id: error.id, inputs, outputs });
            }
            throw error;
        }
    }

    private async removeAllBut(declared: ReadonlySet<string>, command: Command): Promise<void> {
        const all: [string, HeldResource, string][] = [
            ...this.former.map(
                ([name, held]) => [name, held, "deleted original"] as [string, HeldResource, string],
            ),
            ...[...this.resources]
                .filter(([name]) => !declared.has(name))
                .map(([name, held]) => [name, held, "deleted"] as [string, HeldResource, string]),
        ].reverse();
        for (const [name, held, deed] of all) {
            if (command.failed) {
                return;
            }
            await this.attempt(command, name, held.kind, async (lifecycle) => {
                if (!command.preview) {
                    await driver.remove(lifecycle, command.context, held.id, received(held.outputs));
                    this.former = this.former.filter(([, each]) => each !== held);
                    if (this.resources.get(name) === held) {
                        this.resources.delete(name);
                    }
                }
                command.done.push(`${deed} ${name}`);
            });
        }
    }

    /** Tells a failure that is explained; undefined then. */
    private async attempt<T>(
        command: Command,
        name: string,
        kind: string,
        act: (lifecycle: AnyLifecycle) => Promise<T>,
    ): Promise<T | undefined> {
        try {
            return await act(LIFECYCLES[kind]!);
        } catch (error) {
            if (
                !(error instanceof Refused || error instanceof LlmosError || error instanceof PartialFailure)
            ) {
                throw error;
            }
            const messages = error instanceof Refused ? error.reasons : [error.message];
            command.told.push(...messages.map((message) => `${kind} ${name}: ${message}`));
            command.failed = true;
            return undefined;
        }
    }
}

function keysIn(value: unknown): string[] {
    if (typeof value !== "object" || value === null) {
        return [];
    }
    return Object.entries(value).flatMap(([name, each]) =>
        /^(accessKeyId|secretAccessKey)$/.test(name) ? [String(each)] : keysIn(each),
    );
}

/** Names of the outputs that differ, sorted. */
function changedIn(before: Properties, after: Properties): string[] {
    return Object.keys({ ...before, ...after })
        .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
        .sort();
}

class Refused extends Error {
    constructor(readonly reasons: readonly string[]) {
        super(reasons.join("\n"));
    }
}

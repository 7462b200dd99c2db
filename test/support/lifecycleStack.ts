/**
 * A stand-in of an engine and its stack, over the driver of the lifecycles and real servers: checks, compares, creates,
 * updates, replaces and deletes resources in the order in which the engine does. Each run is a process of its own: it
 * knows nothing of what another has asked or made. It has no parallelism and no dependencies.
 */

import { type AnyLifecycle, type Context, PartialFailure, type Properties } from "../../provider/lifecycle";
import { realContext } from "../../provider/lifecycle/context";
import * as driver from "../../provider/lifecycle/driver";
import { ownerOf } from "../../provider/lifecycle/owner";
import type { Settings } from "../../provider/lifecycle/settings";
import { LIFECYCLES } from "../../provider/resources";

/** A resource of a program. */
export interface Declared {
    readonly type: string;
    readonly name: string;
    readonly args: Properties;
    /** A former name, as `aliases` gives it. */
    readonly alias?: string;
}

interface Stored {
    readonly type: string;
    readonly id: string;
    readonly inputs: Properties;
    readonly outputs: Properties;
}

/** What a run came to. */
export interface StackRun {
    /** For example `update Bucket models`, in order. */
    readonly done: string[];
    readonly warnings: string[];
    /** Why it ended early; undefined when it did not. */
    readonly failure?: string;
}

export interface RunOptions {
    /** Replace all that is declared, as `--replace '**'` does: the deletes then run in another process. */
    readonly replaceAll?: boolean;
}

export class LifecycleStack {
    readonly resources = new Map<string, Stored>();

    constructor(
        private readonly settings: Settings,
        private readonly project = "stand-in",
    ) {}

    /** Checks alone, as preview does for what is new. */
    async preview(declared: readonly Declared[]): Promise<StackRun> {
        return await this.run(async (context, done) => {
            for (const each of declared) {
                const news = await this.check(context, each);
                const old = this.resources.get(each.name);
                const change = old && driver.diff(lifecycleOf(each.type), old.outputs, news);
                if (!change || change.changes.length > 0) {
                    done.push(`${change ? "update" : "create"} ${each.type} ${each.name}`);
                }
            }
        });
    }

    async up(declared: readonly Declared[], options: RunOptions = {}): Promise<StackRun> {
        return await this.run(async (context, done) => {
            const leaving: [string, Stored][] = [];
            for (const each of declared) {
                await this.step(context, each, options, done, leaving);
            }
            const names = new Set(declared.map(({ name }) => name));
            const gone = [...this.resources].filter(([name]) => !names.has(name));
            const deleting = options.replaceAll ? this.process(this.warnings) : context;
            for (const [name, stored] of [...leaving, ...gone].reverse()) {
                await this.remove(deleting, name, stored, done);
                if (this.resources.get(name) === stored) {
                    this.resources.delete(name);
                }
            }
        });
    }

    async refresh(): Promise<StackRun> {
        return await this.run(async (context, done) => {
            for (const [name, { type, id, outputs }] of this.resources) {
                const seen = await driver.read(lifecycleOf(type), context, id, outputs);
                if (seen) {
                    this.resources.set(name, { type, id, ...seen });
                } else {
                    this.resources.delete(name);
                    done.push(`gone ${type} ${name}`);
                }
            }
        });
    }

    async destroy(): Promise<StackRun> {
        return await this.run(async (context, done) => {
            for (const [name, stored] of [...this.resources].reverse()) {
                await this.remove(context, name, stored, done);
                this.resources.delete(name);
            }
        });
    }

    private warnings: string[] = [];

    private process(warnings: string[]): Context {
        return realContext(this.settings, {
            info: async () => {},
            warn: async (message) => void warnings.push(message),
        });
    }

    private async run(act: (context: Context, done: string[]) => Promise<void>): Promise<StackRun> {
        const done: string[] = [];
        this.warnings = [];
        try {
            await act(this.process(this.warnings), done);
            return { done, warnings: this.warnings };
        } catch (error) {
            return { done, warnings: this.warnings, failure: (error as Error).message };
        }
    }

    private async check(context: Context, { type, name, args, alias }: Declared): Promise<Properties> {
        const old = this.resources.get(name) ?? this.resources.get(alias ?? "");
        const news = { ...args, owner: ownerOf(this.project, "dev", `llmos:index:${type}`, name) };
        const { inputs, failures } = await driver.check(lifecycleOf(type), context, old?.inputs ?? {}, news);
        if (failures.length > 0 || !inputs) {
            throw new Error(failures.join("\n"));
        }
        return inputs;
    }

    private async step(
        context: Context,
        declared: Declared,
        { replaceAll = false }: RunOptions,
        done: string[],
        leaving: [string, Stored][],
    ): Promise<void> {
        const { type, name, alias = "" } = declared;
        const lifecycle = lifecycleOf(type);
        if (!this.resources.has(name) && this.resources.has(alias)) {
            this.resources.set(name, this.resources.get(alias) as Stored);
            this.resources.delete(alias);
        }
        const inputs = await this.check(context, declared);
        const old = this.resources.get(name);
        const difference = old && driver.diff(lifecycle, old.outputs, inputs);
        const replaces = old && (replaceAll || (difference?.replaces.length ?? 0) > 0);
        if (old && !replaces) {
            if ((difference?.changes.length ?? 0) > 0) {
                done.push(`update ${type} ${name}`);
                const outputs = await this.keeping(name, { ...old, inputs }, () =>
                    driver.update(lifecycle, context, old.id, old.outputs, inputs),
                );
                this.resources.set(name, { ...old, inputs, outputs });
            }
            return;
        }
        if (old && difference?.deleteBeforeReplace) {
            await this.remove(context, name, old, done);
        } else if (old) {
            leaving.push([name, old]);
        }
        // The engine checks what it creates anew as if it were new.
        const news = old
            ? ((await driver.check(lifecycle, context, {}, { ...declared.args, owner: inputs.owner }))
                  .inputs ?? {})
            : inputs;
        done.push(`${old ? "replace" : "create"} ${type} ${name}`);
        const { id, outputs } = await this.keeping(
            name,
            { type, id: "", inputs: news, outputs: {} },
            async () => await driver.create(lifecycle, context, news),
        );
        this.resources.set(name, { type, id, inputs: news, outputs });
    }

    /** A partial failure keeps what it carries, as the engine does. */
    private async keeping<T>(name: string, stored: Stored, act: () => Promise<T>): Promise<T> {
        try {
            return await act();
        } catch (error) {
            if (error instanceof PartialFailure) {
                this.resources.set(name, { ...stored, id: error.id, outputs: error.state as Properties });
            }
            throw error;
        }
    }

    private async remove(
        context: Context,
        name: string,
        { type, id, outputs }: Stored,
        done: string[],
    ): Promise<void> {
        await driver.remove(lifecycleOf(type), context, id, outputs);
        done.push(`delete ${type} ${name}`);
    }
}

function lifecycleOf(type: string): AnyLifecycle {
    const lifecycle = LIFECYCLES[type];
    if (!lifecycle) {
        throw new Error(`There is no kind "${type}".`);
    }
    return lifecycle;
}

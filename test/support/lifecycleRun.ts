/** A resource led through its lifecycle as the engine's adapter leads it, without an engine: each step in a process of its own. */

import { changesOf, concernServers, withFilledIn } from "../../provider/description/comparison";
import type { Decoding } from "../../provider/description/decoding";
import { decodeFields } from "../../provider/description/fields";
import { type Finding, findingOf, LlmosError } from "../../provider/finding";
import { type Context, type Lifecycle, PartialFailure } from "../../provider/lifecycle";
import { realContext } from "../../provider/lifecycle/context";
import { differenceOf } from "../../provider/lifecycle/difference";
import type { Settings } from "../../provider/lifecycle/settings";
import { known } from "../../provider/reading";
import { testCache } from "./testCache";

/** What a step logged, and what of it went wrong. */
export interface Step {
    readonly infos: string[];
    readonly warnings: string[];
    /** What ended it. */
    readonly failure?: Finding;
}

/** What a preview shows. */
export interface Preview extends Step {
    /** Arguments that an update would change; `create` alone for a resource that is not there. */
    readonly changes: readonly string[];
}

type Args<I> = Partial<I> & { [name: string]: unknown };

export class LifecycleRun<I extends object, S extends I> {
    id = "";
    /** As the stack has it; undefined before the first step that made something. */
    state: S | undefined;
    /** Called with each line of progress. */
    onInfo: (line: string) => void = () => {};
    private inputs: Partial<I> | undefined;
    private ending = new AbortController();

    constructor(
        private readonly lifecycle: Lifecycle<I, S>,
        private readonly settings: Settings,
    ) {}

    /** As Ctrl-C does. */
    interrupt(): void {
        this.ending.abort(new Error("interrupted"));
    }

    async preview(args: Args<I>): Promise<Preview> {
        const seen = this.begin();
        const { completed, failure } = await this.check(seen.context, args);
        const changes = failure ? [] : this.changesOf(completed);
        return { ...seen.step, changes, ...(failure && { failure }) };
    }

    /** Checks, and creates or updates where there is something to do; what a failed one has left is kept. */
    async up(args: Args<I>): Promise<Preview> {
        const seen = this.begin();
        const { completed, failure } = await this.check(seen.context, args);
        const changes = failure ? [] : this.changesOf(completed);
        if (failure || changes.length === 0) {
            return { ...seen.step, changes, ...(failure && { failure }) };
        }
        try {
            if (this.state) {
                this.state = await this.lifecycle.update(
                    seen.context,
                    this.id,
                    this.state,
                    withFilledIn(this.lifecycle.fields, completed, this.state) as I,
                );
            } else {
                Object.assign(this, await this.lifecycle.create(seen.context, completed as I));
            }
        } catch (error) {
            if (!(error instanceof PartialFailure)) {
                return { ...seen.step, changes, failure: findingOf(error) };
            }
            this.id = error.id;
            this.state = error.state as S;
            this.inputs = completed;
            return { ...seen.step, changes, failure: error.reason.finding };
        }
        this.inputs = completed;
        return { ...seen.step, changes };
    }

    async refresh(): Promise<Step> {
        const seen = this.begin();
        this.state = known(await this.lifecycle.read(seen.context, this.id, this.state as S));
        return seen.step;
    }

    async destroy(): Promise<Step> {
        const seen = this.begin();
        try {
            await this.lifecycle.delete(seen.context, this.id, this.state as S);
            this.state = undefined;
            this.inputs = undefined;
            return seen.step;
        } catch (error) {
            return { ...seen.step, failure: findingOf(error) };
        }
    }

    private begin() {
        this.ending = new AbortController();
        const step = { infos: [] as string[], warnings: [] as string[] };
        const log = {
            info: async (line: string) => {
                step.infos.push(line);
                this.onInfo(line);
            },
            warn: async (line: string) => void step.warnings.push(line),
        };
        return { step, context: realContext(this.settings, log, this.ending.signal, testCache()) };
    }

    private async check(
        context: Context,
        args: Args<I>,
    ): Promise<{ completed: Partial<I>; failure?: Finding }> {
        const decoding: Decoding = { problems: [], unknowns: [] };
        const inputs = decodeFields(this.lifecycle.fields, args, "", decoding);
        if (decoding.problems.length > 0) {
            throw new Error(JSON.stringify(decoding.problems));
        }
        const none: ReadonlySet<string> = new Set();
        let completed: Partial<I> = inputs;
        try {
            const filled = await this.lifecycle.complete?.(context, inputs, this.inputs, none);
            completed = { ...inputs, ...filled };
            const isAsked = (completed as { reachability?: string }).reachability !== "off";
            const findings = [
                ...(this.lifecycle.validate?.(completed, none) ?? []),
                ...(isAsked
                    ? await this.lifecycle.preflight(
                          context,
                          completed,
                          this.inputs,
                          this.inputs !== undefined && this.isUnchanged(this.inputs, completed),
                      )
                    : []),
            ];
            const failure = findings.find(({ severity }) => severity === "error");
            return { completed, ...(failure && { failure }) };
        } catch (error) {
            if (!(error instanceof LlmosError)) {
                throw error;
            }
            return { completed, failure: error.finding };
        }
    }

    private changesOf(completed: Partial<I>): readonly string[] {
        return this.state
            ? differenceOf(this.lifecycle, this.state, completed).changes.map(({ name }) => name)
            : ["create"];
    }

    private isUnchanged(prior: Partial<I>, completed: Partial<I>): boolean {
        return !concernServers(changesOf(this.lifecycle.fields, prior, completed, new Set()));
    }
}

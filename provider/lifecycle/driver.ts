/**
 * Drives any lifecycle through its verbs, for any adapter: decodes what comes in, asks what is to be asked, and gives
 * values without `undefined` in them. Values that the engine does not know yet come in as `UNKNOWN`.
 */

import { type Change, changesOf, concernServers, withFilledIn } from "../description/comparison";
import type { Decoding } from "../description/decoding";
import { decodeFields } from "../description/fields";
import { describe, type Finding, failure, failureOf, findingOf, LlmosError } from "../finding";
import type { Reading } from "../reading";
import { type Difference, differenceOf } from "./difference";
import type { Declaration } from "./history";
import { type AnyLifecycle, type Context, PartialFailure, type Properties } from "./index";
import { nameOf } from "./owner";
import { settingsFindings } from "./settings";
import { forgetsUnreachable, forgotten, isOutOfReach, withOptIn } from "./unreachable";

/** Version of the shape of the state; a reader for each older one goes into `stateOf`. */
const SCHEMA_VERSION = 1;

/** What checking comes to. */
export interface Checked {
    /** The arguments with their defaults, and all that was filled in; undefined where one of them is wrong. */
    readonly inputs: Properties | undefined;
    /** What is wrong, each a whole message. Names no property: an engine prints the value of one that is named. */
    readonly failures: readonly string[];
}

/** What was created. */
export interface Created {
    readonly id: string;
    readonly outputs: Properties;
}

/** What was found when looking at a resource that is there. */
export interface Seen {
    readonly inputs: Properties;
    readonly outputs: Properties;
}

/** Validates, fills in defaults, and asks both sides: the only call that a new resource gets at preview. */
export async function check(
    lifecycle: AnyLifecycle,
    context: Context,
    olds: Properties,
    news: Properties,
): Promise<Checked> {
    const { inputs, unknowns, unknownPaths, problems } = decode(lifecycle, news);
    if (problems.length > 0) {
        return { inputs: undefined, failures: problems.map(({ path, reason }) => `${path} ${reason}`) };
    }
    const prior = priorOf(lifecycle, olds);
    // With a cluster that is not known yet, the one of the environment may not be asked in its place.
    const clusterKnown = !unknowns.has("cluster");
    const filled = clusterKnown
        ? await outcomeOf(async () => await lifecycle.complete?.(context, inputs, prior, unknowns))
        : { value: filledBefore(prior) };
    if ("finding" in filled) {
        return { inputs: undefined, failures: [describe(filled.finding)] };
    }
    const completed = { ...inputs, ...without(filled.value ?? {}, unknowns) };
    const twice = declare(lifecycle, context, completed);
    if (prior?.owner !== undefined && prior.owner !== completed.owner) {
        context.history.noteFormerOwner(completed, String(prior.owner));
    }
    await logUnknowns(lifecycle, context, completed, unknownPaths);
    const rules = [
        ...settingsFindings(context.settings),
        ...twice,
        ...(lifecycle.validate?.(completed, unknowns) ?? []),
        ...(lifecycle.acrossProgram?.(context, completed) ?? []),
    ];
    const answers = clusterKnown ? await ask(lifecycle, context, completed, prior) : [];
    const failures = [
        ...(await sort(context, rules, false)),
        ...(await sort(context, answers, completed.reachability === "warn")),
    ];
    return { inputs: withoutUndefined(completed), failures };
}

/** What changes between a state and new arguments. Asks nobody. */
export function diff(lifecycle: AnyLifecycle, olds: Properties, news: Properties): Difference {
    return compare(lifecycle, stateOf(lifecycle, olds), decode(lifecycle, news));
}

function compare(
    lifecycle: AnyLifecycle,
    { values, unfinished }: State,
    { inputs, unknowns }: Decoded,
): Difference {
    const difference = differenceOf(lifecycle, values, inputs, unknowns);
    return unfinished ? { ...difference, changes: [...difference.changes, UNFINISHED_CHANGE] } : difference;
}

/** Creates. A failure that left something behind is a `PartialFailure` whose state is the outputs to keep. */
export async function create(
    lifecycle: AnyLifecycle,
    context: Context,
    inputs: Properties,
): Promise<Created> {
    return await keepingOutputs(async () => {
        const decoded = decode(lifecycle, inputs).inputs;
        context.history.noteCreated(decoded);
        const { id, state } = await writing(context, () => lifecycle.create(context, decoded));
        // Once more: with reachability "off", check does not ask which cluster it is.
        context.history.noteDeclared(declarationOf(lifecycle, state));
        return { id, outputs: outputsOf(state) };
    });
}

/** Looks at a resource; undefined when it is confirmed to be gone, or may be forgotten. */
export async function read(
    lifecycle: AnyLifecycle,
    context: Context,
    id: string,
    olds: Properties,
): Promise<Seen | undefined> {
    const before = stateOf(lifecycle, olds);
    const reading = await lifecycle.read(context, id, before.values).catch(asUnknown);
    if (reading.outcome === "unknown") {
        await forgetOrFail(context, reading.error, `${lifecycle.type} ${id}`);
    }
    if (reading.outcome !== "present") {
        return undefined;
    }
    const { value: state } = reading;
    const inputs = Object.fromEntries(Object.keys(lifecycle.fields).map((name) => [name, state[name]]));
    return { inputs: withoutUndefined(inputs), outputs: outputsOf(state, before.unfinished) };
}

/** Updates in place, and gives all outputs. Fails as `create` does. */
export async function update(
    lifecycle: AnyLifecycle,
    context: Context,
    id: string,
    olds: Properties,
    news: Properties,
): Promise<Properties> {
    return await keepingOutputs(async () => {
        const state = stateOf(lifecycle, olds);
        const decoded = decode(lifecycle, news);
        const { changes } = compare(lifecycle, state, decoded);
        const { values } = state;
        const inputs = withFilledIn(lifecycle.fields, decoded.inputs, values);
        // Without any change, it is the engine that wants what failed to be tried again.
        const onlyStores = changes.length > 0 && !concernServers(changes);
        return outputsOf(
            onlyStores
                ? { ...computedOf(lifecycle, values), ...inputs }
                : await writing(context, () => lifecycle.update(context, id, values, inputs)),
        );
    });
}

/** What the state holds beside the arguments. */
function computedOf({ fields }: AnyLifecycle, values: Properties): Properties {
    return Object.fromEntries(Object.entries(values).filter(([name]) => !(name in fields)));
}

/** Deletes, unless the program still declares what the resource stands for. */
export async function remove(
    lifecycle: AnyLifecycle,
    context: Context,
    id: string,
    olds: Properties,
): Promise<void> {
    const { values: state } = stateOf(lifecycle, olds);
    if (!context.history.declared(lifecycle.type, lifecycle.subject(state))) {
        await writing(context, () => lifecycle.delete(context, id, state)).catch((error: unknown) =>
            forgetOrFail(context, error, `${lifecycle.type} ${id}`),
        );
    }
}

/** What was asked before a write is asked again after it, however it has ended. */
async function writing<T>({ questions }: Context, act: () => Promise<T>): Promise<T> {
    try {
        return await act();
    } finally {
        questions.forgetWritten();
    }
}

function declarationOf(lifecycle: AnyLifecycle, inputs: Properties): Declaration {
    return {
        type: lifecycle.type,
        subject: lifecycle.subject(inputs),
        owner: String(inputs.owner ?? ""),
        shared: lifecycle.shares?.(inputs) === true,
    };
}

/**
 * Notes what the program declares. Two resources for one object would undo each other's work for ever; the check of a
 * replacement comes twice for one resource.
 */
function declare(lifecycle: AnyLifecycle, { history }: Context, inputs: Properties): Finding[] {
    const declaration = declarationOf(lifecycle, inputs);
    const { type, subject, owner, shared } = declaration;
    const other = history.declared(type, subject);
    history.noteDeclared(declaration);
    const isKnown = !subject.includes(undefined);
    if (!isKnown || shared || other === undefined || other.shared || other.owner === owner) {
        return [];
    }
    const [one, two] = [other.owner, owner].map((each) => `"${nameOf(each)}"`);
    return [
        failure("declared-twice", {
            found: `Two resources of this program stand for the same ${type}: ${one} and ${two}`,
            where: subject.slice(-1).join(),
            why: "Each would undo what the other writes, and the first one to be deleted takes it away from both.",
            next: "Keep one of them, or give one another name.",
        }).finding,
    ];
}

interface Decoded {
    readonly inputs: Properties;
    /** Names of the arguments that are unknown, or hold something unknown. */
    readonly unknowns: ReadonlySet<string>;
    /** Where exactly, for example `target.endpoint`. */
    readonly unknownPaths: readonly string[];
    readonly problems: Decoding["problems"];
}

function decode(lifecycle: AnyLifecycle, properties: Properties): Decoded {
    const decoding: Decoding = { problems: [], unknowns: [] };
    const inputs = decodeFields(lifecycle.fields, properties, "", decoding);
    const unknowns = new Set(decoding.unknowns.map(topLevel));
    return { inputs, unknowns, unknownPaths: decoding.unknowns, problems: decoding.problems };
}

/** The argument that a path leads into. */
function topLevel(path: string): string {
    return path.split(/[.[]/, 1)[0] ?? path;
}

/** The inputs of the existing resource; undefined for a new one. */
function priorOf(lifecycle: AnyLifecycle, olds: Properties): Properties | undefined {
    return Object.keys(olds).length === 0 ? undefined : decode(lifecycle, olds).inputs;
}

/** What `complete` filled in the last time. */
function filledBefore(prior: Properties | undefined): Properties {
    const { namespace, clusterId, registryName } = prior ?? {};
    return withoutUndefined({ namespace, clusterId, registryName });
}

/** A value, or the finding of an explained failure. */
async function outcomeOf<T>(act: () => Promise<T>): Promise<{ value: T } | { finding: Finding }> {
    try {
        return { value: await act() };
    } catch (error) {
        return { finding: findingOf(error) };
    }
}

async function ask(
    lifecycle: AnyLifecycle,
    context: Context,
    inputs: Properties,
    prior: Properties | undefined,
): Promise<Finding[]> {
    if (inputs.reachability === "off") {
        return [];
    }
    const unchanged =
        prior !== undefined && !concernServers(changesOf(lifecycle.fields, prior, inputs, new Set()));
    try {
        return await lifecycle.preflight(context, inputs, prior, unchanged);
    } catch (error) {
        return [findingOf(error)];
    }
}

/** Logs warnings, and gives the messages of the rest; with `lenient`, what would fail is logged as a warning too. */
async function sort(context: Context, findings: Finding[], lenient: boolean): Promise<string[]> {
    const failures = findings.filter(({ severity }) => severity === "error" && !lenient);
    for (const finding of findings.filter((each) => !failures.includes(each))) {
        await context.log.warn(describe(finding));
    }
    return failures.map(describe);
}

/** Says what could not be asked, by the name that a user of the component wrote: `endpoint`, not `target.endpoint`. */
async function logUnknowns(
    lifecycle: AnyLifecycle,
    context: Context,
    inputs: Properties,
    paths: readonly string[],
): Promise<void> {
    const asked = [...lifecycle.asks, "cluster"];
    const skipped = paths.filter((path) => asked.includes(topLevel(path)));
    if (skipped.length > 0 && inputs.reachability !== "off") {
        const name = nameOf(String(inputs.owner ?? ""));
        const words = [...new Set(skipped.map((path) => path.split(".").pop()))].join(", ");
        await context.log.info(
            `${lifecycle.type} ${name}: not checked at preview, because not known yet: ${words}.`,
        );
    }
}

function without(properties: Properties, names: ReadonlySet<string>): Properties {
    return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.has(name)));
}

/** Values without an `undefined` at any depth: an engine has no such value. */
export function withoutUndefined<T>(value: T): T {
    if (Array.isArray(value)) {
        return value.filter((entry) => entry !== undefined).map(withoutUndefined) as T;
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    const given = Object.entries(value).filter(([, entry]) => entry !== undefined);
    return Object.fromEntries(given.map(([key, entry]) => [key, withoutUndefined(entry)])) as T;
}

function outputsOf(state: Properties, unfinished = false): Properties {
    return {
        ...withoutUndefined(state),
        schemaVersion: SCHEMA_VERSION,
        ...(unfinished && { [UNFINISHED]: true }),
    };
}

/**
 * Output of what a create or update has left halfway. It stays until an update comes to its end: the engine's own mark of
 * such a resource goes with the next refresh, and the resource would then pass for whole.
 */
const UNFINISHED = "unfinished";
const UNFINISHED_CHANGE: Change = { name: UNFINISHED, effect: "write" };

interface State {
    readonly values: Properties;
    readonly unfinished: boolean;
}

/** The state as the lifecycle wrote it, whichever release it was. */
function stateOf(lifecycle: AnyLifecycle, properties: Properties): State {
    const { schemaVersion, [UNFINISHED]: unfinished, ...state } = properties;
    if (typeof schemaVersion === "number" && schemaVersion > SCHEMA_VERSION) {
        throw failure("state-newer", {
            found: `The stack was written by a newer release of pulumi-llmos (schema version ${schemaVersion})`,
            where: `this release reads up to schema version ${SCHEMA_VERSION}`,
            why: "An older release could misread it.",
            next: "Install the newer release: npm install pulumi-llmos@latest",
        });
    }
    const decoding: Decoding = { problems: [], unknowns: [] };
    const computed = Object.keys(lifecycle.computed).map((name) => [name, state[name]]);
    decodeFields(lifecycle.computed, Object.fromEntries(computed), "", decoding);
    const [problem] = schemaVersion === SCHEMA_VERSION ? decoding.problems : [NO_VERSION];
    if (problem) {
        throw failure("state-unreadable", {
            found: `The stack's state of this ${lifecycle.type} cannot be read: "${problem.path}" ${problem.reason.replace(/\.$/, "")}`,
            where: "the stack's state (pulumi stack export)",
            why: "Acting on a state that is only half understood could delete the wrong thing.",
            next: "If the state was edited by hand, import it as it was before. Otherwise take this resource out of it (`pulumi state delete`) and run `pulumi up` with adopt: true.",
        });
    }
    return { values: state, unfinished: unfinished === true };
}

const NO_VERSION = { path: "schemaVersion", reason: "is none that this release knows." };

/** The state of a partial failure becomes the outputs that an engine keeps. */
async function keepingOutputs<T>(act: () => Promise<T>): Promise<T> {
    try {
        return await act();
    } catch (error) {
        if (error instanceof PartialFailure) {
            throw new PartialFailure(error.id, outputsOf(error.state as Properties, true), error.reason);
        }
        throw error;
    }
}

/** What a read throws instead of giving it as its outcome. */
function asUnknown(error: unknown): Reading<Properties> {
    if (error instanceof LlmosError) {
        return { outcome: "unknown", error };
    }
    throw error;
}

/**
 * An explained failure of refresh or destroy. With the opt-in, what lives behind a server that cannot be reached is
 * forgotten instead; without it, the message names the opt-in, because the way out of a cluster that is gone for good
 * would else be surgery on the state.
 */
async function forgetOrFail(context: Context, error: unknown, what: string): Promise<void> {
    if (!(error instanceof LlmosError) || !isOutOfReach(error.finding)) {
        throw error;
    }
    if (!forgetsUnreachable()) {
        throw failureOf(withOptIn(error.finding));
    }
    await context.log.warn(describe(forgotten(error.finding, what)));
}

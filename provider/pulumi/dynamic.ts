/**
 * The adapter from a lifecycle to a Pulumi dynamic resource, and the module that the serialised provider
 * requires (`pulumi-llmos/dynamic`). Its seven functions are a contract with every state written before:
 * they may learn, but never change their names or arguments.
 */
import type * as pulumi from "@pulumi/pulumi";
import { realContext } from "../context";
import { describe, type Finding, failure, failureOf, findingOf, LlmosError } from "../errors";
import { type Decoding, decodeFields } from "../fields";
import { type Context, type Lifecycle, PartialFailure, type Reading, type Settings } from "../lifecycle";
import { bucket } from "../resources/bucket";
import { bucketCors } from "../resources/bucketCors";
import { credentialSecret } from "../resources/credentialSecret";
import { dataset } from "../resources/dataset";
import { datasetVersion } from "../resources/datasetVersion";
import { defaultRegistry } from "../resources/defaultRegistry";
import { model } from "../resources/model";
import { registryObject } from "../resources/registryObject";
import { settingsFindings } from "../settings";
import { forgetsUnreachable, forgotten, isOutOfReach, withOptIn } from "../unreachable";
import { engineLog } from "./engineLog";
import { engineInterruption } from "./interruption";
import { PROVIDER_KEY, received, sendable } from "./wire";

type Properties = Record<string, unknown>;

/** A lifecycle whose types the engine has erased; `decodeFields` has checked what goes in. */
type AnyLifecycle = Lifecycle<Properties, Properties>;

const LIFECYCLES = Object.fromEntries(
    [
        bucket,
        bucketCors,
        credentialSecret,
        registryObject,
        defaultRegistry,
        model,
        dataset,
        datasetVersion,
    ].map((lifecycle) => [lifecycle.type, lifecycle as unknown as AnyLifecycle]),
);

/** Version of the shape of the state; a reader for each older one goes into `stateOf`. */
const SCHEMA_VERSION = 1;

let context: Context = realContext({}, engineLog, engineInterruption());

/** Called once a process and type, with the stack's configuration, before anything else. */
export async function configure(_type: string, { config }: pulumi.dynamic.ConfigureRequest): Promise<void> {
    const settings: Settings = sendable({
        kubeconfig: config.get("llmos:kubeconfig"),
        context: config.get("llmos:context"),
        namespace: config.get("llmos:namespace"),
        caBundle: config.get("llmos:caBundle"),
    }) as Settings;
    if (JSON.stringify(settings) !== JSON.stringify(context.settings)) {
        context = realContext(settings, engineLog, engineInterruption());
    }
}

/** Validates, fills in defaults, and asks both sides: the only call that a new resource gets at preview. */
export async function check(
    type: string,
    olds: Properties | undefined,
    news: Properties,
): Promise<pulumi.dynamic.CheckResult> {
    const lifecycle = lifecycleOf(type);
    const { inputs, unknowns, unknownPaths, problems } = decode(lifecycle, news);
    if (problems.length > 0) {
        return { inputs: news, failures: problems.map(({ path, reason }) => refusal(`${path} ${reason}`)) };
    }
    const prior = priorOf(lifecycle, olds);
    // With a cluster that is not known yet, the one of the environment may not be asked in its place.
    const clusterKnown = !unknowns.has("cluster");
    const filled = clusterKnown
        ? await outcomeOf(async () => await lifecycle.complete?.(context, inputs, prior, unknowns))
        : { value: filledBefore(prior) };
    if ("finding" in filled) {
        return { inputs: news, failures: [refusal(describe(filled.finding))] };
    }
    const completed = { ...inputs, ...without(filled.value ?? {}, unknowns) };
    context.history.declared.add(subjectOf(lifecycle, completed));
    await tellUnknowns(lifecycle, completed, unknownPaths);
    const rules = [
        ...settingsFindings(context.settings),
        ...(lifecycle.validate?.(completed, unknowns) ?? []),
        ...(lifecycle.acrossProgram?.(context, completed) ?? []),
    ];
    const answers = clusterKnown ? await ask(lifecycle, completed, prior) : [];
    const failures = [
        ...(await tell(rules, false)),
        ...(await tell(answers, completed.reachability === "warn")),
    ];
    return { inputs: { ...news, ...sendable(completed) }, failures };
}

export async function diff(
    type: string,
    _id: string,
    olds: Properties,
    news: Properties,
): Promise<pulumi.dynamic.DiffResult> {
    const lifecycle = lifecycleOf(type);
    const { inputs, unknowns } = decode(lifecycle, news);
    const {
        changes,
        replaces,
        deleteBeforeReplace = false,
    } = lifecycle.diff(stateOf(lifecycle, olds), inputs, unknowns);
    return {
        changes: changes.length > 0,
        replaces: [...replaces],
        ...(deleteBeforeReplace && { deleteBeforeReplace }),
    };
}

export async function create(type: string, inputs: Properties): Promise<pulumi.dynamic.CreateResult> {
    const lifecycle = lifecycleOf(type);
    return await keepingPartialState(inputs, async () => {
        const { id, state } = await lifecycle.create(context, decode(lifecycle, inputs).inputs);
        // Once more: with reachability "off", check does not ask which cluster it is.
        context.history.declared.add(subjectOf(lifecycle, state));
        return { id, outs: outputsOf(state) };
    });
}

export async function read(type: string, id: string, props?: Properties): Promise<pulumi.dynamic.ReadResult> {
    const lifecycle = lifecycleOf(type);
    const reading = await lifecycle.read(context, id, stateOf(lifecycle, props ?? {})).catch(asUnknown);
    if (reading.outcome === "unknown") {
        await forgetOrFail(reading.error, `${type} ${id}`);
    }
    if (reading.outcome !== "present") {
        return { id: "", props: {} };
    }
    const { value: state } = reading;
    const inputs = Object.fromEntries(Object.keys(lifecycle.fields).map((name) => [name, state[name]]));
    return { id, props: outputsOf(state), inputs: sendable(inputs) };
}

export async function update(
    type: string,
    id: string,
    olds: Properties,
    news: Properties,
): Promise<pulumi.dynamic.UpdateResult> {
    const lifecycle = lifecycleOf(type);
    return await keepingPartialState(news, async () => {
        const state = await lifecycle.update(
            context,
            id,
            stateOf(lifecycle, olds),
            decode(lifecycle, news).inputs,
        );
        return { outs: outputsOf(state) };
    });
}

export async function remove(type: string, id: string, props: Properties): Promise<void> {
    const lifecycle = lifecycleOf(type);
    const state = stateOf(lifecycle, props);
    // In a destroy nothing is checked, and so nothing is declared.
    if (!context.history.declared.has(subjectOf(lifecycle, state))) {
        await lifecycle
            .delete(context, id, state)
            .catch((error: unknown) => forgetOrFail(error, `${type} ${id}`));
    }
}

function subjectOf(lifecycle: AnyLifecycle, inputs: Properties): string {
    return JSON.stringify([lifecycle.type, ...lifecycle.subject(inputs)]);
}

function lifecycleOf(type: string): AnyLifecycle {
    const lifecycle = LIFECYCLES[type];
    if (!lifecycle) {
        throw new Error(
            `This release of pulumi-llmos knows no resource type "${type}"; a newer one wrote this stack.`,
        );
    }
    return lifecycle;
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
    const inputs = decodeFields(lifecycle.fields, received(properties), "", decoding);
    const unknowns = new Set(decoding.unknowns.map(topLevel));
    return { inputs, unknowns, unknownPaths: decoding.unknowns, problems: decoding.problems };
}

/** The argument that a path leads into. */
function topLevel(path: string): string {
    return path.split(/[.[]/, 1)[0] ?? path;
}

/** The inputs of the existing resource; undefined for a new one. */
function priorOf(lifecycle: AnyLifecycle, olds: Properties | undefined): Properties | undefined {
    const known = received(olds);
    return Object.keys(known).length === 0 ? undefined : decode(lifecycle, known).inputs;
}

/** What `complete` filled in the last time. */
function filledBefore(prior: Properties | undefined): Properties {
    const { namespace, clusterId, registryName } = prior ?? {};
    return sendable({ namespace, clusterId, registryName });
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
    inputs: Properties,
    prior: Properties | undefined,
): Promise<Finding[]> {
    if (inputs.reachability === "off") {
        return [];
    }
    try {
        return await lifecycle.preflight(context, inputs, prior);
    } catch (error) {
        return [findingOf(error)];
    }
}

/** Tells warnings, and gives failures for the rest; with `lenient`, what fails is told as a warning too. */
async function tell(findings: Finding[], lenient: boolean): Promise<pulumi.dynamic.CheckFailure[]> {
    const failures = findings.filter(({ severity }) => severity === "error" && !lenient);
    for (const finding of findings.filter((each) => !failures.includes(each))) {
        await context.log.warn(describe(finding));
    }
    return failures.map((finding) => refusal(describe(finding)));
}

/** The engine prints the value of a property that it is given the name of: no name, so that no key is printed. */
function refusal(reason: string): pulumi.dynamic.CheckFailure {
    return { property: "", reason };
}

/** Says what could not be asked, by the name that a user of the component wrote: `endpoint`, not `target.endpoint`. */
async function tellUnknowns(
    lifecycle: AnyLifecycle,
    inputs: Properties,
    paths: readonly string[],
): Promise<void> {
    const asked = [...lifecycle.asks, "cluster"];
    const skipped = paths.filter((path) => asked.includes(topLevel(path)));
    if (skipped.length > 0 && inputs.reachability !== "off") {
        const name = String(inputs.owner ?? "").replace(/^[^/]*\/[^/]*\//, "");
        const words = [...new Set(skipped.map((path) => path.split(".").pop()))].join(", ");
        await context.log.info(
            `${lifecycle.type} ${name}: not checked at preview, because not known yet: ${words}.`,
        );
    }
}

function without(properties: Properties, names: ReadonlySet<string>): Properties {
    return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.has(name)));
}

function outputsOf(state: Properties): Properties {
    return { ...sendable(state), schemaVersion: SCHEMA_VERSION };
}

/** The state as the lifecycle wrote it, whichever release it was. */
function stateOf(lifecycle: AnyLifecycle, properties: Properties): Properties {
    const { schemaVersion, ...state } = received(properties);
    if (typeof schemaVersion === "number" && schemaVersion > SCHEMA_VERSION) {
        throw plain(
            failure("state-newer", {
                found: `The stack was written by a newer release of pulumi-llmos (schema version ${schemaVersion})`,
                where: `this release reads up to schema version ${SCHEMA_VERSION}`,
                why: "An older release could misread it.",
                next: "Install the newer release: npm install pulumi-llmos@latest",
            }),
        );
    }
    const decoding: Decoding = { problems: [], unknowns: [] };
    const computed = Object.keys(lifecycle.computed).map((name) => [name, state[name]]);
    decodeFields(lifecycle.computed, Object.fromEntries(computed), "", decoding);
    const [problem] = schemaVersion === SCHEMA_VERSION ? decoding.problems : [NO_VERSION];
    if (problem) {
        throw plain(
            failure("state-unreadable", {
                found: `The stack's state of this ${lifecycle.type} cannot be read: "${problem.path}" ${problem.reason.replace(/\.$/, "")}`,
                where: "the stack's state (pulumi stack export)",
                why: "Acting on a state that is only half understood could delete the wrong thing.",
                next: "If the state was edited by hand, import it as it was before. Otherwise take this resource out of it (`pulumi state delete`) and run `pulumi up` with adopt: true.",
            }),
        );
    }
    return state;
}

const NO_VERSION = { path: "schemaVersion", reason: "is none that this release knows." };

/**
 * A failure that left something behind goes to the engine with its state, so that nothing is orphaned. The SDK adds
 * the serialised provider to what succeeds only; without it, refresh and destroy could not load any code.
 */
async function keepingPartialState<T>(sent: Properties, act: () => Promise<T>): Promise<T> {
    try {
        return await act();
    } catch (error) {
        if (error instanceof PartialFailure) {
            const { id, reason } = error;
            const properties = {
                ...outputsOf(error.state as Properties),
                ...(PROVIDER_KEY in sent && { [PROVIDER_KEY]: sent[PROVIDER_KEY] }),
            };
            throw Object.assign(new Error(reason.message), { id, properties, reasons: [reason.message] });
        }
        throw plain(error);
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
async function forgetOrFail(error: unknown, what: string): Promise<void> {
    if (!(error instanceof LlmosError) || !isOutOfReach(error.finding)) {
        throw plain(error);
    }
    if (!forgetsUnreachable()) {
        throw plain(failureOf(withOptIn(error.finding)));
    }
    await context.log.warn(describe(forgotten(error.finding, what)));
}

/**
 * An explained failure without its stack. The SDK prints what `diff`, `read` and `delete` throw, as text and stack,
 * and the engine then shows the message itself: the first is kept to one line.
 */
function plain(error: unknown): unknown {
    if (error instanceof LlmosError) {
        error.stack = "the reason follows";
        error.toString = () => "pulumi-llmos";
    }
    return error;
}

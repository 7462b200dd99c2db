/**
 * The adapter from a lifecycle to a Pulumi dynamic resource, and the module that the serialised provider
 * requires (`pulumi-llmos/dynamic`). Its seven functions are a contract with every state written before:
 * they may learn, but never change their names or arguments.
 */
import type * as pulumi from "@pulumi/pulumi";
import { LlmosError } from "../finding";
import { type Context, PartialFailure, type Properties } from "../lifecycle";
import { realContext } from "../lifecycle/context";
import * as driver from "../lifecycle/driver";
import type { Settings } from "../lifecycle/settings";
import { lifecycleOf } from "../resources";
import { engineLog } from "./engineLog";
import { engineInterruption } from "./interruption";
import { PROVIDER_KEY, received } from "./wire";

let context: Context = realContext({}, engineLog, engineInterruption());

/** Called once a process and type, with the stack's configuration, before anything else. */
export async function configure(_type: string, { config }: pulumi.dynamic.ConfigureRequest): Promise<void> {
    const settings: Settings = driver.withoutUndefined({
        kubeconfig: config.get("llmos:kubeconfig"),
        context: config.get("llmos:context"),
        namespace: config.get("llmos:namespace"),
        caBundle: config.get("llmos:caBundle"),
    }) as Settings;
    if (JSON.stringify(settings) !== JSON.stringify(context.settings)) {
        context = realContext(settings, engineLog, engineInterruption());
    }
}

/** See `check` of the driver. What the engine sent comes back with what was filled in. */
export async function check(
    type: string,
    olds: Properties | undefined,
    news: Properties,
): Promise<pulumi.dynamic.CheckResult> {
    const { inputs, failures } = await driver.check(
        lifecycleOf(type),
        context,
        received(olds),
        received(news),
    );
    return {
        inputs: inputs ? { ...news, ...inputs } : news,
        // The engine prints the value of a property that it is given the name of: no name, so that no key is printed.
        failures: failures.map((reason) => ({ property: "", reason })),
    };
}

export async function diff(
    type: string,
    _id: string,
    olds: Properties,
    news: Properties,
): Promise<pulumi.dynamic.DiffResult> {
    return await plainly(async () => {
        const { changes, replaces, deleteBeforeReplace } = driver.diff(
            lifecycleOf(type),
            received(olds),
            received(news),
        );
        return {
            changes: changes.length > 0,
            replaces: [...replaces],
            ...(deleteBeforeReplace && { deleteBeforeReplace }),
        };
    });
}

export async function create(type: string, inputs: Properties): Promise<pulumi.dynamic.CreateResult> {
    return await plainly(async () => {
        const { id, outputs } = await driver.create(lifecycleOf(type), context, received(inputs));
        return { id, outs: outputs };
    }, inputs);
}

export async function read(type: string, id: string, props?: Properties): Promise<pulumi.dynamic.ReadResult> {
    return await plainly(async () => {
        const seen = await driver.read(lifecycleOf(type), context, id, received(props));
        return seen ? { id, props: seen.outputs, inputs: seen.inputs } : { id: "", props: {} };
    });
}

export async function update(
    type: string,
    id: string,
    olds: Properties,
    news: Properties,
): Promise<pulumi.dynamic.UpdateResult> {
    return await plainly(async () => {
        const outs = await driver.update(lifecycleOf(type), context, id, received(olds), received(news));
        return { outs };
    }, news);
}

export async function remove(type: string, id: string, props: Properties): Promise<void> {
    await plainly(() => driver.remove(lifecycleOf(type), context, id, received(props)));
}

/**
 * Failures in the form that the SDK takes.
 *
 * One that left something behind goes to the engine with its state, so that nothing is orphaned. The SDK adds the
 * serialised provider (`sent` has it) to what succeeds only; without it, refresh and destroy could not load any code.
 *
 * An explained one goes without its stack: the SDK prints what `diff`, `read` and `delete` throw, as text and stack,
 * and the engine then shows the message itself. The first is kept to one line.
 */
async function plainly<T>(act: () => Promise<T>, sent: Properties = {}): Promise<T> {
    try {
        return await act();
    } catch (error) {
        if (error instanceof PartialFailure) {
            const { id, reason } = error;
            const properties = {
                ...(error.state as Properties),
                ...(PROVIDER_KEY in sent && { [PROVIDER_KEY]: sent[PROVIDER_KEY] }),
            };
            throw Object.assign(new Error(reason.message), { id, properties, reasons: [reason.message] });
        }
        if (error instanceof LlmosError) {
            error.stack = "the reason follows";
            error.toString = () => "pulumi-llmos";
        }
        throw error;
    }
}

/**
 * A stand-in of the Pulumi engine, for the words of preview and up: the SDK runs a program of the package in this
 * process, and each resource that it registers goes through the driver of the lifecycles, as from the dynamic provider,
 * to real servers. It knows new resources alone: it has no state, and it compares, refreshes and deletes nothing. A run
 * ends with the first resource that is refused, as the engine's does.
 */
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import type { SandboxDetails } from "../../examples/sandbox";
import { Registry, type RegistryArgs } from "../../provider";
import { LlmosError } from "../../provider/errors";
import { type AnyLifecycle, type Context, PartialFailure, type Properties } from "../../provider/lifecycle";
import { realContext } from "../../provider/lifecycle/context";
import * as driver from "../../provider/lifecycle/driver";
import { received } from "../../provider/pulumi/wire";
import { LIFECYCLES } from "../../provider/resources";
import type { Settings } from "../../provider/settings";
import { refuseSecrets } from "./secrets";

/** How values travel between SDK, engine and provider. */
const { Struct } = createRequire(require.resolve("@pulumi/pulumi"))(
    "google-protobuf/google/protobuf/struct_pb.js",
) as { Struct: { fromJavaScript(value: object): { toJavaScript(): Properties } } };

export interface EngineStandInOptions {
    /** Stack configuration; the cluster is the sandbox's unless it says otherwise. */
    readonly settings?: Settings;
    /** Texts that may never be seen, in clear or base64, in what is reported. */
    readonly secrets?: readonly string[];
}

/** A program of registries: arguments by name, made one after another. */
export function registries(all: Readonly<Record<string, object>>): () => void {
    return () => {
        let before: Registry | undefined;
        for (const [name, args] of Object.entries(all)) {
            before = new Registry(name, args as RegistryArgs, before && { dependsOn: before });
        }
    };
}

export class EngineStandIn {
    constructor(
        private readonly sandbox: Pick<SandboxDetails, "kubeconfigFile">,
        private readonly options: EngineStandInOptions = {},
    ) {}

    /** What a preview of the program reports, one entry a refusal or message; empty when nothing is wrong. */
    preview(program: () => void): Promise<string[]> {
        return this.run(program, true);
    }

    /** The same of an update that has no preview before it. */
    up(program: () => void): Promise<string[]> {
        return this.run(program, false);
    }

    /** One run is one process of the provider: nothing has been asked, checked or made in it before. */
    private async run(program: () => void, preview: boolean): Promise<string[]> {
        const { settings = {}, secrets = [] } = this.options;
        const messages = new Set<string>();
        const context = realContext(
            { kubeconfig: this.sandbox.kubeconfigFile, ...settings },
            {
                info: async (message) => void messages.add(`Stack: ${message}`),
                warn: async (message) => void messages.add(`Stack: warning: ${message}`),
            },
        );
        const refused = await refusedIn(program, preview, async (kind, inputs) => {
            const lifecycle = lifecycleOf(kind);
            const checked = await driver.check(lifecycle, context, {}, received(inputs));
            if (checked.failures.length > 0) {
                return checked.failures;
            }
            const news = sent({ ...inputs, ...checked.inputs });
            return preview ? { id: undefined, state: news } : await created(lifecycle, context, news);
        });
        const all = [...refused, ...messages];
        refuseSecrets(all.join("\n"), secrets, `words of ${preview ? "preview" : "up"}`);
        return all;
    }
}

/** A resource that was registered, or what is wrong with it. */
type Outcome = { readonly id: string | undefined; readonly state: Properties } | readonly string[];

type Register = (kind: string, inputs: Properties) => Promise<Outcome>;

/** Runs a program to its end, or to the first resource that is refused, and gives what is wrong with that. */
function refusedIn(program: () => void, preview: boolean, register: Register): Promise<string[]> {
    return new Promise((ended, failed) => {
        const newResource = async ({ type, name, inputs }: pulumi.runtime.MockResourceArgs) => {
            const [, kind] = /^pulumi-nodejs:dynamic\/llmos:(\w+)$/.exec(type) ?? [];
            if (kind === undefined) {
                // The component, of which no provider hears.
                return { id: "", state: inputs };
            }
            const outcome = await register(kind, asSent(inputs));
            if ("state" in outcome) {
                return outcome;
            }
            // As where the engine is gone: nothing more is registered, and what is under way is no leak.
            pulumi.runtime.terminateRpcs();
            ended(outcome.map((reason) => `${kind} ${name}: error: ${reason}`));
            return await NEVER;
        };
        const mocks: pulumi.runtime.Mocks = {
            newResource: (args) =>
                newResource(args).catch((error: unknown) => {
                    failed(error);
                    return NEVER;
                }),
            call: () => ({}),
        };
        pulumi.runtime
            .setMocks(mocks, "project", "dev", preview)
            .then(program)
            .then(() => pulumi.runtime.disconnect())
            .then(() => ended([]), failed);
    });
}

/** The engine ends a program's process; here, what is left of the program waits for an answer, and holds nothing. */
const NEVER = new Promise<never>(() => {});

function lifecycleOf(kind: string): AnyLifecycle {
    const lifecycle = LIFECYCLES[kind];
    if (!lifecycle) {
        throw new Error(`There is no kind "${kind}".`);
    }
    return lifecycle;
}

async function created(lifecycle: AnyLifecycle, context: Context, news: Properties): Promise<Outcome> {
    try {
        const { id, outputs } = await driver.create(lifecycle, context, received(news));
        return { id, state: sent(outputs) };
    } catch (error) {
        if (error instanceof LlmosError || error instanceof PartialFailure) {
            return [error.message];
        }
        throw error;
    }
}

/** Properties as the engine sends them to a dynamic provider: secrets in clear, what is unknown as its sentinel. */
function asSent(inputs: Properties): Properties {
    const entries = Object.entries(inputs).map(([name, value]) => [
        name,
        withSentinels(pulumi.runtime.unwrapRpcSecret(value)),
    ]);
    return sent(Object.fromEntries(entries));
}

function withSentinels(value: unknown): unknown {
    if (pulumi.isUnknown(value)) {
        return pulumi.runtime.unknownValue;
    }
    if (Array.isArray(value)) {
        return value.map(withSentinels);
    }
    return typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withSentinels(each)]))
        : value;
}

/** There and back; it throws on what cannot be sent, an `undefined` for example. */
function sent(value: object): Properties {
    return Struct.fromJavaScript(value).toJavaScript();
}

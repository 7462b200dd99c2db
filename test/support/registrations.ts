/** A program of the package, run by the SDK in this process: what it registers, as the engine would hand it on. */
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import type { Properties } from "../../provider/lifecycle";
import { PROVIDER_KEY } from "../../provider/pulumi/wire";

/** How values travel between SDK, engine and provider. */
const { Struct } = createRequire(require.resolve("@pulumi/pulumi"))(
    "google-protobuf/google/protobuf/struct_pb.js",
) as { Struct: { fromJavaScript(value: object): { toJavaScript(): Properties } } };

/** Does what there is to do for one resource; undefined when that failed. */
export type Register = (
    kind: string,
    name: string,
    inputs: Properties,
) => Promise<{ id: string | undefined; state: Properties } | undefined>;

/** Runs a program to its end, or to the first resource that fails. */
export function registrations(program: () => void, preview: boolean, register: Register): Promise<void> {
    return new Promise((ended, failed) => {
        const newResource = async ({ type, name, inputs }: pulumi.runtime.MockResourceArgs) => {
            const [, kind] = /^pulumi-nodejs:dynamic\/llmos:(\w+)$/.exec(type) ?? [];
            if (kind === undefined) {
                // The component, of which no provider hears.
                return { id: "", state: inputs };
            }
            const outcome = await register(kind, name, asSent(inputs));
            if (outcome) {
                return outcome;
            }
            // As where the engine is gone: nothing more is registered, and what is under way is no leak.
            pulumi.runtime.terminateRpcs();
            ended();
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
            .then(() => ended(), failed);
    });
}

/** The engine ends a program's process; here, what is left of the program waits for an answer, and holds nothing. */
const NEVER = new Promise<never>(() => {});

/** Properties as the engine sends them to a dynamic provider: secrets in clear, what is unknown as its sentinel. */
function asSent(inputs: Properties): Properties {
    const { [PROVIDER_KEY]: _code, ...own } = inputs;
    const entries = Object.entries(own).map(([name, value]) => [
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
export function sent(value: object): Properties {
    return Struct.fromJavaScript(value).toJavaScript();
}

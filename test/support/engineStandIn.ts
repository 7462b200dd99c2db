/**
 * A stand-in of the Pulumi engine, for the words of preview and up of a program whose resources are all new: what the
 * stand-in of a stack reports, as the engine prints it.
 */
import type { SandboxDetails } from "../../examples/sandbox";
import { Registry, type RegistryArgs } from "../../provider";
import type { Settings } from "../../provider/lifecycle/settings";
import { refuseSecrets } from "./secrets";
import { StackStandIn, type StandInRun } from "./stackStandIn";

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
        return this.run((stack) => stack.preview(program));
    }

    /** The same of an update that has no preview before it. */
    up(program: () => void): Promise<string[]> {
        return this.run((stack) => stack.up(program));
    }

    private async run(command: (stack: StackStandIn) => Promise<StandInRun>): Promise<string[]> {
        const { settings = {}, secrets = [] } = this.options;
        const stack = new StackStandIn({ kubeconfigFile: this.sandbox.kubeconfigFile }, settings);
        const { told } = await command(stack);
        const [messages, refused] = [told.filter(isMessage), told.filter((entry) => !isMessage(entry))];
        const all = [
            ...refused.map((entry) => entry.replace(/^(\w+ \S+): /, "$1: error: ")),
            ...new Set(messages.map((entry) => `Stack: ${entry.replace(/^info: /, "")}`)),
        ];
        refuseSecrets(all.join("\n"), secrets, "words of a run");
        return all;
    }
}

function isMessage(entry: string): boolean {
    return /^(info|warning): /.test(entry);
}

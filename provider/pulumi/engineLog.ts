/** Messages from the provider's process to the engine, which shows them in its diagnostics. */
import * as pulumi from "@pulumi/pulumi";
import type { Log } from "../lifecycle";

let connected = false;

/** Warnings of this process: each part of a registry finds the same thing wrong, and it is said once. */
const warnings = new Set<string>();

/**
 * The SDK does not connect a dynamic provider's process to the engine; the engine gives its address as the
 * first argument of the process.
 */
function connect(): void {
    const address = process.argv[2];
    if (!connected && address) {
        connected = true;
        const { project, stack } = { project: pulumi.getProject(), stack: pulumi.getStack() };
        pulumi.runtime.resetOptions(project, stack, -1, address, "", false, "");
    }
}

export const engineLog: Log = {
    async info(message) {
        connect();
        await pulumi.log.info(message);
    },
    async warn(message) {
        if (warnings.has(message)) {
            return;
        }
        warnings.add(message);
        connect();
        await pulumi.log.warn(message);
    },
};

import type { Backends } from "./backend";
import { type Outcome, withCondition } from "./condition";
import type { Registry } from "./objects";
import type { Handler } from "./reconciler";

type RegistryOutcome = Outcome<NonNullable<Registry["status"]>>;

/** Source: llmos-ai/llmos-operator @ f29d5b9, pkg/controller/master/registry/registry_controller.go. */
export function registryHandler(backends: Backends): Handler<Registry> {
    return {
        async onChange(registry): Promise<RegistryOutcome> {
            const { storageAddress: _storageAddress, ...rest } = registry.status ?? {};
            try {
                const { url: storageAddress } = await backends.open(registry);
                const success = "S3 bucket is accessible";
                return { status: withCondition({ ...rest, storageAddress }, "accessible", { success }) };
            } catch (error) {
                const failure = `check registry accessibility failed: ${(error as Error).message}`;
                return { status: withCondition(rest, "accessible", { failure }), failure };
            }
        },
    };
}

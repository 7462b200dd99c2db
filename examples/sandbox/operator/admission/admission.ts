import type { CustomObjectsApi } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { DatasetVersion, LlmosObject, Model } from "../objects";
import { MUTATION_PATH, register, unregister, VALIDATION_PATH } from "./configuration";
import {
    datasetVersionPatch,
    datasetVersionValidator,
    type Lookups,
    registryValidator,
    type Validator,
} from "./rules";
import { type Admission, serveAdmission } from "./server";

/** Starts the operator's admission webhooks; settles when they are in effect. */
export async function startAdmission(
    custom: CustomObjectsApi,
    lookups: Lookups,
): Promise<{ stop(): Promise<void> }> {
    const server = await serveAdmission({
        [VALIDATION_PATH]: validation(lookups),
        [MUTATION_PATH]: ({ object }) => datasetVersionPatch(whole(object) as DatasetVersion, lookups),
    });
    try {
        await register(custom, server);
    } catch (error) {
        await server.stop();
        throw error;
    }
    return {
        /** Unregistered first: a validator out of reach would have everything refused. */
        async stop() {
            try {
                await unregister(custom);
            } finally {
                await server.stop();
            }
        },
    };
}

function validation(lookups: Lookups): Admission {
    const stored: Validator<Model> = registryValidator(lookups);
    const validators: Record<string, Validator<LlmosObject>> = {
        models: stored as Validator<LlmosObject>,
        datasets: stored as Validator<LlmosObject>,
        datasetversions: datasetVersionValidator(lookups) as Validator<LlmosObject>,
    };
    return async ({ operation, resource, object, oldObject }) => {
        const validator = validators[resource.resource];
        await (operation === "CREATE"
            ? validator?.create(whole(object))
            : validator?.update(whole(oldObject), whole(object)));
        return undefined;
    };
}

/** Go reads an absent spec as one of empty texts. */
function whole(object: LlmosObject & { spec?: object }): LlmosObject {
    return { ...object, spec: { registry: "", dataset: "", version: "", ...object.spec } } as LlmosObject;
}

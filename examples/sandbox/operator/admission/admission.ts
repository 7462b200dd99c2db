import type { Admission, PatchOperation } from "../../webhooks/server";
import type { DatasetVersion, LlmosObject, LocalModelVersion } from "../objects";
import { MUTATION_PATH, VALIDATION_PATH } from "./registered";
import {
    datasetVersionPatch,
    datasetVersionValidator,
    type Lookups,
    localModelValidator,
    localModelVersionPatch,
    localModelVersionValidator,
    registryValidator,
    type Validator,
} from "./rules";

/** What the operator's webhooks do, by path. */
export function admissions(lookups: Lookups): Record<string, Admission> {
    return { [VALIDATION_PATH]: validation(lookups), [MUTATION_PATH]: mutation(lookups) };
}

/**
 * The operator's rules have codes of their own (400 and 405), but none arrives: its webhook server makes an internal
 * error of whatever a rule returns. Source: oneblock-ai/webhook @ b51d232, pkg/server/admission/admission.go, and
 * rancher/wrangler v2.1.2, pkg/webhook/router.go, sendError.
 */
export function refusal(message: string): object {
    return {
        status: "Failure",
        message: `Internal error occurred: ${message}`,
        reason: "InternalError",
        details: { causes: [{ message }] },
        code: 500,
    };
}

function validation(lookups: Lookups): Admission {
    const stored = registryValidator(lookups);
    const validators = {
        models: stored,
        datasets: stored,
        datasetversions: datasetVersionValidator(lookups),
        localmodels: localModelValidator(lookups),
        localmodelversions: localModelVersionValidator(lookups),
    } as unknown as Record<string, Validator<LlmosObject>>;
    return async ({ operation, resource, object, oldObject }) => {
        const validator = validators[resource.resource];
        await (operation === "CREATE"
            ? validator?.create(whole(object))
            : validator?.update(whole(oldObject), whole(object)));
        return undefined;
    };
}

function mutation(lookups: Lookups): Admission {
    const patches: Record<string, (object: LlmosObject) => Promise<PatchOperation[]>> = {
        datasetversions: (object) => datasetVersionPatch(object as DatasetVersion, lookups),
        localmodelversions: (object) => localModelVersionPatch(object as LocalModelVersion, lookups),
    };
    return async ({ resource, object }) => patches[resource.resource]?.(whole(object));
}

/** Go reads an absent spec as one of empty texts. */
function whole(object: LlmosObject & { spec?: object }): LlmosObject {
    const empty = { registry: "", dataset: "", version: "", modelName: "", localModel: "" };
    return { ...object, spec: { ...empty, ...object.spec } } as LlmosObject;
}

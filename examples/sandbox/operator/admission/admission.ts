import { type Cluster, resources } from "../../kubernetes/cluster";
import type { KubernetesObject } from "../../kubernetes/objects";
import { register, unregister, type Webhook } from "../../webhooks/registration";
import { type Admission, serveAdmission } from "../../webhooks/server";
import type { DatasetVersion, LlmosObject, Model } from "../objects";
import {
    datasetVersionPatch,
    datasetVersionValidator,
    type Lookups,
    registryValidator,
    type Validator,
} from "./rules";

const VALIDATION_PATH = "/v1/webhook/validation";
const MUTATION_PATH = "/v1/webhook/mutation";

/** As in the real cluster, where the operator's Helm release is called llmos-operator and has the namespace below. */
const NAME = "llmos-operator-webhook";
const NAMESPACE = "llmos-system";

/**
 * What is registered. Source: oneblock-ai/webhook @ b51d232, pkg/server/server.go: there too a mutator out of reach is
 * passed over, a validator is not.
 */
const webhooks: Webhook[] = [
    {
        type: "validating",
        configuration: NAME,
        name: `validator.${NAMESPACE}.${NAME}`,
        path: VALIDATION_PATH,
        failurePolicy: "Fail",
        operations: ["CREATE", "UPDATE"],
        resources: [resources.models, resources.datasets, resources.datasetVersions],
        refused: { resource: resources.models, object: probe("Model", { registry: "" }) },
    },
    {
        type: "mutating",
        configuration: NAME,
        name: `mutator.${NAMESPACE}.${NAME}`,
        path: MUTATION_PATH,
        failurePolicy: "Ignore",
        operations: ["CREATE"],
        resources: [resources.datasetVersions],
        refused: {
            resource: resources.datasetVersions,
            object: probe("DatasetVersion", { dataset: "", version: "" }),
        },
    },
];

function probe(kind: string, spec: object): KubernetesObject {
    const metadata = { name: "admission-probe", namespace: NAMESPACE };
    return { apiVersion: "ml.llmos.ai/v1", kind, metadata, spec } as KubernetesObject;
}

/** Starts the operator's admission webhooks; settles when they are in effect. */
export async function startAdmission(cluster: Cluster, lookups: Lookups): Promise<{ stop(): Promise<void> }> {
    const server = await serveAdmission(
        {
            [VALIDATION_PATH]: validation(lookups),
            [MUTATION_PATH]: ({ object }) => datasetVersionPatch(whole(object) as DatasetVersion, lookups),
        },
        refusal,
    );
    try {
        await register(cluster, server, webhooks);
    } catch (error) {
        await server.stop();
        throw error;
    }
    return {
        /** Unregistered first: a validator out of reach would have everything refused. */
        async stop() {
            try {
                await unregister(cluster, webhooks);
            } finally {
                await server.stop();
            }
        },
    };
}

/**
 * The operator's rules have codes of their own (400 and 405), but none arrives: its webhook server makes an internal
 * error of whatever a rule returns. Source: oneblock-ai/webhook @ b51d232, pkg/server/admission/admission.go, and
 * rancher/wrangler v2.1.2, pkg/webhook/router.go, sendError.
 */
function refusal(message: string) {
    return {
        status: "Failure",
        message: `Internal error occurred: ${message}`,
        reason: "InternalError",
        details: { causes: [{ message }] },
        code: 500,
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

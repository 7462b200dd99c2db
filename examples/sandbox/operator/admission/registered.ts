import { resources } from "../../kubernetes/cluster";
import type { KubernetesObject } from "../../kubernetes/objects";
import type { Webhook } from "../../webhooks/registration";

export const VALIDATION_PATH = "/v1/webhook/validation";
export const MUTATION_PATH = "/v1/webhook/mutation";

/** As in the real cluster, where the operator's Helm release is called llmos-operator and has the namespace below. */
const NAME = "llmos-operator-webhook";
const NAMESPACE = "llmos-system";

/**
 * The operator's webhooks, for the kinds that the stand-in knows. Source: oneblock-ai/webhook @ b51d232,
 * pkg/server/server.go: there too a mutator out of reach is passed over, a validator is not.
 */
export const webhooks: readonly Webhook[] = [
    {
        type: "validating",
        configuration: NAME,
        name: `validator.${NAMESPACE}.${NAME}`,
        path: VALIDATION_PATH,
        failurePolicy: "Fail",
        operations: ["CREATE", "UPDATE"],
        resources: [
            resources.models,
            resources.datasets,
            resources.datasetVersions,
            resources.localModels,
            resources.localModelVersions,
        ],
        refused: { resource: resources.models, object: probe("Model", { registry: "" }) },
    },
    {
        type: "mutating",
        configuration: NAME,
        name: `mutator.${NAMESPACE}.${NAME}`,
        path: MUTATION_PATH,
        failurePolicy: "Ignore",
        operations: ["CREATE"],
        resources: [resources.datasetVersions, resources.localModelVersions],
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

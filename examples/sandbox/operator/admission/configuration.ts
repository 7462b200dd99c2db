import { setTimeout as sleep } from "node:timers/promises";
import type { CustomObjectsApi } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { answer, orUndefined } from "../cluster";
import type { AdmissionServer } from "./server";

export const VALIDATION_PATH = "/v1/webhook/validation";
export const MUTATION_PATH = "/v1/webhook/mutation";

/** As in the real cluster, where the operator's Helm release is called llmos-operator and has the namespace below. */
const NAME = "llmos-operator-webhook";
const NAMESPACE = "llmos-system";
const IN_EFFECT_TIMEOUT = 20_000;

const api = { group: "admissionregistration.k8s.io", version: "v1" };
const stored = { group: "ml.llmos.ai", version: "v1", namespace: NAMESPACE };

/**
 * What is registered, and an object that it refuses. Source: oneblock-ai/webhook @ b51d232, pkg/server/server.go: there
 * too a mutator out of reach is passed over, a validator is not.
 */
const registered = [
    {
        plural: "validatingwebhookconfigurations",
        webhook: `validator.${NAMESPACE}.${NAME}`,
        path: VALIDATION_PATH,
        failurePolicy: "Fail",
        operations: ["CREATE", "UPDATE"],
        resources: ["models", "datasets", "datasetversions"],
        refused: { plural: "models", kind: "Model", spec: { registry: "" } },
    },
    {
        plural: "mutatingwebhookconfigurations",
        webhook: `mutator.${NAMESPACE}.${NAME}`,
        path: MUTATION_PATH,
        failurePolicy: "Ignore",
        operations: ["CREATE"],
        resources: ["datasetversions"],
        refused: { plural: "datasetversions", kind: "DatasetVersion", spec: { dataset: "", version: "" } },
    },
];

/** Has the API server call the webhooks; settles when it does so. */
export async function register(custom: CustomObjectsApi, server: AdmissionServer): Promise<void> {
    // One whose server ended without a word would refuse everything.
    await remove(custom);
    for (const { plural, webhook, path, failurePolicy, operations, resources } of registered) {
        const clientConfig = {
            url: server.url + path,
            caBundle: Buffer.from(server.caBundle).toString("base64"),
        };
        const rule = { apiGroups: ["ml.llmos.ai"], apiVersions: ["v1"], operations, resources };
        const body = {
            metadata: { name: NAME },
            webhooks: [
                {
                    name: webhook,
                    clientConfig,
                    rules: [{ ...rule, scope: "Namespaced" }],
                    failurePolicy,
                    sideEffects: "None",
                    admissionReviewVersions: ["v1"],
                },
            ],
        };
        await answer(custom.createClusterCustomObject({ ...api, plural, body }));
    }
    await refuses(custom, true);
}

/** Has the API server call no webhook any more; settles when it does not. */
export async function unregister(custom: CustomObjectsApi): Promise<void> {
    await remove(custom);
    await refuses(custom, false);
}

async function remove(custom: CustomObjectsApi): Promise<void> {
    for (const { plural } of registered) {
        await orUndefined(custom.deleteClusterCustomObject({ ...api, plural, name: NAME }));
    }
}

/** The API server follows its own configuration with a delay: asks until every webhook refuses, or none does. */
async function refuses(custom: CustomObjectsApi, wanted: boolean): Promise<void> {
    for (const deadline = Date.now() + IN_EFFECT_TIMEOUT; ; await sleep(20)) {
        const refusals = await Promise.all(registered.map((one) => isRefused(custom, one)));
        if (refusals.every((refused) => refused === wanted)) return;
        if (Date.now() > deadline) {
            throw new Error(`the API server still ${wanted ? "calls no" : "calls the"} webhook`);
        }
    }
}

async function isRefused(
    custom: CustomObjectsApi,
    { webhook, refused: { plural, kind, spec } }: (typeof registered)[number],
): Promise<boolean> {
    const head = { apiVersion: "ml.llmos.ai/v1", kind, metadata: { name: "admission-probe" } };
    try {
        const body = { ...head, spec };
        await answer(custom.createNamespacedCustomObject({ ...stored, plural, body, dryRun: "All" }));
        return false;
    } catch (error) {
        return (error as Error).message.includes(`"${webhook}" denied the request`);
    }
}

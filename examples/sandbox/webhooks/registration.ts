import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, type Resource, resources } from "../kubernetes/cluster";
import type { KubernetesObject } from "../kubernetes/objects";
import type { AdmissionServer } from "./server";

const IN_EFFECT_TIMEOUT = 20_000;

/** A webhook as it is registered, in a configuration of its own. */
export interface Webhook {
    readonly type: "validating" | "mutating";
    /** Name of the configuration. */
    readonly configuration: string;
    /** Name of the webhook, in what an API server says when it refuses. */
    readonly name: string;
    /** Below the server's address. */
    readonly path: string;
    readonly operations: readonly ("CREATE" | "UPDATE")[];
    readonly resources: readonly Resource[];
    readonly failurePolicy: "Fail" | "Ignore";
    readonly timeoutSeconds?: number;
    /** An object that the webhook refuses to have made. */
    readonly refused: { readonly resource: Resource; readonly object: KubernetesObject };
}

/** Has the API server call the webhooks; settles when it does so. */
export async function register(
    cluster: Cluster,
    server: AdmissionServer,
    webhooks: readonly Webhook[],
): Promise<void> {
    // One whose server ended without a word would refuse everything.
    await remove(cluster, webhooks);
    for (const webhook of webhooks)
        await configurations(cluster, webhook).create(configured(webhook, server));
    await refuses(cluster, webhooks, true);
}

/** Has the API server call the webhooks no more; settles when it does not. */
export async function unregister(cluster: Cluster, webhooks: readonly Webhook[]): Promise<void> {
    await remove(cluster, webhooks);
    await refuses(cluster, webhooks, false);
}

async function remove(cluster: Cluster, webhooks: readonly Webhook[]): Promise<void> {
    for (const webhook of webhooks) await configurations(cluster, webhook).delete(webhook.configuration);
}

function configurations(cluster: Cluster, { type }: Webhook) {
    return cluster.objects(type === "validating" ? resources.validatingWebhooks : resources.mutatingWebhooks);
}

function configured(webhook: Webhook, { url, caBundle }: AdmissionServer): KubernetesObject & object {
    const { name, operations, failurePolicy, timeoutSeconds } = webhook;
    return {
        metadata: { name: webhook.configuration },
        webhooks: [
            {
                name,
                clientConfig: {
                    url: url + webhook.path,
                    caBundle: Buffer.from(caBundle).toString("base64"),
                },
                rules: webhook.resources.map(({ group, version, plural }) => ({
                    apiGroups: [group],
                    apiVersions: [version],
                    resources: [plural],
                    operations,
                    scope: "Namespaced",
                })),
                failurePolicy,
                ...(timeoutSeconds !== undefined && { timeoutSeconds }),
                sideEffects: "None",
                admissionReviewVersions: ["v1", "v1beta1"],
            },
        ],
    } as KubernetesObject;
}

/** The API server follows its own configuration with a delay: asks until every webhook refuses, or none does. */
async function refuses(cluster: Cluster, webhooks: readonly Webhook[], wanted: boolean): Promise<void> {
    for (const deadline = Date.now() + IN_EFFECT_TIMEOUT; ; await sleep(20)) {
        const refusals = await Promise.all(webhooks.map((one) => isRefused(cluster, one)));
        if (refusals.every((refused) => refused === wanted)) return;
        if (Date.now() > deadline) {
            throw new Error(`the API server still ${wanted ? "calls no" : "calls the"} webhook`);
        }
    }
}

async function isRefused(cluster: Cluster, { name, refused }: Webhook): Promise<boolean> {
    try {
        await cluster.objects(refused.resource).tryCreate(refused.object);
        return false;
    } catch (error) {
        return (error as Error).message.includes(`"${name}" denied the request`);
    }
}

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

/** Has the API server call the webhooks, in place of what is registered under their names; settles when it does so. */
export async function register(
    cluster: Cluster,
    server: AdmissionServer,
    webhooks: readonly Webhook[],
): Promise<void> {
    for (const webhook of webhooks) {
        const client = configurations(cluster, webhook);
        const wanted = configured(webhook, server);
        const old = await client.get(webhook.configuration);
        await (old ? client.write({ ...wanted, metadata: old.metadata }) : client.create(wanted));
    }
    await inEffect(cluster, webhooks);
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

/** The API server follows its own configuration with a delay: asks until every webhook refuses. */
async function inEffect(cluster: Cluster, webhooks: readonly Webhook[]): Promise<void> {
    for (const deadline = Date.now() + IN_EFFECT_TIMEOUT; ; await sleep(20)) {
        const refusals = await Promise.all(webhooks.map((one) => isRefused(cluster, one)));
        if (refusals.every(Boolean)) return;
        if (Date.now() > deadline) throw new Error("the API server does not call the webhooks");
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

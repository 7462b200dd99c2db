import { setTimeout as sleep } from "node:timers/promises";
import { Authority } from "../certificates";
import { type Cluster, resources } from "../kubernetes/cluster";
import type { KubernetesObject } from "../kubernetes/objects";
import { register, type Webhook } from "../webhooks/registration";
import { type AdmissionRequest, type AdmissionServer, serveAdmission } from "../webhooks/server";
import type { Step, Wishes } from "./wishes";

const NAME = "creation.stand-in.cluster";
const PATH = "/creation";
const PROBE = "admission-probe";
const LOOK_EVERY = 100;

const steps: Record<string, Step> = {
    persistentvolumeclaims: "create-pvc",
    serviceaccounts: "create-serviceaccount",
    jobs: "create-job",
    volumesnapshots: "create-snapshot",
};

const webhook: Webhook = {
    type: "validating",
    configuration: NAME,
    name: NAME,
    path: PATH,
    operations: ["CREATE"],
    resources: [
        resources.persistentVolumeClaims,
        resources.serviceAccounts,
        resources.jobs,
        resources.volumeSnapshots,
    ],
    failurePolicy: "Fail",
    // The most that there is: so long can an object be held up.
    timeoutSeconds: 30,
    refused: { resource: resources.serviceAccounts, object: probe() },
};

function probe(): KubernetesObject {
    return { metadata: { name: PROBE, namespace: "llmos-system" } };
}

/**
 * A STAND-IN for what can stand against the making of an object in a cluster, such as a quota: a webhook that refuses it
 * as is wished, or does not answer for as long as that is wished. Settles when it is in effect.
 */
export async function startStandInAgainstCreation(
    cluster: Cluster,
    wishes: Wishes,
    signal: AbortSignal,
): Promise<AdmissionServer> {
    const authority = await Authority.create("sandbox cluster");
    const certificate = await authority.server({ hosts: ["127.0.0.1"] });
    const server = await serveAdmission(
        { caBundle: authority.certificate, ...certificate },
        0,
        {
            async [PATH]({ resource, object }: AdmissionRequest) {
                const step = steps[resource.resource];
                if (object.metadata.name === PROBE) throw new Error("only asked for to see who answers");
                if (step) await allowed(wishes, step, object, signal);
                return undefined;
            },
        },
        (message) => ({ status: "Failure", message, reason: "Forbidden", code: 403 }),
    );
    try {
        await register(cluster, server, [webhook]);
        return server;
    } catch (error) {
        await server.stop();
        throw error;
    }
}

async function allowed(wishes: Wishes, step: Step, object: KubernetesObject, signal: AbortSignal) {
    for (;;) {
        const { outcome, text } = await wishes.of(step, object);
        if (outcome === "succeed") return;
        if (outcome !== "hang") throw new Error(text);
        await sleep(LOOK_EVERY, undefined, { signal });
    }
}

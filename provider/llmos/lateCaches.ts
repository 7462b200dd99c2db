/** Webhooks of LLMOS that refuse a write because their caches have not seen yet what was made a moment ago. */
import { type Finding, LlmosError } from "../finding";
import type { Cluster, KubernetesObject } from "../kubernetes/cluster";
import { type Waiting, waitFor } from "../lifecycle/waiting";
import { registryPath } from "./objects";

/** A Dataset, as far as it is read. */
interface Dataset extends KubernetesObject {
    status?: { versions?: { version: string }[] };
}

/** Time for the caches of LLMOS's webhooks to see what was made a moment ago, in milliseconds (seen: 150 ms late). */
const CACHES_MS = 5_000;

/** Writes; again for a moment, as long as LLMOS refuses because of something that is not so any more. */
export async function pastLateCaches<T>(
    waiting: Waiting,
    cluster: Cluster,
    what: string,
    write: () => Promise<T>,
): Promise<T> {
    let refusal: LlmosError | undefined;
    const waited = await waitFor(waiting, {
        what: `${what}: waiting until the webhooks of LLMOS let it be written`,
        mostMs: CACHES_MS,
        look: async () => {
            try {
                return await write();
            } catch (error) {
                if (!(error instanceof LlmosError) || !(await isOutdated(cluster, error.finding))) {
                    throw error;
                }
                refusal = error;
                return undefined;
            }
        },
        state: () => refusal?.finding.found ?? "being written",
    });
    if (waited.outcome !== "found") {
        throw refusal;
    }
    return waited.value;
}

/** Whether a webhook of LLMOS has refused for the lack of something that can be seen to be there. */
async function isOutdated(cluster: Cluster, { code, found: said }: Finding): Promise<boolean> {
    if (code !== "write-denied" || !/ not found| already has version /.test(said)) {
        return false;
    }
    const [, registry] = /\bregistry (\S+) (?:not found|failed: )/.exec(said) ?? [];
    if (registry !== undefined) {
        return (await cluster.read(registryPath(registry))).outcome === "present";
    }
    const [, namespace, name, version] =
        /\bdataset ([^\s/]+)\/(\S+) (?:not found|failed: |already has version (\S+))/.exec(said) ?? [];
    if (namespace === undefined || name === undefined) {
        return false;
    }
    const path = `/apis/ml.llmos.ai/v1/namespaces/${namespace}/datasets/${name}`;
    const reading = await cluster.read<Dataset>(path);
    const versions = reading.outcome === "present" ? (reading.value.status?.versions ?? []) : undefined;
    return versions?.every((each) => each.version !== version) === true;
}

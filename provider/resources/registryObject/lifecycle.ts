/** `RegistryObject`: the `ml.llmos.ai/v1 Registry` itself, and the operator's verdict on it. */

import { randomUUID } from "node:crypto";
import { connectionWith } from "../../access/bucket";
import { clusterToLeave, identify, ownCluster } from "../../access/cluster";
import { digestOf, keysOf, namespaceOf, newSalt, readKeys, readSecret } from "../../access/keys";
import { type Change, changesOf } from "../../description/comparison";
import { describe as describeFinding, failureOf, firstFindings, LlmosError } from "../../finding";
import type { Cluster } from "../../kubernetes/cluster";
import { sightingOf } from "../../kubernetes/marks";
import {
    deleteObject,
    deletingAsSeen,
    ownAt,
    ownFor,
    placeFor,
    writeObject,
} from "../../kubernetes/ownedObject";
import { type Context, type Lifecycle, PartialFailure } from "../../lifecycle";
import { adoptedInstance, type Claim, claimOf, ownersOf } from "../../lifecycle/ownership";
import { dependantsFinding, dependantsOf } from "../../llmos/dependants";
import { accessible, type RegistryResource, registryRef, stateOf } from "../../llmos/objects";
import {
    desiredRegistry,
    isAsDeclared,
    latestRegistry,
    movesAway,
    storesAt,
} from "../../llmos/registryWriter";
import {
    type Evidence,
    type Patience,
    registrySubject,
    VerdictWatch,
    verdictFindings,
} from "../../llmos/verdict";
import { judged } from "../../preflight/checks";
import { askForRegistries } from "../../preflight/cluster";
import { askEndpoint } from "../../preflight/endpoint";
import { proveKeys } from "../../preflight/proof";
import { askForRegistry } from "../../preflight/registry";
import { absent, known, present } from "../../reading";
import {
    type RegistryObjectInputs,
    type RegistryObjectState,
    registryObjectDescription,
    type Timeouts,
} from "./description";
import { observed, type Proof, stateAfter, statusOf, type Written } from "./state";

export const registryObject: Lifecycle<RegistryObjectInputs, RegistryObjectState> = {
    ...registryObjectDescription,

    asks: ["name", "endpoint", "bucket", "secretName", "caBundle"],

    subject({ clusterId, name }) {
        return [clusterId, name];
    },

    async complete(context, inputs, prior) {
        const identity = await identify(context, inputs, prior);
        return { namespace: namespaceOf(context, inputs.namespace), ...identity };
    },

    async preflight(context, inputs, prior, unchanged) {
        const { endpoint } = inputs;
        const [server, cluster] = await Promise.all([
            endpoint === undefined
                ? []
                : askEndpoint(context, connectionWith(context, { ...inputs, endpoint }, NO_KEYS)),
            firstFindings(
                askForRegistries(context, inputs.cluster, inputs.name),
                ...(unchanged ? [] : [askForRegistry(context, inputs, prior)]),
            ),
        ]);
        return [...server, ...cluster];
    },

    changes(state, inputs) {
        const rotated: Change[] =
            state.seenDigest === state.provedDigest ? [] : [{ name: "seenDigest", effect: "write" }];
        // An `up` that does nothing would end well with a registry that does not work.
        const isAwaited = state.state === "Inactive" && inputs.awaitVerdict !== false;
        return [...rotated, ...(isAwaited ? [{ name: "state", effect: "write" } as const] : [])];
    },

    async create(context, inputs) {
        const cluster = await ownCluster(context, inputs);
        const adopt = inputs.adopt === true;
        const creation = randomUUID();
        const claim = { owners: ownersOf(inputs), creation };
        const found = await placeFor<RegistryResource>(
            context,
            cluster,
            registryRef(inputs.name),
            claim,
            adopt,
        );
        if (found && !inputs.relocate && movesAway(found, inputs)) {
            await refuseWhileUsed(cluster, inputs.name, "relocate");
        }
        const proof = await prove(context, cluster, inputs, newSalt());
        const kept = found && adopt && canBeKept(found, inputs);
        const written = { ...inputs, instance: kept ? "" : creation };
        const state = kept
            ? stateAfter(context, written, found, proof, "unchanged")
            : await writeAndAwait(context, cluster, written, proof, { claim, adopt, seen: found });
        return { id: inputs.name, state: { ...state, clusterId: await cluster.identity() } };
    },

    async read(context, _id, state) {
        const cluster = await ownCluster(context, state);
        const ref = registryRef(state.name);
        const found = await ownAt<RegistryResource>(context, cluster, ref, claimOf(state));
        if (!found) {
            return absent;
        }
        for (const finding of verdictFindings(cluster, found)) {
            await context.log.warn(describeFinding({ ...finding, severity: "warning" }));
        }
        const secret = known(await readSecret(cluster, state.namespace ?? "", state.secretName));
        const keys = secret && keysOf(secret);
        const seenDigest = keys ? digestOf(keys, state.salt) : "missing";
        return present({ ...observed(state, found), seenDigest });
    },

    async update(context, _id, state, inputs) {
        const cluster = await ownCluster(context, inputs);
        const claim = claimOf(state, inputs);
        const found = await ownFor<RegistryResource>(context, cluster, registryRef(inputs.name), claim);
        const settled = state.endpoint === inputs.endpoint && state.bucket === inputs.bucket;
        if (found && !inputs.relocate && movesAway(found, inputs) && !(settled && storesAt(found, inputs))) {
            await refuseWhileUsed(cluster, inputs.name, "relocate");
        }
        const written = { ...inputs, instance: state.instance || adoptedInstance(state.uid) };
        const write = { claim, adopt: false, seen: found, formerDescription: state.description };
        const described = onlyDescribes(state, inputs) && found !== undefined;
        const proof = described ? proofOf(state) : await prove(context, cluster, inputs, state.salt);
        return described
            ? await describe(cluster, state, written, proof, write)
            : await writeAndAwait(context, cluster, written, proof, write);
    },

    async delete(context, _id, state) {
        const cluster = await clusterToLeave(context, state, `The Registry "${state.name}"`);
        if (!cluster) {
            return;
        }
        const ref = registryRef(state.name);
        await deletingAsSeen(cluster, ref, async () => {
            const found = await ownAt<RegistryResource>(context, cluster, ref, claimOf(state));
            if (!found) {
                return true;
            }
            await refuseWhileUsed(cluster, state.name, "delete");
            return await deleteObject(context, cluster, ref, found);
        });
    },
};

/**
 * Whether adopting has nothing to write. What a stack has marked gets the mark of its new creation, or the former one,
 * here or in another stack, would still take it for its own to delete.
 */
function canBeKept(found: RegistryResource, inputs: RegistryObjectInputs): boolean {
    return (
        sightingOf(found).marks.instance === undefined &&
        stateOf(found) === "Active" &&
        isAsDeclared(found, inputs)
    );
}

/** The endpoint question is unsigned. */
const NO_KEYS = { accessKeyId: "", secretAccessKey: "" };

/** Proves the very keys that the operator will read, before anything in the cluster is touched. */
async function prove(
    context: Context,
    cluster: Cluster,
    inputs: RegistryObjectInputs,
    salt: string,
): Promise<Proof> {
    const keys = await readKeys(cluster, inputs.namespace ?? "", inputs.secretName);
    const checks = [
        judged(context, "cluster", cluster.server, []),
        judged(context, "secret", `${inputs.namespace}/${inputs.secretName}`, []),
        ...(await proveKeys(context, inputs, keys, inputs.proveWriting !== false, inputs.owner)),
    ];
    return { checks, salt, digest: digestOf(keys, salt) };
}

function proofOf(state: RegistryObjectState): Proof {
    return { checks: state.checks, salt: state.salt, digest: state.provedDigest };
}

/** What the object is written over, and under which claim. */
interface Write {
    readonly claim: Claim;
    readonly adopt: boolean;
    readonly seen: RegistryResource | undefined;
    readonly formerDescription?: string | undefined;
}

function writeRegistry(
    cluster: Cluster,
    inputs: Written,
    proof: Proof,
    { formerDescription, ...write }: Write,
): Promise<RegistryResource> {
    return writeObject(
        cluster,
        registryRef(inputs.name),
        write,
        desiredRegistry(inputs, proof.digest, formerDescription),
    );
}

/** Writes the object and waits for the verdict; what was written is kept when the verdict is bad. */
async function writeAndAwait(
    context: Context,
    cluster: Cluster,
    inputs: Written,
    proof: Proof,
    write: Write,
): Promise<RegistryObjectState> {
    const clusterId = await cluster.identity();
    const watch = await VerdictWatch.open(cluster, registrySubject(cluster, inputs.name), context);
    try {
        const before = write.seen && accessible(write.seen);
        const written = await writeRegistry(cluster, inputs, proof, write);
        const state = (registry: RegistryResource, operatorVerdict: Evidence | "none") =>
            stateAfter(context, { ...inputs, clusterId }, registry, proof, operatorVerdict);
        if (inputs.awaitVerdict === false) {
            return state(written, "none");
        }
        try {
            const verdict = await watch.verdict(written, before, patienceOf(inputs.timeouts));
            return state(verdict.object, verdict.evidence);
        } catch (error) {
            throw error instanceof LlmosError
                ? new PartialFailure(
                      inputs.name,
                      state(await latestRegistry(cluster, written), "none"),
                      error,
                  )
                : error;
        }
    } finally {
        watch.stop();
    }
}

/** A change of the description alone asks nothing of the operator and is not waited for. */
async function describe(
    cluster: Cluster,
    state: RegistryObjectState,
    inputs: Written,
    proof: Proof,
    write: Write,
): Promise<RegistryObjectState> {
    const written = await writeRegistry(cluster, inputs, proof, write);
    const { description: _former, ...kept } = state;
    return { ...kept, ...inputs, ...statusOf(written) };
}

function patienceOf(timeouts: Timeouts = {}): Patience {
    return {
        verdictMs: (timeouts.verdictSeconds ?? 120) * 1_000,
        graceMs: (timeouts.graceSeconds ?? 5) * 1_000,
        settleMs: (timeouts.settleSeconds ?? 5) * 1_000,
    };
}

function onlyDescribes(state: RegistryObjectState, inputs: RegistryObjectInputs): boolean {
    const changes = changesOf(registryObject.fields, state, inputs, new Set())
        .filter(({ effect }) => effect !== "store")
        .map(({ name }) => name);
    const settled = state.state === "Active" && state.seenDigest === state.provedDigest;
    return settled && changes.join() === "description";
}

async function refuseWhileUsed(cluster: Cluster, name: string, intent: "delete" | "relocate"): Promise<void> {
    const users = await dependantsOf(cluster, name);
    if (users.length > 0) {
        throw failureOf(dependantsFinding(cluster, name, users, intent));
    }
}

/** `RegistryObject`: the `ml.llmos.ai/v1 Registry` itself, and the operator's verdict on it. */
import { randomUUID } from "node:crypto";
import {
    bucketName,
    cluster,
    type Guarded,
    guardedFields,
    type Owned,
    objectName,
    ownedFields,
    type S3Server,
    s3ServerFields,
} from "../arguments";
import { type Check, checksOf, judged } from "../checks";
import { changedFields, sameInputs } from "../comparison";
import { describe as describeFinding, failureOf, LlmosError } from "../errors";
import { flag, list, number, object, oneOf, optional, required, text, withDefault, written } from "../fields";
import type { Cluster } from "../kubernetes/cluster";
import { digestOf, keysOf, namespaceOf, newSalt, readKeys, readSecret } from "../kubernetes/credentials";
import { dependantsFinding, dependantsOf } from "../kubernetes/dependants";
import {
    clusterToLeave,
    type InCluster,
    identify,
    isMarked,
    isOurs,
    isReplacedByAnother,
    isTakenOver,
    ownCluster,
    takenFinding,
    withKnownIdentity,
} from "../kubernetes/identity";
import {
    accessible,
    type Condition,
    type RegistryResource,
    registryPath,
    stateOf,
} from "../kubernetes/objects";
import {
    applyRegistry,
    isAsDeclared,
    latestRegistry,
    movesAway,
    type Proof,
    storesAt,
    type Written,
} from "../kubernetes/registryWriter";
import {
    type Evidence,
    type Patience,
    registrySubject,
    VerdictWatch,
    verdictFindings,
} from "../kubernetes/verdict";
import {
    absent,
    type Context,
    type Difference,
    known,
    type Lifecycle,
    PartialFailure,
    present,
} from "../lifecycle";
import { askForRegistries } from "../preflight/cluster";
import { askEndpoint } from "../preflight/endpoint";
import { askForRegistry } from "../preflight/registry";
import { proveKeys } from "../proof";
import { connectionWith } from "../s3/access";
import { observed, stateAfter, statusOf } from "./registryState";

/** How long to wait for the operator, in seconds. */
export interface Timeouts {
    /** For a first verdict. Default 120. */
    verdictSeconds?: number;
    /** For a negative verdict to turn, because the operator tries again. Default 5. */
    graceSeconds?: number;
    /** For a positive verdict from before the change to be taken back. Default 5 (seen: 0.1). */
    settleSeconds?: number;
}

/** Arguments of a `RegistryObject`. */
export interface RegistryObjectInputs extends S3Server, InCluster, Guarded, Owned {
    /** Name, unique in the cluster. Another name is another registry: replacement, the new one first. */
    name: string;
    /** Shown on the LLMOS page. */
    description?: string;
    /** Bucket for models and datasets. Can be changed in place while nothing uses the registry. */
    bucket: string;
    /** Secret with the S3 keys. */
    secretName: string;
    /** Namespace of the Secret. Default `llmos-system` or `llmos:namespace`. */
    namespace?: string;
    /** Changes when the keys in the Secret do (`digest` of a `CredentialSecret`): the registry is then verified anew. */
    credentialDigest?: string;
    /** Says that the content has been moved: lets endpoint and bucket change although models or datasets use the registry. */
    relocate?: boolean;
    /** Prove that the keys can write, with one small object of our own that is deleted again. Default true. */
    proveWriting?: boolean;
    /** Wait for the operator's verdict. Default true. */
    awaitVerdict?: boolean;
    /** How long to wait for it. */
    timeouts?: Timeouts;
}

/** State of a `RegistryObject`. */
export interface RegistryObjectState extends RegistryObjectInputs {
    /** UID of the Registry. */
    uid: string;
    /** The creation that the Registry comes from; empty for one that somebody else made, and that is kept as it was. */
    instance: string;
    /** Text in virtual-host style, whatever the server speaks: for display, not an address to dial. */
    storageAddress?: string;
    /** Active or Inactive, as the LLMOS page shows it. */
    state: "Active" | "Inactive";
    /** The operator's conditions. */
    conditions: Condition[];
    /** `fresh`: given after our last change; `unchanged`: from before it, and not taken back; `none`: not awaited. */
    operatorVerdict: Evidence | "none";
    /** When that was found, ISO 8601. */
    operatorVerdictAt: string;
    /** What was proved about store and keys, and when. */
    checks: Check[];
    /** Salt of the two digests. */
    salt: string;
    /** Digest of the keys that were proved. */
    provedDigest: string;
    /** Digest of the keys last seen in the Secret: another one than proved means that somebody changed them. */
    seenDigest: string;
}

export const registryObject: Lifecycle<RegistryObjectInputs, RegistryObjectState> = {
    type: "RegistryObject",

    asks: ["name", "endpoint", "bucket", "secretName", "caBundle"],

    fields: {
        name: required(text(objectName)),
        description: optional(text()),
        ...s3ServerFields,
        bucket: bucketName,
        secretName: required(text(objectName)),
        namespace: optional(text(objectName)),
        credentialDigest: optional(text()),
        relocate: withDefault(flag, false),
        proveWriting: withDefault(flag, true),
        awaitVerdict: withDefault(flag, true),
        timeouts: optional(
            object<Timeouts>({
                verdictSeconds: optional(number(0)),
                graceSeconds: optional(number(0)),
                settleSeconds: optional(number(0)),
            }),
        ),
        cluster,
        clusterId: optional(text()),
        ...guardedFields,
        ...ownedFields,
    },

    computed: {
        uid: required(text()),
        instance: required(text()),
        storageAddress: optional(text()),
        state: required(oneOf<RegistryObjectState["state"]>("Active", "Inactive")),
        conditions: required(list(written<Condition>())),
        operatorVerdict: required(
            oneOf<RegistryObjectState["operatorVerdict"]>("fresh", "unchanged", "none"),
        ),
        operatorVerdictAt: required(text()),
        checks: required(checksOf),
        salt: required(text()),
        provedDigest: required(text()),
        seenDigest: required(text()),
    },

    subject({ clusterId, name }) {
        return [clusterId, name];
    },

    async complete(context, inputs, prior) {
        const identity = await identify(context, inputs, prior);
        return { namespace: namespaceOf(context, inputs.namespace), ...identity };
    },

    async preflight(context, inputs, prior) {
        const { endpoint } = inputs;
        const [cluster, server] = await Promise.all([
            askForRegistries(context, inputs.cluster),
            endpoint === undefined
                ? []
                : askEndpoint(context, connectionWith(context, { ...inputs, endpoint }, NO_KEYS)),
        ]);
        if (cluster.length > 0 || (prior && sameInputs(prior, inputs, QUIET))) {
            return [...cluster, ...server];
        }
        return [...server, ...(await askForRegistry(context, inputs, prior))];
    },

    diff(state, inputs, unknowns): Difference {
        const identified = withKnownIdentity(inputs, state);
        const changes = changedFields(registryObject.fields, state, identified, unknowns, QUIET);
        if (state.seenDigest !== state.provedDigest) {
            changes.push("secretName");
        }
        if (state.state === "Inactive" && inputs.awaitVerdict !== false) {
            // An `up` that does nothing would end well with a registry that does not work.
            changes.push("awaitVerdict");
        }
        const identity = ["name", "clusterId"];
        return {
            changes,
            replaces: changes.filter((name) => identity.includes(name) && !unknowns.has(name)),
        };
    },

    async create(context, inputs) {
        const cluster = await ownCluster(context, inputs);
        const found = known(await cluster.read<RegistryResource>(registryPath(inputs.name)));
        if (found && !inputs.adopt && !isOurs(found, inputs.owner)) {
            throw failureOf(takenFinding(cluster, "Registry", found));
        }
        context.history.created.add(inputs.owner ?? "");
        if (found && !inputs.relocate && movesAway(found, inputs)) {
            await refuseWhileUsed(cluster, inputs.name, "relocate");
        }
        const proof = await prove(context, cluster, inputs, newSalt());
        const kept = found && inputs.adopt && canBeKept(found, inputs);
        const written = { ...inputs, instance: kept ? "" : randomUUID() };
        const state = kept
            ? stateAfter(context, written, found, proof, "unchanged")
            : await writeAndAwait(context, cluster, written, proof, found, inputs.adopt === true);
        return { id: inputs.name, state: { ...state, clusterId: await cluster.identity() } };
    },

    async read(context, _id, state) {
        const cluster = await ownCluster(context, state);
        const reading = await cluster.read<RegistryResource>(registryPath(state.name));
        if (reading.outcome !== "present") {
            return reading;
        }
        if (isReplacedByAnother(reading.value, state)) {
            return absent;
        }
        for (const finding of verdictFindings(cluster, reading.value)) {
            await context.log.warn(describeFinding({ ...finding, severity: "warning" }));
        }
        const secret = known(await readSecret(cluster, state.namespace ?? "", state.secretName));
        const keys = secret && keysOf(secret);
        const seenDigest = keys ? digestOf(keys, state.salt) : "missing";
        return present({ ...observed(state, reading.value), seenDigest });
    },

    async update(context, _id, state, inputs) {
        const cluster = await ownCluster(context, withKnownIdentity(inputs, state));
        const found = known(await cluster.read<RegistryResource>(registryPath(inputs.name)));
        const settled = state.endpoint === inputs.endpoint && state.bucket === inputs.bucket;
        if (found && !inputs.relocate && movesAway(found, inputs) && !(settled && storesAt(found, inputs))) {
            await refuseWhileUsed(cluster, inputs.name, "relocate");
        }
        const written = { ...inputs, instance: state.instance || randomUUID() };
        const described = onlyDescribes(state, inputs) && found !== undefined;
        const proof = described ? proofOf(state) : await prove(context, cluster, inputs, state.salt);
        return described
            ? await describe(cluster, state, written, proof)
            : await writeAndAwait(context, cluster, written, proof, found, true);
    },

    async delete(context, _id, state) {
        const cluster = await clusterToLeave(context, state, `The Registry "${state.name}"`);
        const found = cluster && known(await cluster.read<RegistryResource>(registryPath(state.name)));
        const ours = found && !isReplacedByAnother(found, state) && !isTakenOver(found, state);
        if (cluster && ours) {
            await refuseWhileUsed(cluster, state.name, "delete");
            await cluster.delete(registryPath(state.name), found.metadata.uid);
        }
    },
};

/**
 * Whether adopting has nothing to write. What a stack has marked gets the mark of its new creation, or the former one,
 * here or in another stack, would still take it for its own to delete.
 */
function canBeKept(found: RegistryResource, inputs: RegistryObjectInputs): boolean {
    return !isMarked(found) && stateOf(found) === "Active" && isAsDeclared(found, inputs);
}

/** Arguments whose change leaves nothing to do on either side. */
const QUIET = [
    "relocate",
    "proveWriting",
    "awaitVerdict",
    "timeouts",
    "caBundle",
    "region",
    "addressing",
    "reachability",
    "owner",
    "awaits",
    "adopt",
    "cluster",
] as const;

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

/** Applies the object and waits for the verdict; what was written is kept when the verdict is bad. */
async function writeAndAwait(
    context: Context,
    cluster: Cluster,
    inputs: Written,
    proof: Proof,
    found: RegistryResource | undefined,
    force: boolean,
): Promise<RegistryObjectState> {
    const clusterId = await cluster.identity();
    const watch = await VerdictWatch.open(cluster, registrySubject(cluster, inputs.name), context);
    try {
        const before = found && accessible(found);
        const written = await applyRegistry(cluster, inputs, proof, force, found);
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
): Promise<RegistryObjectState> {
    const written = await applyRegistry(cluster, inputs, proof, true);
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
    const changes = changedFields(
        registryObject.fields,
        state,
        withKnownIdentity(inputs, state),
        new Set(),
        QUIET,
    );
    const settled = state.state === "Active" && state.seenDigest === state.provedDigest;
    return settled && changes.join() === "description";
}

async function refuseWhileUsed(cluster: Cluster, name: string, intent: "delete" | "relocate"): Promise<void> {
    const users = await dependantsOf(cluster, name);
    if (users.length > 0) {
        throw failureOf(dependantsFinding(cluster, name, users, intent));
    }
}

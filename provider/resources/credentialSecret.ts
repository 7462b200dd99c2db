/** `CredentialSecret`: the Secret from which the LLMOS operator reads the S3 keys, updated in place. */
import { randomUUID } from "node:crypto";
import {
    bucketName,
    cluster,
    type Guarded,
    guardedFields,
    type Keys,
    keysFields,
    type Owned,
    objectName,
    ownedFields,
    s3ServerFields,
} from "../arguments";
import { type Check, checksOf, judged } from "../checks";
import { type Finding, failureOf } from "../errors";
import { flag, number, object, optional, remembered, required, text, withDefault } from "../fields";
import type { Cluster } from "../kubernetes/cluster";
import { digestOf, keysOf, namespaceOf, newSalt, readSecret, secretData } from "../kubernetes/credentials";
import {
    clusterToLeave,
    type InCluster,
    identify,
    isOurs,
    isReplacedByAnother,
    isTakenOver,
    ownCluster,
    takenFinding,
} from "../kubernetes/identity";
import {
    INSTANCE_ANNOTATION,
    OWNER_ANNOTATION,
    type SecretResource,
    secretPath,
} from "../kubernetes/objects";
import type { Context, KnownPart, Lifecycle } from "../lifecycle";
import { QUESTION_DEADLINE_MS } from "../lifecycle/questions";
import { askForBucket } from "../preflight/bucket";
import { askForNamespace } from "../preflight/cluster";
import { askForPermission } from "../preflight/permissions";
import { type ProofTarget, proveKeys } from "../proof";
import { absent, known, present } from "../reading";
import { connectionWith } from "../s3/access";

/** Arguments of a `CredentialSecret`. */
export interface CredentialSecretInputs extends Keys, InCluster, Guarded, Owned {
    /** Name of the Secret. Another name is another Secret: replacement. */
    name: string;
    /** Namespace. Default `llmos-system` or `llmos:namespace`; the LLMOS operator reads `llmos-system` only. */
    namespace?: string;
    /** Bucket on which the keys are proved before the Secret is touched. Not given: no proof. */
    target?: ProofTarget;
    /** Prove writing too, with one small object of our own that is deleted again. Default true. */
    proveWriting?: boolean;
    /**
     * Counts the keys that were declared, filled in by the provider: how a Registry learns at preview that they change. A
     * computed output would be unknown there whenever anything else of the Secret changes.
     */
    keyRevision?: number;
}

/** State of a `CredentialSecret`. */
export interface CredentialSecretState extends CredentialSecretInputs {
    /** UID of the Secret. */
    uid: string;
    /** The creation that the Secret comes from. */
    instance: string;
    /** Salt of `digest`. */
    salt: string;
    /** Salted hash of the keys last seen in the cluster: how a change by somebody else is noticed. */
    digest: string;
    /** What was proved about the keys, and when. */
    checks: Check[];
}

export const credentialSecret: Lifecycle<CredentialSecretInputs, CredentialSecretState> = {
    type: "CredentialSecret",

    asks: ["name", "accessKeyId", "secretAccessKey", "target"],

    fields: {
        name: required(text(objectName), "replace"),
        namespace: optional(text(objectName), "replace"),
        ...keysFields,
        target: optional(object<ProofTarget>({ ...s3ServerFields, bucket: bucketName }), "store"),
        proveWriting: withDefault(flag, true, "store"),
        keyRevision: remembered(number(1), "write"),
        cluster,
        clusterId: remembered(text(), "replace"),
        ...guardedFields,
        ...ownedFields,
    },

    computed: {
        uid: required(text()),
        instance: required(text()),
        salt: required(text()),
        digest: required(text()),
        checks: required(checksOf),
    },

    subject({ clusterId, namespace, name }) {
        return [clusterId, namespace, name];
    },

    async complete(context, inputs, prior) {
        const identity = await identify(context, inputs, prior);
        return {
            namespace: namespaceOf(context, inputs.namespace),
            ...identity,
            ...revisionOf(inputs, prior),
        };
    },

    async preflight(context, inputs, prior, unchanged) {
        const namespace = namespaceOf(context, inputs.namespace);
        const [cluster, keys] = await Promise.all([
            askForNamespace(context, inputs.cluster, namespace),
            keysFindings(context, inputs, prior),
        ]);
        if (cluster.length > 0 || unchanged) {
            return [...cluster, ...keys];
        }
        const permission = { group: "", resource: "secrets", namespace } as const;
        const forbidden = await askForPermission(context, inputs.cluster, permission);
        const isNew = prior?.name !== inputs.name && inputs.name !== undefined && !inputs.adopt;
        const taken =
            forbidden.length === 0 && isNew
                ? await nameFindings(context, inputs, namespace, inputs.name as string)
                : [];
        return [...forbidden, ...taken, ...keys];
    },

    compares: ["accessKeyId", "secretAccessKey", "keyRevision"],

    changes(state, { accessKeyId, secretAccessKey }) {
        if (accessKeyId === undefined || secretAccessKey === undefined) {
            return [{ name: "secretAccessKey", effect: "write" }];
        }
        const name = state.accessKeyId === accessKeyId ? "secretAccessKey" : "accessKeyId";
        if (digestOf({ accessKeyId, secretAccessKey }, state.salt) !== state.digest) {
            return [{ name, effect: "write" }];
        }
        // Somebody has put the new keys into the Secret already.
        const isSaidAlike = state.accessKeyId === accessKeyId && state.secretAccessKey === secretAccessKey;
        return isSaidAlike ? [] : [{ name, effect: "store" }];
    },

    async create(context, inputs) {
        const cluster = await ownCluster(context, inputs);
        const namespace = namespaceOf(context, inputs.namespace);
        const found = known(await readSecret(cluster, namespace, inputs.name));
        if (found && !inputs.adopt && !isOurs(found, inputs.owner)) {
            throw failureOf(takenFinding(cluster, "Secret", found));
        }
        const state = await write(
            context,
            cluster,
            { ...inputs, namespace, instance: randomUUID(), salt: newSalt() },
            inputs.adopt === true,
        );
        context.history.created.add(inputs.owner ?? "");
        return { id: `${namespace}/${inputs.name}`, state };
    },

    async read(context, _id, state) {
        const cluster = await ownCluster(context, state);
        const reading = await readSecret(cluster, state.namespace ?? "", state.name);
        if (reading.outcome !== "present") {
            return reading;
        }
        if (isReplacedByAnother(reading.value, state)) {
            return absent;
        }
        const keys = keysOf(reading.value);
        const digest = keys ? digestOf(keys, state.salt) : "incomplete";
        return present({ ...state, digest, uid: reading.value.metadata.uid ?? "" });
    },

    async update(context, _id, state, inputs) {
        const cluster = await ownCluster(context, inputs);
        const { salt, instance } = state;
        return await write(context, cluster, { ...inputs, salt, instance }, true);
    },

    async delete(context, _id, state) {
        const cluster = await clusterToLeave(context, state, `The Secret "${state.name}"`);
        const found = cluster && known(await readSecret(cluster, state.namespace ?? "", state.name));
        const ours = found && !isReplacedByAnother(found, state) && !isTakenOver(found, state);
        if (cluster && ours) {
            await cluster.delete(secretPath(state.namespace ?? "", state.name), found.metadata.uid);
        }
    },
};

/** One more than before for other keys; nothing while the keys are not known. */
function revisionOf(
    { accessKeyId, secretAccessKey }: KnownPart<CredentialSecretInputs>,
    prior: KnownPart<CredentialSecretInputs> | undefined,
): { keyRevision?: number } {
    if (accessKeyId === undefined || secretAccessKey === undefined) {
        return {};
    }
    const before = prior?.keyRevision ?? 0;
    const isSame = prior?.accessKeyId === accessKeyId && prior?.secretAccessKey === secretAccessKey;
    return { keyRevision: isSame && before > 0 ? before : before + 1 };
}

/** Proves the keys, then applies the Secret; other people's keys in it are kept. */
async function write(
    context: Context,
    cluster: Cluster,
    inputs: CredentialSecretInputs & { salt: string; instance: string },
    force: boolean,
): Promise<CredentialSecretState> {
    const keys: Keys = { accessKeyId: inputs.accessKeyId, secretAccessKey: inputs.secretAccessKey };
    const checks = inputs.target
        ? await proveKeys(context, inputs.target, keys, inputs.proveWriting !== false, inputs.owner)
        : [];
    const { name, namespace = "", owner, salt, instance } = inputs;
    const annotations = { ...(owner && { [OWNER_ANNOTATION]: owner }), [INSTANCE_ANNOTATION]: instance };
    const secret = await cluster.apply<SecretResource>(
        secretPath(namespace, name),
        {
            apiVersion: "v1",
            kind: "Secret",
            type: "Opaque",
            metadata: { name, namespace, annotations },
            data: secretData(keys),
        },
        force,
    );
    const clusterId = await cluster.identity();
    const uid = secret.metadata.uid ?? "";
    const secretCheck = judged(context, "secret", `${cluster.server}, ${namespace}/${name}`, []);
    return { ...inputs, clusterId, uid, digest: digestOf(keys, salt), checks: [...checks, secretCheck] };
}

/** Are the keys accepted? Asked for new keys only, and only where they are for a known bucket. */
async function keysFindings(
    context: Context,
    inputs: KnownPart<CredentialSecretInputs>,
    prior: KnownPart<CredentialSecretInputs> | undefined,
): Promise<Finding[]> {
    const { target, accessKeyId, secretAccessKey } = inputs;
    const unchanged = prior?.accessKeyId === accessKeyId && prior?.secretAccessKey === secretAccessKey;
    if (!target || accessKeyId === undefined || secretAccessKey === undefined || unchanged) {
        return [];
    }
    const connection = connectionWith(context, target, { accessKeyId, secretAccessKey });
    return (await askForBucket(context, connection, target.bucket)).findings;
}

async function nameFindings(
    context: Context,
    inputs: KnownPart<CredentialSecretInputs>,
    namespace: string,
    name: string,
): Promise<Finding[]> {
    const cluster = await context.cluster(inputs.cluster);
    const reading = await readSecret(cluster, namespace, name, AbortSignal.timeout(QUESTION_DEADLINE_MS));
    if (reading.outcome === "unknown") {
        return [reading.error.finding];
    }
    const taken = reading.outcome === "present" && !isOurs(reading.value, inputs.owner);
    return taken ? [takenFinding(cluster, "Secret", reading.value)] : [];
}

/** `CredentialSecret`: the Secret from which the LLMOS operator reads the S3 keys, updated in place. */

import { randomUUID } from "node:crypto";
import { connectionWith } from "../../access/bucket";
import { clusterToLeave, identify, ownCluster } from "../../access/cluster";
import { usedFinding } from "../../access/inUse";
import { digestOf, keysOf, namespaceOf, newSalt, secretData } from "../../access/keys";
import type { Keys } from "../../description/arguments";
import { type Finding, failure, failureOf, firstFindings } from "../../finding";
import type { Cluster, ClusterReader } from "../../kubernetes/cluster";
import { INSTANCE_ANNOTATION, marksOf, OWNER_ANNOTATION, sightingOf } from "../../kubernetes/marks";
import { takenFinding } from "../../kubernetes/objectFindings";
import type { ObjectRef } from "../../kubernetes/objectRef";
import {
    deleteObject,
    deletingAsSeen,
    lookAt,
    ownAt,
    ownFor,
    placeFor,
    writeObject,
} from "../../kubernetes/ownedObject";
import type { Context, KnownPart, Lifecycle } from "../../lifecycle";
import { dispositionOf, OURS_ALONE } from "../../lifecycle/disposition";
import { areOfOneStack } from "../../lifecycle/owner";
import { type Claim, claimOf, ownersOf, type Sighting, standingOf } from "../../lifecycle/ownership";
import {
    ACCESS_KEY_ID,
    type RegistryResource,
    SECRET_ACCESS_KEY,
    type SecretResource,
    SYSTEM_NAMESPACE,
    secretRef,
} from "../../llmos/objects";
import { registriesWith } from "../../llmos/registryWriter";
import { askForBucket } from "../../preflight/bucket";
import { judged } from "../../preflight/checks";
import { askForNamespace } from "../../preflight/cluster";
import { askForPermission } from "../../preflight/permissions";
import { proveKeys } from "../../preflight/proof";
import { absent, present } from "../../reading";
import {
    type CredentialSecretInputs,
    type CredentialSecretState,
    credentialSecretDescription,
} from "./description";

export const credentialSecret: Lifecycle<CredentialSecretInputs, CredentialSecretState> = {
    ...credentialSecretDescription,

    asks: ["name", "accessKeyId", "secretAccessKey", "target"],

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
        const named = inputs.name === undefined ? {} : { name: inputs.name };
        const permission = { group: "", resource: "secrets", namespace, ...named } as const;
        const isNew = prior?.name !== inputs.name && inputs.name !== undefined;
        const [cluster, keys] = await Promise.all([
            firstFindings(
                askForNamespace(context, inputs.cluster, namespace),
                ...(unchanged ? [] : [askForPermission(context, inputs.cluster, permission)]),
                ...(isNew && !unchanged
                    ? [nameFindings(context, inputs, namespace, inputs.name as string)]
                    : []),
            ),
            keysFindings(context, inputs, prior),
        ]);
        return [...cluster, ...keys];
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
        const adopt = inputs.adopt === true;
        const claim = { owners: ownersOf(inputs) };
        const ref = secretRef(namespace, inputs.name);
        const seen = await placeFor<SecretResource>(context, cluster, ref, claim, adopt);
        const adopted = seen !== undefined && isAdopted(sightingOf(seen), claim);
        const instance = `${adopted ? ADOPTED : ""}${randomUUID()}`;
        const written = { ...inputs, namespace, instance, salt: newSalt(), adopted };
        const over = { claim: { ...claim, creation: instance }, adopt, seen };
        const state = await write(context, cluster, written, over);
        return { id: `${namespace}/${inputs.name}`, state };
    },

    async read(context, _id, state) {
        const cluster = await ownCluster(context, state);
        const ref = secretRef(state.namespace ?? "", state.name);
        const found = await ownAt<SecretResource>(context, cluster, ref, claimOf(state));
        if (!found) {
            return absent;
        }
        const keys = keysOf(found);
        const digest = keys ? digestOf(keys, state.salt) : "incomplete";
        return present({ ...state, digest, uid: found.metadata.uid ?? "" });
    },

    async update(context, _id, state, inputs) {
        const cluster = await ownCluster(context, inputs);
        const { salt, instance, adopted, namespace = "" } = state;
        const claim = claimOf(state, inputs);
        const seen = await ownFor<SecretResource>(context, cluster, secretRef(namespace, state.name), claim);
        const written = { ...inputs, salt, instance, adopted };
        return await write(context, cluster, written, { claim, adopt: false, seen });
    },

    async delete(context, _id, state) {
        const cluster = await clusterToLeave(context, state, `The Secret "${state.name}"`);
        if (!cluster) {
            return;
        }
        const ref = secretRef(state.namespace ?? "", state.name);
        await deletingAsSeen(cluster, ref, async () => {
            const found = await ownAt<SecretResource>(context, cluster, ref, claimOf(state));
            if (!found) {
                return true;
            }
            const { users, ownUsers } = await usersOf(cluster, state);
            const { act } = dispositionOf({
                ...OURS_ALONE,
                users,
                usedByOwn: ownUsers.length > 0,
                shared: state.adopted || otherKeysOf(found).length > 0,
            });
            switch (act) {
                case "keep":
                    await context.log.warn(
                        `The Secret "${state.name}" is kept, and is no longer in the stack: the Registry ${ownUsers.join(", ")} of this stack uses it.`,
                    );
                    return true;
                case "refuse":
                    throw failureOf(
                        usedFinding({
                            what: `Secret "${state.name}"`,
                            where: `${cluster.server}, Secret ${state.namespace}/${state.name}`,
                            registries: users,
                            why: "The LLMOS operator reads their S3 keys from it.",
                        }),
                    );
                case "delete":
                    return await deleteObject(context, cluster, ref, found);
                default:
                    await release(context, cluster, ref, found, claimOf(state));
                    return true;
            }
        });
    },
};

/** Names of the registries that the operator reads the keys for from this Secret: of other makers, and of this stack. */
async function usersOf(
    cluster: Cluster,
    { name, namespace, owner = "" }: CredentialSecretState,
): Promise<{ users: string[]; ownUsers: string[] }> {
    // The operator looks nowhere else.
    const registries = namespace === SYSTEM_NAMESPACE ? await registriesWith(cluster, name) : [];
    const isOwn = (registry: RegistryResource) =>
        areOfOneStack(sightingOf(registry).marks.owner ?? "", owner);
    const named = (those: RegistryResource[]) => those.map(({ metadata }) => metadata.name);
    return {
        users: named(registries.filter((each) => !isOwn(each))),
        ownUsers: named(registries.filter(isOwn)),
    };
}

/** Begins the creation that the mark of an adopted Secret names. */
const ADOPTED = "adopted ";

/**
 * Whether a Secret that is taken over was there before the stack managed it. Once our mark is on it, only the mark still
 * says so: to a replacement, and to the run after one that was ended before it had written its state.
 */
function isAdopted(seen: Sighting, claim: Claim): boolean {
    return standingOf(seen, claim) !== "ours" || seen.marks.instance?.startsWith(ADOPTED) === true;
}

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

/** Names of the data that are not ours. */
function otherKeysOf(secret: SecretResource | undefined): string[] {
    return Object.keys(secret?.data ?? {}).filter(
        (key) => key !== ACCESS_KEY_ID && key !== SECRET_ACCESS_KEY,
    );
}

/** Takes our two keys and our marks out of a Secret that is not ours alone. */
async function release(
    context: Context,
    cluster: Cluster,
    ref: ObjectRef,
    seen: SecretResource,
    claim: Claim,
): Promise<void> {
    await writeObject<SecretResource>(cluster, ref, { claim, adopt: false, seen }, () => ({
        annotations: { [OWNER_ANNOTATION]: null, [INSTANCE_ANNOTATION]: null },
        content: { data: { [ACCESS_KEY_ID]: null, [SECRET_ACCESS_KEY]: null } },
    }));
    const others = otherKeysOf(seen);
    await context.log.warn(
        `The Secret "${ref.name}" is kept without ${ACCESS_KEY_ID} and ${SECRET_ACCESS_KEY}: ${others.length > 0 ? `it also holds ${others.join(", ")}` : "it was there before this stack managed it"}.`,
    );
}

/** Proves the keys, then writes the Secret; other people's keys in it are kept. */
async function write(
    context: Context,
    cluster: Cluster,
    inputs: CredentialSecretInputs & { salt: string; instance: string; adopted: boolean },
    { claim, adopt, seen }: { claim: Claim; adopt: boolean; seen: SecretResource | undefined },
): Promise<CredentialSecretState> {
    const [unfit] = unfitFindings(cluster, seen);
    if (unfit) {
        throw failureOf(unfit);
    }
    const keys: Keys = { accessKeyId: inputs.accessKeyId, secretAccessKey: inputs.secretAccessKey };
    const checks = inputs.target
        ? await proveKeys(context, inputs.target, keys, inputs.proveWriting !== false, inputs.owner)
        : [];
    const { name, namespace = "", owner, salt, instance } = inputs;
    const secret = await writeObject<SecretResource>(
        cluster,
        secretRef(namespace, name),
        { claim, adopt, seen },
        () => ({
            annotations: marksOf(owner, instance),
            content: { type: "Opaque", data: secretData(keys) },
        }),
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
    const cluster = await context.clusterReader(inputs.cluster);
    const ref = secretRef(namespace, name);
    const claim = { owners: ownersOf(inputs) };
    const { standing, found } = await lookAt<SecretResource>(cluster, ref, claim);
    const taken = found && standing === "theirs" && !inputs.adopt;
    return taken ? [takenFinding(cluster, ref, found, claim)] : unfitFindings(cluster, found);
}

/** Why a Secret cannot take the keys, whosever it is. */
function unfitFindings(cluster: ClusterReader, secret: SecretResource | undefined): Finding[] {
    const type = secret?.type ?? "Opaque";
    if (!secret || (type === "Opaque" && !secret.immutable)) {
        return [];
    }
    const { name, namespace } = secret.metadata;
    return [
        failure("secret-unfit", {
            found: secret.immutable
                ? `The Secret "${name}" is immutable and cannot take the keys`
                : `The Secret "${name}" has the type ${type}, not Opaque, and a type cannot be changed`,
            where: `${cluster.server}, Secret ${namespace}/${name}`,
            why: "The LLMOS operator reads the S3 keys from a Secret of type Opaque, and new keys are written into it.",
            next: "Choose another name for the Secret; or, if it already holds the keys, use it as it is: credentials: { secretName, existing: true }.",
            property: "name",
        }).finding,
    ];
}

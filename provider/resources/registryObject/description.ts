import {
    bucketName,
    clusterFields,
    type Guarded,
    guardedFields,
    type InCluster,
    type Owned,
    objectName,
    ownedFields,
    type S3Server,
    s3OptionFields,
    s3ServerFields,
} from "../../description/arguments";
import { describe } from "../../description/description";
import {
    type HiddenOf,
    hidden,
    type InputsOf,
    type OutputsOf,
    optional,
    refers,
    required,
    secret,
    withDefault,
} from "../../description/fields";
import { flag, list, number, object, oneOf, text, written } from "../../description/kinds";
import type { Condition } from "../../llmos/objects";
import type { Evidence } from "../../llmos/verdict";
import { checks } from "../../preflight/checks";

const timeouts = {
    /** For a first verdict. Default 120. */
    verdictSeconds: optional(number(0)),
    /** For a negative verdict to turn, because the operator tries again. Default 5. */
    graceSeconds: optional(number(0)),
    /** For a positive verdict from before the change to be taken back. Default 5 (seen: 0.1). */
    settleSeconds: optional(number(0)),
};

/** How long to wait for the operator, in seconds. */
export interface Timeouts extends InputsOf<typeof timeouts> {}

const own = {
    /** Name, unique in the cluster. Another name is another registry, and the new one is made first. */
    name: required(text(objectName), "replace"),
    /** Shown on the LLMOS page. */
    description: optional(text()),
    /** Bucket for models and datasets. Can be changed in place while nothing uses the registry. */
    bucket: bucketName,
    /** Secret with the S3 keys. */
    secretName: refers("CredentialSecret", required(text(objectName))),
    /** Namespace of the Secret. Default `llmos-system` or `llmos:namespace`. */
    namespace: optional(text(objectName)),
    /** Changes when the declared keys do (`keyRevision` of a `CredentialSecret`): the registry is then verified anew. */
    keyRevision: optional(number(1)),
    /** Says that the content has been moved: lets endpoint and bucket change although models or datasets use the registry. */
    relocate: withDefault(flag, false, "store"),
    /** Prove that the keys can write, with one small object of our own that is deleted again. Default true. */
    proveWriting: withDefault(flag, true, "write"),
    /** Wait for the operator's verdict. Default true. */
    awaitVerdict: withDefault(flag, true, "store"),
    /** How long to wait for it. */
    timeouts: optional(object<Timeouts>("Timeouts", timeouts), "store"),
};

const computed = {
    /** UID of the Registry. */
    uid: hidden(text()),
    /** The creation that the Registry comes from; empty for one that somebody else made, and that is kept as it was. */
    instance: hidden(text()),
    /** Text in virtual-host style, whatever the server speaks: for display, not an address to dial. Unset while Inactive. */
    storageAddress: optional(text()),
    /** Active or Inactive, as the LLMOS page shows it. */
    state: required(oneOf<"Active" | "Inactive">("Active", "Inactive")),
    /** The operator's conditions. */
    conditions: required(list(written<Condition>("Condition"))),
    /** `fresh`: given after our last change; `unchanged`: from before it, and not taken back; `none`: not awaited. */
    operatorVerdict: required(oneOf<Evidence | "none">("fresh", "unchanged", "none")),
    /** When that was found, ISO 8601. */
    operatorVerdictAt: required(text()),
    /** What was proved about store and keys, and when. */
    checks: required(checks),
    /** Salt of the two digests. Without it, a digest cannot be used to try out keys. */
    salt: secret(hidden(text())),
    /** Digest of the keys that were proved. */
    provedDigest: hidden(text()),
    /** Digest of the keys last seen in the Secret: another one than proved means that somebody changed them. */
    seenDigest: hidden(text()),
};

export interface RegistryObjectInputs extends InputsOf<typeof own>, S3Server, InCluster, Guarded, Owned {}
export interface RegistryObjectComputed extends OutputsOf<typeof computed> {}
export interface RegistryObjectState
    extends RegistryObjectInputs,
        RegistryObjectComputed,
        HiddenOf<typeof computed> {}

export const registryObjectDescription = describe(
    "RegistryObject",
    {
        ...own,
        endpoint: s3ServerFields.endpoint,
        ...s3OptionFields,
        ...clusterFields("replace"),
        ...guardedFields,
        ...ownedFields,
    },
    computed,
);

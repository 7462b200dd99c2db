import {
    clusterFields,
    type Guarded,
    guardedFields,
    type InCluster,
    type Keys,
    keysFields,
    type Owned,
    objectName,
    ownedFields,
    proofTarget,
} from "../../description/arguments";
import { describe } from "../../description/description";
import {
    filledIn,
    type HiddenOf,
    hidden,
    type InputsOf,
    type OutputsOf,
    optional,
    required,
    secret,
    shown,
    withDefault,
} from "../../description/fields";
import { flag, number, text } from "../../description/kinds";
import { checks } from "../../preflight/checks";

const own = {
    /** Name of the Secret. Another name is another Secret. */
    name: required(text(objectName), "replace"),
    /** Namespace. Default `llmos-system` or `llmos:namespace`; the LLMOS operator reads `llmos-system` only. */
    namespace: shown(optional(text(objectName), "replace")),
    /** Bucket on which the keys are proved before the Secret is touched. Not given: no proof. */
    target: optional(proofTarget, "store"),
    /** Prove writing too, with one small object of our own that is deleted again. Default true. */
    proveWriting: withDefault(flag, true, "write"),
};

const revision = {
    /**
     * Counts the keys that were declared: changes when they do, and is known at preview. A computed output would be unknown
     * there whenever anything else of the Secret changes.
     */
    keyRevision: shown(filledIn(number(1), "write")),
};

const computed = {
    /** UID of the Secret. */
    uid: hidden(text()),
    /** The creation that the Secret comes from. */
    instance: hidden(text()),
    /** It was there before this stack managed it: deleting takes our two keys out, and leaves it. */
    adopted: hidden(flag),
    /** Salt of `digest`. Without it, a digest cannot be used to try out keys. */
    salt: secret(hidden(text())),
    /** Salted hash of the keys last seen in the cluster: how a change by somebody else is noticed. */
    digest: hidden(text()),
    /** What was proved about the keys, and when. */
    checks: required(checks),
};

export interface CredentialSecretInputs
    extends InputsOf<typeof own>,
        InputsOf<typeof revision>,
        Keys,
        InCluster,
        Guarded,
        Owned {}
export interface CredentialSecretComputed
    extends OutputsOf<typeof computed>,
        Required<Pick<CredentialSecretInputs, "namespace" | "keyRevision">> {}
export interface CredentialSecretState
    extends CredentialSecretInputs,
        OutputsOf<typeof computed>,
        HiddenOf<typeof computed> {}

export const credentialSecretDescription = describe(
    "CredentialSecret",
    {
        ...own,
        ...keysFields,
        ...revision,
        ...clusterFields("replace"),
        ...guardedFields,
        ...ownedFields,
    },
    computed,
);

/** Arguments and state of a `RegistryObject`. */
import type { Guarded, Owned, S3Server } from "../arguments";
import type { Check } from "../checks";
import type { InCluster } from "../kubernetes/identity";
import type { Condition } from "../kubernetes/objects";
import type { Evidence } from "../kubernetes/verdict";

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
    /** Changes when the declared keys do (`keyRevision` of a `CredentialSecret`): the registry is then verified anew. */
    keyRevision?: number;
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

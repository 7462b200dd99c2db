/** The state of a `RegistryObject`: after a write, and after a look. */

import type { Context } from "../../lifecycle";
import { DESCRIPTION_ANNOTATION, type RegistryResource, stateOf } from "../../llmos/objects";
import type { Evidence } from "../../llmos/verdict";
import { type Check, judged } from "../../preflight/checks";
import type { RegistryObjectInputs, RegistryObjectState } from "./description";

/** What is known about store and keys at the time of a write. */
export interface Proof {
    readonly checks: Check[];
    readonly salt: string;
    readonly digest: string;
}

/** What is to be written: the declaration, and the creation that the object comes from. */
export type Written = RegistryObjectInputs & { readonly instance: string };

/** After a write, with the evidence that there is for it. */
export function stateAfter(
    context: Context,
    inputs: Written,
    registry: RegistryResource,
    proof: Proof,
    operatorVerdict: Evidence | "none",
): RegistryObjectState {
    const verdict = judged(context, "verdict", `the LLMOS operator's: ${operatorVerdict}`, []);
    return {
        ...inputs,
        ...statusOf(registry),
        uid: registry.metadata.uid ?? "",
        operatorVerdict,
        operatorVerdictAt: verdict.at,
        checks: [...proof.checks, ...(operatorVerdict === "none" ? [] : [verdict])],
        salt: proof.salt,
        provedDigest: proof.digest,
        seenDigest: proof.digest,
    };
}

/** After a look: spec and description as they are in the cluster. */
export function observed(state: RegistryObjectState, registry: RegistryResource): RegistryObjectState {
    const s3 = registry.spec?.s3Config ?? {};
    const { description: declared, storageAddress: _known, ...rest } = state;
    const description = registry.metadata.annotations?.[DESCRIPTION_ANNOTATION];
    const endpoint = s3.endpoint ?? "";
    return {
        ...rest,
        // One that somebody set where none is declared is theirs.
        ...(declared !== undefined && description !== undefined && { description }),
        // The guide demands HTTPS; a registry that somebody switched to http is shown as what it is.
        endpoint: s3.useSSL === false ? `http://${endpoint}` : endpoint,
        bucket: s3.bucket ?? "",
        secretName: s3.accessCredentialSecretName ?? "",
        uid: registry.metadata.uid ?? "",
        ...statusOf(registry),
    };
}

/** What the state tells of the operator's verdict. */
export function statusOf(
    registry: RegistryResource,
): Pick<RegistryObjectState, "state" | "conditions" | "storageAddress"> {
    const storageAddress = registry.status?.storageAddress;
    return {
        state: stateOf(registry),
        conditions: registry.status?.conditions ?? [],
        ...(storageAddress && { storageAddress }),
    };
}

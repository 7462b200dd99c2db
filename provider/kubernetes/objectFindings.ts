/** What is told of an object of the cluster that is somebody else's, or that does not go. */
import { type Finding, failure, type LlmosError } from "../finding";
import { ALIASES, isOfStackOf, ownerWords } from "../lifecycle/owner";
import type { Claim } from "../lifecycle/ownership";
import type { Cluster, ClusterReader, KubernetesObject } from "./cluster";
import { OWNER_ANNOTATION } from "./marks";
import { type ObjectRef, pathOf } from "./objectRef";

/** Why an existing object is not taken over. */
export function takenFinding(
    cluster: ClusterReader,
    { kind }: ObjectRef,
    object: KubernetesObject,
    claim: Claim,
): Finding {
    return failure("name-taken", {
        found: `A ${kind} "${object.metadata.name}" exists already; it was made by ${makerOf(object, claim)}, not by this resource`,
        where: `${cluster.server}, ${nameOf(object)}`,
        why: "Overwriting it would break what relies on it.",
        next: isOfStackOf(object.metadata.annotations?.[OWNER_ANNOTATION], claim.owners)
            ? ALIASES
            : "Choose another name, or set adopt: true to let this stack manage it.",
        property: "name",
    }).finding;
}

/** Why an object that has come in the place of ours is not written to. */
export function strangerFinding(
    cluster: Cluster,
    { kind }: ObjectRef,
    object: KubernetesObject,
    claim: Claim,
): Finding {
    return failure("name-taken", {
        found: `The ${kind} "${object.metadata.name}" is not the one in the stack: it was made, or taken over, by ${makerOf(object, claim)}`,
        where: `${cluster.server}, ${nameOf(object)}`,
        why: "Overwriting it would break what relies on it.",
        next: "Run `pulumi refresh`: it takes what is gone out of the stack. Then choose another name, or set adopt: true to let this stack manage the one that is there.",
        property: "name",
    }).finding;
}

/** The warning of a refresh or delete that leaves somebody else's object alone. */
export function leftToOthers(ref: ObjectRef, object: KubernetesObject, claim: Claim): string {
    return `The ${ref.kind} "${ref.name}" is left alone: it is not the one in the stack, it was made, or taken over, by ${makerOf(object, claim)}.`;
}

function makerOf({ metadata }: KubernetesObject, { owners }: Claim): string {
    const owner = metadata.annotations?.[OWNER_ANNOTATION];
    return owner ? ownerWords(owner, owners) : "someone else";
}

function nameOf({ metadata: { name, namespace } }: KubernetesObject): string {
    return `${namespace ? `${namespace}/` : ""}${name}`;
}

/** Finalizers of the LLMOS operator begin like this. */
const OPERATOR_FINALIZER = "wrangler.cattle.io/";

export function stillThere(cluster: Cluster, ref: ObjectRef, holder: string, length: string): LlmosError {
    const byOperator = holder.startsWith(OPERATOR_FINALIZER);
    return failure("object-not-deleted", {
        found: `The ${ref.kind} "${ref.name}" is not gone after ${length}: it waits for ${holder}`,
        where: `${cluster.server}${pathOf(ref)}`,
        why: byOperator
            ? "The LLMOS operator deletes the content first, and lets the object go then."
            : 'What holds it has to let it go first (Kubernetes, "Finalizers"). Until then its name is not free.',
        next: byOperator
            ? "Check that the operator runs and that its registry is Active (`npx pulumi-llmos doctor`), then run again; raise timeouts.deleteSeconds for a large content."
            : `Find out who has set ${holder}, and why it is not taken off; then run again.`,
    });
}

export function tooFast(cluster: Cluster, ref: ObjectRef): LlmosError {
    return failure("field-conflict", {
        found: `The ${ref.kind} "${ref.name}" changes faster than it can be written or deleted`,
        where: `${cluster.server}${pathOf(ref)}`,
        why: "What is based on old data would undo somebody else's.",
        next: "Find out who keeps writing to it, then run again.",
    });
}

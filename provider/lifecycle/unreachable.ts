/**
 * Servers that are gone for good. A server out of reach is never taken for a deleted object; a user who knows that it
 * will not come back can say so, and is then not left to edit the state by hand.
 */
import type { Finding, FindingCode } from "../finding";

const OUT_OF_REACH = new Set<FindingCode>([
    "name-not-resolved",
    "connection-refused",
    "unreachable",
    "timed-out",
    "tls-not-spoken",
    "tls-unknown-authority",
    "tls-expired",
    "tls-wrong-host",
    "cluster-unreachable",
    "cluster-other",
]);

/**
 * The opt-in. Of the environment, not of the stack's configuration: the engine gives refresh and destroy the
 * configuration of the last `up`, and an `up` is what cannot be had without the server.
 */
const OPT_IN = "PULUMI_LLMOS_DELETE_UNREACHABLE";

/** Whether this run may forget what it cannot look at. */
export function forgetsUnreachable(): boolean {
    return process.env[OPT_IN] === "true";
}

/** Whether the server, not the object, is what could not be found. A refusal by the right server is none of these. */
export function isOutOfReach({ code }: Finding): boolean {
    return OUT_OF_REACH.has(code);
}

/** The finding, with the way out that it has in refresh and destroy. */
export function withOptIn(finding: Finding): Finding {
    return {
        ...finding,
        next: `${finding.next} If it is gone for good: with ${OPT_IN}=true in the environment, refresh and destroy forget what was there.`,
    };
}

/** The warning that something is forgotten without having been looked at. */
export function forgotten(finding: Finding, what: string): Finding {
    return {
        ...finding,
        severity: "warning",
        found: `${what} is forgotten without a look at it (${OPT_IN}). ${finding.found}`,
        why: "If it still exists, nothing manages it any more.",
        next: "Delete it by hand if the server comes back, and do not leave the variable set.",
    };
}

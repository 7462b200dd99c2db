/** Stack configuration (`llmos:…`): held to the same rules as the arguments of the same names. */

import { objectName } from "../description/arguments";
import { caBundle } from "../description/certificates";
import type { Refined } from "../description/decoding";
import { type Finding, failure } from "../finding";

/** Stack configuration (`llmos:…`), read by the provider process, so that destroy and refresh have it too. */
export interface Settings {
    /** Kubeconfig, as content or as a path. */
    readonly kubeconfig?: string;
    /** Context of the kubeconfig. */
    readonly context?: string;
    /** Namespace of credential Secrets; default `llmos-system`, the only one the LLMOS operator reads. */
    readonly namespace?: string;
    /** PEM certificates trusted for every S3 endpoint. */
    readonly caBundle?: string;
}

/** What is wrong with the configuration. */
export function settingsFindings(settings: Settings): Finding[] {
    return [
        ...refusals("llmos:caBundle", settings.caBundle, caBundle),
        ...refusals("llmos:namespace", settings.namespace, objectName),
    ];
}

function refusals(
    name: string,
    value: string | undefined,
    rule: (value: string) => Refined<string>,
): Finding[] {
    const refined = value === undefined ? undefined : rule(value);
    if (refined === undefined || "value" in refined) {
        return [];
    }
    return [
        failure("argument-invalid", {
            found: `The stack configuration "${name}" ${refined.refused.replace(/\.$/, "")}`,
            where: name,
            why: "It stands in for the argument of the same name on every resource.",
            next: `Set it anew with pulumi config set ${name}, or remove it.`,
        }).finding,
    ];
}

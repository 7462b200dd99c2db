/** Stack configuration (`llmos:…`): held to the same rules as the arguments of the same names. */

import { objectName } from "../description/arguments";
import { caBundle } from "../description/certificates";
import type { Decoding } from "../description/decoding";
import { type InputsOf, optional, secret, type Table } from "../description/fields";
import { text } from "../description/kinds";
import { type Finding, failure } from "../finding";

export const settingsFields = {
    /** Kubeconfig, as content or as a path. Default: the environment's. Kept secret: content may hold keys. */
    kubeconfig: secret(optional(text())),
    /** Context of the kubeconfig. Default: its current one. */
    context: optional(text()),
    /** PEM certificates trusted for every S3 endpoint, as content. */
    caBundle: optional(text(caBundle)),
    /** Namespace of credential Secrets; default `llmos-system`, the only one the LLMOS operator reads. */
    namespace: optional(text(objectName)),
};

/** What a provider's process is configured with, so that destroy and refresh have it too. */
export interface Settings extends Readonly<InputsOf<typeof settingsFields>> {}

/** What is wrong with the configuration. */
export function settingsFindings(settings: Settings): Finding[] {
    const given: Readonly<Record<string, unknown>> = { ...settings };
    return Object.entries(settingsFields as Table).flatMap(([name, { kind }]) => {
        const decoding: Decoding = { problems: [], unknowns: [] };
        if (given[name] !== undefined) {
            kind.decode(given[name], name, decoding);
        }
        return decoding.problems.map(
            ({ reason }) =>
                failure("argument-invalid", {
                    found: `The stack configuration "llmos:${name}" ${reason.replace(/\.$/, "")}`,
                    where: `llmos:${name}`,
                    why: "It stands in for the argument of the same name on every resource.",
                    next: `Set it anew with pulumi config set llmos:${name}, or remove it.`,
                }).finding,
        );
    });
}

/** One question and its answer: what `doctor` prints, and what the stack records as proved. */

import { list, written } from "../description/kinds";
import { explained, type Finding } from "../finding";
import type { Context } from "../lifecycle";

/** What a check is about. */
export type CheckName =
    | "cluster"
    | "llmos"
    | "namespace"
    | "secret"
    | "endpoint"
    | "keys"
    | "keys-write"
    | "cors"
    | "cors-preflight"
    | "verdict"
    | "default";

/** One question and its answer. Plain data: it goes into the state and into JSON as it is. */
export interface Check {
    /** What it is about. */
    name: CheckName;
    /** `skipped`: not asked, because an answer that it needs is missing; `detail` says which. */
    outcome: "passed" | "warned" | "failed" | "skipped";
    /** What was asked, of whom. */
    detail: string;
    /** When, ISO 8601. */
    at: string;
    /** What was found, where the outcome is `warned` or `failed`. */
    finding?: Finding;
}

/** Checks as the state holds them. */
export const checks = list(written<Check>("Check"));

/** The check of one question; a question that fails with an explained error has that as its finding. */
export async function check(
    context: Context,
    name: CheckName,
    detail: string,
    ask: () => Promise<Finding[]>,
): Promise<Check> {
    return judged(context, name, detail, await explained(ask));
}

/** The check of a question that has been asked already. */
export function judged(
    context: Context,
    name: CheckName,
    detail: string,
    findings: readonly Finding[],
): Check {
    const at = new Date(context.clock.now()).toISOString();
    const finding = findings.find(({ severity }) => severity === "error") ?? findings[0];
    const outcome = finding ? (finding.severity === "error" ? "failed" : "warned") : "passed";
    return { name, outcome, detail, at, ...(finding && { finding }) };
}

/** A question that was not asked. */
export function skipped(context: Context, name: CheckName, why: string): Check {
    return { ...judged(context, name, why, []), outcome: "skipped" };
}

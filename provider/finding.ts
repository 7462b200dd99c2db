/**
 * One shape for everything that a person is told: what was found, where, why it matters to LLMOS and what to
 * do next. Nothing in here may ever hold a key; callers pass names and addresses only.
 */

/** Known causes. Each has its own words; tests and tools match on the code, never on the text. */
export type FindingCode =
    | "argument-invalid"
    | "http-given"
    | "name-not-resolved"
    | "connection-refused"
    | "unreachable"
    | "timed-out"
    | "tls-not-spoken"
    | "tls-unknown-authority"
    | "tls-expired"
    | "tls-wrong-host"
    | "clock-skew"
    | "wrong-region"
    | "unknown-key"
    | "wrong-secret"
    | "access-denied"
    | "no-such-bucket"
    | "bucket-taken"
    | "bucket-not-empty"
    | "cors-not-implemented"
    | "cors-absent"
    | "cors-refused"
    | "cors-open"
    | "cors-taken"
    | "cors-not-stored"
    | "s3-failed"
    | "cluster-unreachable"
    | "kubeconfig-unusable"
    | "login-refused"
    | "cluster-forbidden"
    | "cluster-refused"
    | "write-denied"
    | "webhook-unreachable"
    | "cluster-other"
    | "crds-missing"
    | "namespace-missing"
    | "secret-missing"
    | "secret-incomplete"
    | "name-taken"
    | "field-conflict"
    | "secret-unfit"
    | "declared-twice"
    | "cors-foreign"
    | "two-defaults"
    | "dependants"
    | "object-not-ready"
    | "object-not-deleted"
    | "not-published"
    | "publication-blocked"
    | "content-published"
    | "dataset-missing"
    | "content-missing"
    | "content-taken"
    | "content-unusable"
    | "content-changed"
    | "content-damaged"
    | "content-interrupted"
    | "content-lost"
    | "registry-missing"
    | "registry-inactive"
    | "verdict-missing"
    | "unexpected"
    | "state-newer"
    | "state-unreadable";

/** `error` stops the operation, `warning` is told and passed by. */
export type Severity = "error" | "warning";

/** One thing that a person is told. */
export interface Finding {
    /** What kind of finding it is, the same in every release. */
    readonly code: FindingCode;
    /** `error` stops the operation, `warning` is told and passed by. */
    readonly severity: Severity;
    /** What was found, one sentence without a final full stop. */
    readonly found: string;
    /** Host, bucket, object or argument it was found at. */
    readonly where: string;
    /** What it means for LLMOS, one sentence. */
    readonly why: string;
    /** What to do next, one or two sentences. */
    readonly next: string;
    /** Argument that caused it, for example `credentials.secretAccessKey`. */
    readonly property?: string;
}

/** A finding as a person reads it: one line for what, three indented ones for where, why and next. */
export function describe(finding: Finding): string {
    return [
        finding.found,
        `  where: ${finding.where}`,
        `  why:   ${finding.why}`,
        `  next:  ${finding.next}`,
    ].join("\n");
}

/** A failure of an operation, carrying the finding that explains it. */
export class LlmosError extends Error {
    override readonly name = "LlmosError";

    constructor(
        readonly finding: Finding,
        options?: { cause?: unknown },
    ) {
        super(describe(finding), options);
    }
}

/** The error for a finding. */
export function failureOf(finding: Finding): LlmosError {
    return new LlmosError(finding);
}

/** Shorthand for a finding that stops the operation. */
export function failure(code: FindingCode, rest: Omit<Finding, "code" | "severity">): LlmosError {
    return new LlmosError({ code, severity: "error", ...rest });
}

/** The finding behind whatever was thrown; a programming error is rethrown, so that it is never taken for one. */
export function findingOf(error: unknown): Finding {
    if (error instanceof LlmosError) {
        return error.finding;
    }
    throw error;
}

/** The findings of a question, a failure among them. */
export async function explained(ask: () => Promise<Finding[]>): Promise<Finding[]> {
    try {
        return await ask();
    } catch (error) {
        return [findingOf(error)];
    }
}

/**
 * The findings of questions that are asked at the same time: those of the first, in this order, that has any. What the
 * others found would be told for the same reason, or is to be told once that is put right.
 */
export async function firstFindings(...asked: Promise<Finding[]>[]): Promise<Finding[]> {
    const answers = await Promise.all(asked.map((each) => explained(() => each)));
    return answers.find((findings) => findings.length > 0) ?? [];
}

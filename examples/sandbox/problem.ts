/** What a person needs to act on a failure of the sandbox; the same four things that the provider tells. */
export interface ProblemDetails {
    /** What was found, one sentence without a final full stop. */
    readonly found: string;
    /** File, program or address it was found at. */
    readonly where: string;
    /** What cannot go on because of it. */
    readonly why: string;
    /** What to do next; several lines are several ways. */
    readonly next: string | readonly string[];
    /** The last lines that the program itself wrote. */
    readonly lastLines?: readonly string[];
}

function describe(details: ProblemDetails): string {
    const [first = "", ...others] = typeof details.next === "string" ? [details.next] : details.next;
    const lines = [
        details.found,
        `  where: ${details.where}`,
        `  why:   ${details.why}`,
        `  next:  ${first}`,
        ...others.map((other) => `         ${other}`),
    ];
    if (details.lastLines !== undefined && details.lastLines.length > 0) {
        lines.push("  its last lines:", ...details.lastLines.map((line) => `    | ${line}`));
    }
    return lines.join("\n");
}

/** A failure of the sandbox that a person can do something about; its message is complete without a stack trace. */
export class SandboxProblem extends Error {
    override readonly name = "SandboxProblem";

    constructor(
        readonly details: ProblemDetails,
        options?: ErrorOptions,
    ) {
        super(describe(details), options);
    }
}

/** The text to show for whatever was thrown: a stack trace only where the failure is a mistake in our own code. */
export function textOf(error: unknown): string {
    if (error instanceof SandboxProblem) {
        return error.message;
    }
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

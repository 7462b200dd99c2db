/** Checks as a tree of ✓ and ✗, each with what was found and the remedy. */
import type { Check, CheckName } from "../preflight/checks";
import { type Colours, oneLine } from "./terminal";

/** What was examined: a cluster, a registry in it, or a store without a cluster. */
export interface Examined {
    readonly kind: "cluster" | "registry" | "store";
    readonly name: string;
    readonly checks: readonly Check[];
}

/** Mark and colour of each outcome. */
const MARKS = {
    passed: ["✓", "green"],
    warned: ["!", "yellow"],
    failed: ["✗", "red"],
    skipped: ["–", "dim"],
} as const;

const TITLES = { cluster: "Cluster", registry: "Registry", store: "Store" };

/** What a passed check says beyond what was asked of whom. */
const PROVED: Partial<Record<CheckName, string>> = {
    cluster: "answers",
    llmos: "the kind Registry is installed",
    namespace: "is there",
    secret: "holds both keys",
    endpoint: "name, TLS, clock",
    keys: "known there, and the bucket is there",
    "keys-write": "an object was put, read back and deleted",
    verdict: "accessible",
};

/** Width of the column of names: the longest is `cors-preflight`. */
const NAME_WIDTH = 14;

/** The tree with its final newline. */
export function checkTree({ kind, name, checks }: Examined, colours: Colours): string {
    const branches = checks.map((check, index) => branch(check, index === checks.length - 1, colours));
    return `${[colours.bold(`${TITLES[kind]} ${oneLine(name)}`), ...branches].join("\n")}\n`;
}

function branch({ name, outcome, detail, finding }: Check, isLast: boolean, colours: Colours): string {
    const [mark, colour] = MARKS[outcome];
    const proved = outcome === "passed" ? PROVED[name] : undefined;
    const text = oneLine(finding?.found ?? [detail, proved].filter(Boolean).join(": "));
    const line = `${mark} ${name.padEnd(NAME_WIDTH)} ${text}`;
    const head = `${isLast ? "└─" : "├─"} ${outcome === "passed" ? colours.green(mark) + line.slice(1) : colours[colour](line)}`;
    if (!finding) {
        return head;
    }
    const margin = `${isLast ? " " : "│"}    `;
    const { where, why, next } = finding;
    const rest = [`where: ${oneLine(where)}`, `why:   ${oneLine(why)}`, `next:  ${oneLine(next)}`];
    return [head, ...rest.map((one) => margin + one)].join("\n");
}

/** Whether anything failed; a warning is no failure. */
export function anyFailed(examined: readonly Examined[]): boolean {
    return examined.some(({ checks }) => checks.some(({ outcome }) => outcome === "failed"));
}

import { describe, expect, it } from "vitest";
import { anyFailed, checkTree, type Examined } from "../../../provider/cli/checkTree";
import type { Check } from "../../../provider/preflight/checks";
import { RecordingTerminal } from "../../support/recordingTerminal";

const at = "2026-11-23T21:48:45.337Z";
const finding = {
    code: "cors-open",
    severity: "warning",
    found: "Pages of every origin may write",
    where: "https://s3.registry.com:5000/models",
    why: "The declared origins\nrestrict nobody.",
    next: "Nothing, if that is meant.",
} as const;
const passed: Check = { name: "endpoint", outcome: "passed", detail: "https://s3.registry.com:5000", at };
const failed: Check = {
    name: "keys",
    outcome: "failed",
    detail: "models",
    at,
    finding: { ...finding, code: "wrong-secret", severity: "error", found: "The signature is refused" },
};
const skipped: Check = { name: "cors", outcome: "skipped", detail: "not asked: no keys given", at };
const warned: Check = { name: "cors-preflight", outcome: "warned", detail: "models", at, finding };

const examined: Examined = {
    kind: "registry",
    name: "models",
    checks: [passed, failed, skipped, warned],
};
const TREE = `Registry models
├─ ✓ endpoint       https://s3.registry.com:5000: name, TLS, clock
├─ ✗ keys           The signature is refused
│    where: https://s3.registry.com:5000/models
│    why:   The declared origins restrict nobody.
│    next:  Nothing, if that is meant.
├─ – cors           not asked: no keys given
└─ ! cors-preflight Pages of every origin may write
     where: https://s3.registry.com:5000/models
     why:   The declared origins restrict nobody.
     next:  Nothing, if that is meant.
`;

describe("a tree of checks", () => {
    it("has a branch for each, with where, why and next under what was found", () => {
        expect(checkTree(examined, new RecordingTerminal().colours)).toBe(TREE);
    });

    it("is the same but for its colours where there are colours", () => {
        const tree = checkTree(examined, new RecordingTerminal(true, true).colours);
        expect(tree).toContain("\u001b[32m✓\u001b[39m endpoint");
        expect(tree).toContain("\u001b[31m✗ keys           The signature is refused\u001b[39m");
        expect(tree).toContain("\u001b[33m! cors-preflight");
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours' own.
        expect(tree.replace(/\u001b\[\d+m/g, "")).toBe(TREE);
    });

    it("is of a cluster, a registry or a store", () => {
        const { colours } = new RecordingTerminal();
        expect(checkTree({ kind: "cluster", name: "https://c", checks: [] }, colours)).toBe(
            "Cluster https://c\n",
        );
        expect(checkTree({ kind: "store", name: "https://s", checks: [] }, colours)).toBe(
            "Store https://s\n",
        );
    });

    it("fails by what failed, not by a warning or by what was not asked", () => {
        expect(anyFailed([{ ...examined, checks: [passed, skipped, warned] }])).toBe(false);
        expect(anyFailed([{ ...examined, checks: [passed] }, examined])).toBe(true);
    });
});

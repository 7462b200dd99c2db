import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that goes with the test that asked for it. */
export function testFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "sandbox-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
}

/** Writes shell scripts that stand for programs, and gives the folder they lie in. */
export function fakePrograms(scripts: Readonly<Record<string, string>>, folder = testFolder()): string {
    mkdirSync(folder, { recursive: true });
    for (const [name, script] of Object.entries(scripts)) {
        writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    return folder;
}

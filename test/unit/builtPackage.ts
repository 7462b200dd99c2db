import { execFileSync } from "node:child_process";
import { readdirSync, statSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(__dirname, "..", "..");
const BUILD_INFO = join(ROOT, "dist", ".tsbuildinfo");

/** The package as users get it. */
export const BUILT_PACKAGE = join(ROOT, "dist");

/** Builds the package before the unit tests, if a source is newer than the last build. */
export default function build(): void {
    const sources = readdirSync(join(ROOT, "provider"), { recursive: true, encoding: "utf8" });
    const newest = Math.max(...sources.map((path) => changedAt(join(ROOT, "provider", path))));
    if (newest > changedAt(BUILD_INFO)) {
        const compiler = require.resolve("typescript/bin/tsc");
        execFileSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
            cwd: ROOT,
            stdio: "inherit",
        });
        // The compiler leaves it alone when nothing but times has changed.
        utimesSync(BUILD_INFO, new Date(), new Date());
    }
}

function changedAt(path: string): number {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * What `npm run test:mutation` does: it changes these files in many small ways, one at a time, and counts how many of
 * the changes the unit tests notice. They hold rules that unit tests are for; what only a real server or the engine can
 * show is proved by the other tests, which are too slow for this.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(fileURLToPath(import.meta.url), "..", "..", "..");

const MUTATED = [
    "provider/content/manifest.ts",
    "provider/content/parts.ts",
    "provider/description/arguments.ts",
    "provider/description/comparison.ts",
    "provider/description/endpoint.ts",
    "provider/description/fields.ts",
    "provider/description/kinds.ts",
    "provider/lifecycle/disposition.ts",
    "provider/lifecycle/ownership.ts",
    "provider/llmos/verdict.ts",
    "provider/network/causes.ts",
    "provider/network/limiter.ts",
    "provider/network/retry.ts",
    "provider/s3/cors/document.ts",
    "provider/s3/cors/match.ts",
    "provider/s3/cors/rule.ts",
    "provider/s3/failures.ts",
    "provider/s3/passing.ts",
    "provider/s3/refusals.ts",
    "provider/s3/serverWords.ts",
];

// StrykerJS only warns of a file that is not there, and the score would then be that of fewer rules.
const missing = MUTATED.filter((file) => !existsSync(join(ROOT, file)));
if (missing.length > 0) {
    throw new Error(
        `Not found, named in test/mutation/stryker.config.mjs: ${missing.join(", ")}. Where a file was moved, name its new place there.`,
    );
}

export default {
    mutate: MUTATED,
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "test/mutation/vitest.config.mts" },
    coverageAnalysis: "perTest",
    concurrency: 2,
    reporters: ["clear-text", "json"],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: "coverage/mutation.json" },
    tempDirName: "coverage/mutation",
    // The copy that is changed needs neither what is built nor what other runs have left.
    ignorePatterns: ["dist", "coverage", ".sandbox", "*.tgz"],
    // Per cent of all changes; with fewer noticed than that the run fails.
    thresholds: { break: 90 },
};

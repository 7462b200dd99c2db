import { defineConfig } from "vitest/config";
import { parseCLI } from "vitest/node";

/** Of each project. */
const common = {
    // The real engine takes seconds a command, and the machine may be busy: a limit here is for a hang only.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The S3 SDK's notice about coming Node versions is no outcome of a test.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
};

/** Whether files were named on the command line. */
const named = parseCLI(["vitest", ...process.argv.slice(2)]).filter.length > 0;

export default defineConfig({
    test: {
        // Most of what tests do is to wait for servers: with a worker a core, the cores would be idle half of the time.
        maxWorkers: 4,
        // One line a file: no test is slow enough to get one of its own.
        slowTestThreshold: Number.MAX_SAFE_INTEGER,
        reporters: ["default", "./test/support/run/reporter.ts"],
        // Of the whole run: once, whatever projects take part.
        globalSetup: ["test/support/run/setup.ts"],
        projects: [
            {
                test: {
                    ...common,
                    name: "unit",
                    include: ["test/unit/**/*.test.ts"],
                    globalSetup: ["test/unit/builtPackage.ts"],
                },
            },
            {
                test: {
                    ...common,
                    name: "sandbox",
                    include: [
                        "test/integration/**/*.test.ts",
                        "test/engine/**/*.test.ts",
                        "test/matrix/quick.test.ts",
                    ],
                },
            },
            {
                // One file after another, at the same time as the other projects (test/cluster/all.test.ts).
                test: {
                    ...common,
                    name: "cluster",
                    ...(named
                        ? {
                              include: ["test/cluster/*.test.ts"],
                              exclude: ["test/cluster/all.test.ts"],
                              fileParallelism: false,
                          }
                        : { include: ["test/cluster/all.test.ts"] }),
                },
            },
            {
                test: {
                    ...common,
                    name: "long",
                    include: ["test/long/**/*.test.ts"],
                    testTimeout: 7_200_000,
                    // They share the cluster.
                    fileParallelism: false,
                },
            },
            {
                test: {
                    ...common,
                    name: "languages",
                    include: ["test/languages/**/*.test.ts"],
                    // The hosts of the languages are built on first use.
                    hookTimeout: 1_800_000,
                },
            },
            {
                test: {
                    ...common,
                    name: "matrix",
                    include: ["test/matrix/matrix.test.ts"],
                    // Its servers are built on first use.
                    testTimeout: 1_800_000,
                    hookTimeout: 1_800_000,
                },
            },
        ],
    },
});

import { defineConfig } from "vitest/config";

export default defineConfig({
    test: {
        // The real engine takes seconds a command, and the machine may be busy: a limit here is for a hang only.
        testTimeout: 300_000,
        hookTimeout: 300_000,
        maxWorkers: 2,
        // The S3 SDK's notice about coming Node versions is no outcome of a test.
        env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
        projects: [
            {
                extends: true,
                test: {
                    name: "unit",
                    include: ["test/unit/**/*.test.ts"],
                    globalSetup: ["test/unit/builtPackage.ts"],
                },
            },
            {
                extends: true,
                test: {
                    name: "sandbox",
                    include: [
                        "test/integration/**/*.test.ts",
                        "test/engine/**/*.test.ts",
                        "test/matrix/quick.test.ts",
                    ],
                    globalSetup: ["test/support/sandboxSetup.ts"],
                },
            },
            {
                extends: true,
                test: {
                    name: "long",
                    include: ["test/long/**/*.test.ts"],
                    globalSetup: ["test/support/sandboxSetup.ts"],
                    testTimeout: 7_200_000,
                },
            },
            {
                extends: true,
                test: {
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

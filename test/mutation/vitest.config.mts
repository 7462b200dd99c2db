import { defineConfig } from "vitest/config";

export default defineConfig({
    test: {
        include: ["test/unit/**/*.test.ts"],
        setupFiles: ["test/mutation/setup.ts"],
        // For a hang only: the machine may be busy.
        testTimeout: 60_000,
        // These look at the built package, in which nothing is changed.
        exclude: [
            // The SDK's mocks hang where test files share a process, as they do here.
            "test/unit/engineStandIn.test.ts",
            "test/unit/pulumi/owner.test.ts",
            "test/unit/cli/usage.test.ts",
            "test/unit/loading.test.ts",
            "test/unit/pulumi/shell.test.ts",
        ],
    },
});

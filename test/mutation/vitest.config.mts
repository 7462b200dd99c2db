import { defineConfig } from "vitest/config";

export default defineConfig({
    test: {
        include: ["test/unit/**/*.test.ts"],
        setupFiles: ["test/mutation/setup.ts"],
        // For a hang only: the machine may be busy.
        testTimeout: 60_000,
        exclude: [
            // Reads the comments of the sources, which are not where they were once the changes are in.
            "test/unit/description/descriptions.test.ts",
            // These look at the built package, in which nothing is changed.
            "test/unit/cli/usage.test.ts",
            "test/unit/loading.test.ts",
            "test/unit/pulumi/shell.test.ts",
            // The SDK's mocks hang where test files share a process, as they do here.
            "test/unit/engineStandIn.test.ts",
            "test/unit/pulumi/inputs.test.ts",
            "test/unit/pulumi/owner.test.ts",
        ],
    },
});

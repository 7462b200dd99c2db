import { defineConfig } from "vitest/config";

export default defineConfig({
    test: {
        include: ["test/unit/**/*.test.ts"],
        setupFiles: ["test/mutation/setup.ts"],
        // These look at the built package, in which nothing is changed.
        exclude: [
            "test/unit/cli/usage.test.ts",
            "test/unit/loading.test.ts",
            "test/unit/pulumi/shell.test.ts",
        ],
    },
});

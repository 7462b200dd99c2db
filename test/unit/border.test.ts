import { spawnSync } from "node:child_process";
import {
    copyFileSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";

const ROOT = resolve(__dirname, "..", "..");

describe("the lint rule", () => {
    let folder: string;
    beforeAll(() => {
        folder = mkdtempSync(join(tmpdir(), "border-"));
        copyFileSync(join(ROOT, "biome.json"), join(folder, "biome.json"));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each([
        ["provider/s3/probe.ts", 1],
        ["provider/probe.ts", 1],
        ["provider/resources/probe.ts", 1],
        ["provider/pulumi/probe.ts", 0],
        ["test/probe.ts", 0],
    ])("on an import of Pulumi in %s gives %i errors", (path, errors) => {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(
            join(folder, path),
            'import * as pulumi from "@pulumi/pulumi";\n\nexport const x = pulumi.log;\n',
        );
        const biome = join(ROOT, "node_modules", ".bin", "biome");
        const options = ["lint", "--vcs-enabled=false", "--reporter=json", path];
        const { stdout } = spawnSync(biome, options, { cwd: folder, encoding: "utf8" });
        const report = JSON.parse(stdout) as {
            diagnostics: { category: string }[];
            summary: { errors: number };
        };
        expect(report.diagnostics.map(({ category }) => category)).toEqual(
            Array(errors).fill("lint/style/noRestrictedImports"),
        );
        expect(report.summary.errors).toBe(errors);
    });
});

test("no lifecycle imports from Pulumi's side in a way that the rule does not see", () => {
    const sources = readdirSync(join(ROOT, "provider"), { recursive: true, encoding: "utf8" }).filter(
        (path) => path.endsWith(".ts") && !path.startsWith("pulumi/") && path !== "index.ts",
    );
    expect(sources).toContain("s3/client.ts");
    const across = sources.filter((path) =>
        /\b(from|import|require)\s*\(?\s*["'](@pulumi\/|(\.\.?\/)+pulumi\/)/.test(
            readFileSync(join(ROOT, "provider", path), "utf8"),
        ),
    );
    expect(across).toEqual([]);
});

/** What is published, installed as a user would, far away from this repository. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { execute } from "../support/execute";
import { Outside } from "../support/outside";

const sandbox = inject("sandbox");
const ROOT = resolve(__dirname, "..", "..");

const program = `
import * as pulumi from "@pulumi/pulumi";
import * as llmos from "pulumi-llmos";

const config = new pulumi.Config();
const registry = new llmos.Registry("packed", {
    endpoint: config.require("endpoint"),
    bucket: { name: "packed-bucket" },
    credentials: {
        accessKeyId: config.requireSecret("accessKeyId"),
        secretAccessKey: config.requireSecret("secretAccessKey"),
    },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
});

export const state: pulumi.Output<"Active" | "Inactive"> = registry.state;
export const all: Promise<llmos.RegistryRow[]> = llmos.getRegistries();
`;

let folder: string;
let tarball: string;

const pulumi = (...args: string[]) =>
    execute(sandbox.programs["pulumi"] ?? "pulumi", [...args, "--non-interactive"], {
        cwd: folder,
        env: { ...process.env, ...sandbox.environment },
    });

beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pulumi-llmos-packed-"));
    await execute("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: ROOT });
    tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz")) ?? "";
});
afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
});

test("the tarball holds the built package, and nothing of its making", async () => {
    const files = (await execute("tar", ["-tzf", tarball], { cwd: folder })).trim().split("\n");
    const entries = files.map((file) => file.replace(/^package\//, "").split("/")[0]);
    expect([...new Set(entries)].sort()).toEqual([
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "dist",
        "docs",
        "package.json",
        "plugin",
    ]);
    const extensions = files
        .filter((file) => file.startsWith("package/dist/"))
        .map((file) => file.replace(/^.*?(\.d\.ts|\.js\.map|\.[^.]*)$/, "$1"));
    expect([...new Set(extensions)].sort()).toEqual([".d.ts", ".js", ".js.map"]);
    expect(files).toEqual(
        expect.arrayContaining([
            "package/dist/index.js",
            "package/dist/index.d.ts",
            "package/dist/pulumi/dynamic.js",
            "package/dist/cli/main.js",
            "package/plugin/pulumi-resource-llmos",
            "package/plugin/pulumi-resource-llmos.cmd",
            "package/plugin/schema.json",
        ]),
    );
});

test("installed in an empty folder, a typed program is checked, made and destroyed", async () => {
    const versions = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")).devDependencies;
    const write = (name: string, content: unknown) =>
        writeFile(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
    await write("package.json", { name: "packed", private: true, main: "index.ts" });
    await write("Pulumi.yaml", { name: "packed", runtime: "nodejs" });
    await write("index.ts", program);
    await write("tsconfig.json", {
        compilerOptions: {
            strict: true,
            target: "ES2022",
            module: "Node16",
            moduleResolution: "Node16",
            noEmit: true,
            types: ["node"],
        },
        files: ["index.ts"],
    });
    const installed = [
        `./${tarball}`,
        `@pulumi/pulumi@${versions["@pulumi/pulumi"]}`,
        `typescript@${versions.typescript}`,
        `@types/node@${versions["@types/node"]}`,
    ];
    await execute("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...installed], {
        cwd: folder,
    });
    // Without skipLibCheck: the package's own declarations are checked as well.
    await execute(join("node_modules", ".bin", "tsc"), ["-p", "."], { cwd: folder });

    const command = (...args: string[]) =>
        execute("npx", ["--no-install", "pulumi-llmos", ...args], {
            cwd: folder,
            env: { ...process.env, ...sandbox.environment },
        });
    expect(await command("--help")).toMatch(/Usage: pulumi-llmos \[options\] \[command\]\n/);

    const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
    await pulumi("stack", "init", "dev");
    await pulumi("config", "set", "endpoint", endpoint);
    await pulumi("config", "set", "--secret", "accessKeyId", accessKeyId);
    await pulumi("config", "set", "--secret", "secretAccessKey", secretAccessKey);
    const outside = await Outside.of(sandbox);
    try {
        const made = { registries: ["packed"], secrets: ["packed-credentials"], buckets: ["packed-bucket"] };
        const authority = ["-c", `llmos:caBundle=${caBundle}`];
        expect(await pulumi("up", "--yes", "--skip-preview", ...authority)).toContain('state: "Active"');
        expect(await outside.named("packed")).toEqual(made);
        expect(await command("status")).toMatch(/^Active +packed +\S+ +packed-bucket$/m);
        await pulumi("destroy", "--yes", "--skip-preview");
        expect(await outside.named("packed")).toEqual({ registries: [], secrets: [], buckets: [] });
    } finally {
        outside.s3.destroy();
    }
});

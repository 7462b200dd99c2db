/** The built package under other versions of Node than the one that runs the tests. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SandboxDetails } from "../../examples/sandbox";
import { execute } from "./execute";
import { planned } from "./plan";
import { Project } from "./project";

const program = `
if (process.version !== values.version) {
    throw new Error("the program runs under " + process.version);
}
new llmos.Registry("versioned", {
    endpoint: values.endpoint,
    bucket: { name: "versioned-bucket" },
    credentials: { accessKeyId: values.accessKeyId, secretAccessKey: values.secretAccessKey },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    default: true,
});
`;

let folder: string;

/** The tests of these versions. */
export function testNodeVersions(versions: readonly string[], sandbox: () => SandboxDetails): void {
    beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), "pulumi-llmos-node-"));
    });
    afterAll(async () => {
        await rm(folder, { recursive: true, force: true });
    });

    test.each(versions)("Node %s", async (version) => {
        const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox().s3;
        const bin = await install(version).catch((error: Error) => error);
        if (bin instanceof Error) {
            console.error(`Node ${version} cannot be had here, so it was not tested:\n${bin.message}`);
            return;
        }
        const path = [bin, sandbox().environment["PATH"]].join(delimiter);
        const project = await Project.create(sandbox(), {
            program,
            values: { endpoint, accessKeyId, secretAccessKey, version: `v${version}` },
            config: { "llmos:caBundle": caBundle },
            environment: { PATH: path },
            secrets: [accessKeyId, secretAccessKey],
        });
        try {
            const parts = ["Bucket", "CredentialSecret", "BucketCors", "RegistryObject", "DefaultRegistry"];
            expect((await planned(project)).map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
                "create Stack",
                "create Registry",
                ...parts.map((part) => `create ${part}`),
            ]);
        } finally {
            await project.remove();
        }
    });
}

/** The folder of that Node's executable, from the package of this platform that `node` on npm is made of. */
async function install(version: string): Promise<string> {
    const name = `node-${process.platform}-${process.arch}`;
    const cwd = await mkdtemp(join(folder, "install-"));
    await writeFile(join(cwd, "package.json"), JSON.stringify({ private: true }));
    await execute("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", `${name}@${version}`], {
        cwd,
    });
    return join(cwd, "node_modules", name, "bin");
}

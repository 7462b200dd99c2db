/** Keys are seen in two places only, the Secret and the S3 server: not in a state, an output or any other object. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { Outside } from "../support/outside";
import { Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, caBundle } = sandbox.s3;

const program = `
new llmos.Registry("quiet", {
    endpoint: values.endpoint,
    bucket: { name: "quiet-bucket" },
    credentials: values.keys,
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    timeouts: { settleSeconds: 0.5 },
});
`;
const first = { accessKeyId: "QUIETFIRSTUSER", secretAccessKey: "a-first-secret/that+nobody=sees" };
const second = { accessKeyId: "QUIETSECONDUSER", secretAccessKey: "a-second-secret/that+nobody=sees" };
const unknown = { accessKeyId: "QUIETUNKNOWNUSER", secretAccessKey: "an-unknown-secret/nobody=sees" };
const secrets = [first, second, unknown].flatMap((keys) => [keys.accessKeyId, keys.secretAccessKey]);

/** How the engine marks a secret in an exported state. */
const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

let outside: Outside;
let project: Project;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await createUser(sandbox, { ...first, role: "admin" });
    await createUser(sandbox, { ...second, role: "admin" });
    const values = { endpoint, keys: first };
    project = await Project.create(sandbox, {
        program,
        values,
        config: { "llmos:caBundle": caBundle },
        secrets,
    });
});
afterAll(async () => {
    await project?.remove();
    outside?.s3.destroy();
});

test("the search itself finds a key, in clear and in base64", () => {
    for (const form of [first.secretAccessKey, Buffer.from("QUIETFIRSTUSER").toString("base64url")]) {
        expect(() => project.scan(`before${form}after`, "example")).toThrow(
            "A key was found in the example:\nbefore<KEY>after",
        );
    }
});

// `pulumi` of a project, and with it `up`, `refresh` and so on, fails by itself when a key is in the output.
test("no command prints a key, a refused one neither", async () => {
    const up = await project.up();
    expect(up.exitCode, up.output).toBe(0);
    const refresh = await project.refresh("--debug");
    expect(refresh.exitCode, refresh.output).toBe(0);
    await project.setValues({ endpoint, keys: unknown });
    const refused = await project.preview();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain("The S3 server does not know the access key");
});

test("of an up with --debug, only what Pulumi's own SDK dumps holds keys", async () => {
    await project.setValues({ endpoint, keys: second });
    const up = await project.run(["up", "--yes", "--diff", "--debug"]);
    expect(up.exitCode).toBe(0);
    expect(up.output).toContain("[secret]");
    // The SDK's "RegisterResource RPC finished" is followed by the engine's answer as it came.
    expect(() => project.scan(up.output, "whole output")).toThrow("A key was found in the whole output");
    const lines = up.output.split("\n").filter((line) => !/^ *,/.test(line));
    expect(lines.length).toBeGreaterThan(100);
    project.scan(lines.join("\n"), "rest of the output");
});

test("the state holds the keys encrypted only", async () => {
    const { deployment } = JSON.parse(await project.exportState());
    const secret = deployment.resources.find(({ urn }: { urn: string }) => urn.endsWith("::quiet-secret"));
    for (const place of ["inputs", "outputs"]) {
        for (const key of ["accessKeyId", "secretAccessKey"]) {
            expect(secret[place][key]).toEqual({
                [SECRET_SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270",
                ciphertext: expect.stringMatching(/^v1:/),
            });
        }
    }
    // What the backend keeps beside it: checkpoints of every step, backups, the history.
    const backend = fileURLToPath(sandbox.environment["PULUMI_BACKEND_URL"] ?? "");
    const name = deployment.resources[0].urn.split("::")[1];
    const files = await readdir(backend, { recursive: true, withFileTypes: true });
    const own = files.filter((file) => file.isFile() && join(file.parentPath, file.name).includes(name));
    expect(own.length).toBeGreaterThan(2);
    for (const file of own) {
        const path = join(file.parentPath, file.name);
        project.scan(await readFile(path, "utf8"), path);
    }
});

test("in the cluster, the keys are in the data of the Secret and nowhere else", async () => {
    expect((await outside.secret("quiet-credentials"))?.data).toEqual({
        accessKeyID: second.accessKeyId,
        accessKeySecret: second.secretAccessKey,
    });
    const kinds = await listable();
    expect(kinds).toEqual(
        expect.arrayContaining([
            "/api/v1/namespaces/llmos-system/secrets",
            "/api/v1/namespaces/llmos-system/configmaps",
            "/api/v1/namespaces/llmos-system/events",
            "/apis/ml.llmos.ai/v1/registries",
        ]),
    );
    for (const path of kinds) {
        // A new kind's storage is prepared when it is first asked for; until then the answer is 429.
        await expect.poll(async () => (await outside.ask("GET", path)).status, { timeout: 30_000 }).toBe(200);
        const { items } = await outside.expect(200, "GET", path);
        for (const { data, ...object } of items) {
            const isTheSecret = path.endsWith("/secrets") && object.metadata.name === "quiet-credentials";
            // Its metadata are looked at too: an annotation may repeat what was applied.
            project.scan(
                JSON.stringify(isTheSecret ? object : { ...object, data }),
                `${path} ${object.metadata.name}`,
            );
        }
    }
    const { items } = await outside.expect(200, "GET", "/apis/ml.llmos.ai/v1/registries");
    const registry = items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === "quiet");
    expect(registry.metadata.managedFields.length).toBeGreaterThan(1);
});

test("destroy is as silent", async () => {
    const destroyed = await project.destroy("--debug");
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    await project.exportState();
});

/** Every collection of the cluster that can be listed: those of llmos-system, and those of the cluster itself. */
async function listable(): Promise<string[]> {
    const { groups } = await outside.expect(200, "GET", "/apis");
    const versions = groups.flatMap((group: { versions: { groupVersion: string }[] }) =>
        group.versions.map(({ groupVersion }) => `/apis/${groupVersion}`),
    );
    const paths: string[] = [];
    for (const version of ["/api/v1", ...versions]) {
        const { resources } = await outside.expect(200, "GET", version);
        for (const { name, namespaced, verbs } of resources) {
            if (verbs.includes("list")) {
                paths.push(`${version}/${namespaced ? "namespaces/llmos-system/" : ""}${name}`);
            }
        }
    }
    return paths;
}

/** A program in YAML, through the plugin: by the real engine and Pulumi's own host of that language. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { findPrograms } from "../../examples/sandbox/programs";
import { Outside } from "../support/outside";
import { ROOT } from "../support/processes";
import { Project, type YamlProgram } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const PAGE = "https://llmos.example.com";

function program({ description = "Shared", origins = [PAGE], provider = false }): YamlProgram {
    const options = provider ? { options: { provider: `\${cluster}` } } : {};
    return {
        resources: {
            ...(provider && {
                cluster: {
                    type: "pulumi:providers:llmos",
                    properties: { kubeconfig: sandbox.kubeconfigFile, caBundle },
                },
            }),
            secret: {
                type: "llmos:CredentialSecret",
                // In clear: that they are secrets is for the plugin to know.
                properties: { name: "yaml-keys", accessKeyId, secretAccessKey },
                ...options,
            },
            bucket: {
                type: "llmos:Bucket",
                properties: {
                    name: "yaml-bucket",
                    endpoint,
                    credentials: { secretName: `\${secret.name}` },
                    registry: "yaml",
                    forceDestroy: true,
                },
                ...options,
            },
            cors: {
                type: "llmos:BucketCors",
                properties: {
                    bucket: `\${bucket.name}`,
                    endpoint,
                    credentials: { secretName: `\${secret.name}` },
                    allowedOrigins: origins,
                },
                ...options,
            },
            registry: {
                type: "llmos:RegistryObject",
                properties: {
                    name: "yaml",
                    description,
                    endpoint,
                    bucket: `\${bucket.name}`,
                    secretName: `\${secret.name}`,
                    keyRevision: `\${secret.keyRevision}`,
                    timeouts: { settleSeconds: 0.5 },
                },
                ...options,
            },
            "yaml-model": {
                type: "llmos:Model",
                properties: {
                    registry: `\${registry.name}`,
                    content: "weights",
                    metadata: { license: "mit" },
                },
                ...options,
            },
        },
        outputs: { state: `\${registry.state}`, uri: `\${yaml-model.storageUri}` },
    };
}

let outside: Outside;
let project: Project;

beforeAll(async () => {
    await findPrograms(["pulumi", "pulumi-language-nodejs", "pulumi-language-yaml"], {
        log: (line) => process.stderr.write(`${line}\n`),
        live: undefined,
    });
    outside = await Outside.of(sandbox);
    project = await Project.create(sandbox, {
        program: program({}),
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
    await mkdir(join(project.folder, "weights"));
    await writeFile(join(project.folder, "weights", "model.bin"), "weights");
});
afterAll(async () => {
    const destroyed = await project?.destroy();
    await project?.remove();
    outside?.s3.destroy();
    expect(destroyed?.exitCode, destroyed?.output).toBe(0);
});

/** Fails when the command does; gives what was printed. */
async function succeeds(running: Promise<{ exitCode: number; output: string }>): Promise<string> {
    const { exitCode, output } = await running;
    expect(exitCode, output).toBe(0);
    return output;
}

test("a registry and a model are made, changed, refreshed and destroyed; no key is in what is printed or stored", async () => {
    await succeeds(project.preview());
    expect((await outside.named("yaml")).registries).toEqual([]);

    const made = await succeeds(project.up());
    expect(made).toMatch(/state: "Active"/);
    expect(made).toContain('uri  : "s3://yaml-bucket/models/default/yaml-model"');
    expect(await outside.objects("yaml-bucket")).toContain("models/default/yaml-model/model.bin");
    await project.exportState();
    await succeeds(project.up("--expect-no-changes"));

    await project.setProgram(program({ description: "Of all", origins: [PAGE, "https://b.example.com"] }));
    const preview = await succeeds(project.preview());
    expect(preview).toMatch(/~ description: "Shared" => "Of all"/);
    expect(preview).toMatch(/\+ \[1\]: "https:\/\/b\.example\.com"/);
    await succeeds(project.up());
    expect(await outside.origins("yaml-bucket")).toEqual([PAGE, "https://b.example.com"]);

    await outside.expect(200, "PATCH", "/apis/ml.llmos.ai/v1/registries/yaml", {
        metadata: { annotations: { "field.llmos.ai/description": "Of somebody" } },
    });
    const drifted = await succeeds(project.preview("--refresh"));
    expect(drifted).toMatch(/~ description +: "Of all" => "Of somebody"/);
    await succeeds(project.up("--refresh"));
    expect((await outside.registry("yaml")).metadata.annotations["field.llmos.ai/description"]).toBe(
        "Of all",
    );
    await succeeds(project.up("--refresh", "--expect-no-changes"));

    await succeeds(project.destroy());
    expect(await outside.named("yaml")).toEqual({ registries: [], secrets: [], buckets: [] });
});

test("the program of README comes up", async () => {
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    const [, text = ""] = /```yaml\n(name: models\n.*?)```/s.exec(readme) ?? [];
    const { config, resources } = load(text.replaceAll("s3.registry.com", endpoint)) as YamlProgram;
    await project.setProgram({ ...(config && { config }), resources });
    await succeeds(project.pulumi("config", "set", "accessKeyId", accessKeyId));
    await succeeds(project.pulumi("config", "set", "--secret", "secretAccessKey", secretAccessKey));
    await succeeds(project.up());
    await succeeds(project.up("--refresh", "--expect-no-changes"));
    await succeeds(project.destroy());
});

test("a provider of the program's own leads to its cluster, and is told what is wrong with it", async () => {
    await project.setProgram(program({ provider: true }));
    await succeeds(project.up());
    const state = await project.resources();
    expect(state.get("registry")?.outputs["state"]).toBe("Active");
    await succeeds(project.up("--refresh", "--expect-no-changes"));
    await project.exportState();

    await project.setProgram({
        resources: { cluster: { type: "pulumi:providers:llmos", properties: { caBundle: "/etc/ca.pem" } } },
    });
    const refused = await project.preview();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain("caBundle holds no PEM certificate");

    await project.setProgram({
        resources: { typo: { type: "llmos:Bucket", properties: { name: "b", endpiont: "s3.registry.com" } } },
    });
    const typo = await project.preview();
    expect(typo.exitCode).not.toBe(0);
    expect(typo.output).toContain("endpiont");
});

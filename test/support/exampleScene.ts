/** Copies of the examples, configured for a sandbox as their READMEs say, and what they take for granted there. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import type { SandboxDetails } from "../../examples/sandbox";
import { ExampleProject } from "./exampleProject";
import { Outside } from "./outside";
import { Registries } from "./registries";

export const ENVIRONMENTS = ["dev", "staging", "prod"] as const;

const UP = "pulumi up --yes --skip-preview";
export const DESTROY = "pulumi destroy --yes --skip-preview";

export class ExampleScene {
    private readonly projects: ExampleProject[] = [];
    readonly keys: { accessKeyId: string; secretAccessKey: string };
    private readonly store: Record<string, string>;

    private constructor(
        private readonly sandbox: SandboxDetails,
        readonly outside: Outside,
    ) {
        const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
        this.keys = { accessKeyId, secretAccessKey };
        this.store = { endpoint, "llmos:caBundle": caBundle };
    }

    /** With a bucket and a Secret that somebody else made. */
    static async open(sandbox: SandboxDetails): Promise<ExampleScene> {
        const scene = new ExampleScene(sandbox, await Outside.of(sandbox));
        const { accessKeyId, secretAccessKey } = scene.keys;
        await scene.outside.s3.send(new CreateBucketCommand({ Bucket: "existing" }));
        await new Registries(scene.outside.ask).createSecret("existing-keys", {
            accessKeyID: accessKeyId,
            accessKeySecret: secretAccessKey,
        });
        return scene;
    }

    async close(): Promise<void> {
        await Promise.all(this.projects.map((project) => project.remove()));
        await this.outside.clear();
        this.outside.s3.destroy();
    }

    quickstart(): Promise<ExampleProject> {
        return this.withKeys("quickstart");
    }

    existingBucket(): Promise<ExampleProject> {
        const config = { ...this.store, bucket: "existing", secretName: "existing-keys" };
        return this.copyOf("existing-bucket", { plain: config });
    }

    severalRegistries(): Promise<ExampleProject> {
        return this.withKeys("several-registries");
    }

    modelsAndDatasets(): Promise<ExampleProject> {
        return this.withKeys("models-and-datasets");
    }

    async environment(stack: (typeof ENVIRONMENTS)[number]): Promise<ExampleProject> {
        return this.withKeys("environments", {
            stack,
            environment: { KUBECONFIG: await this.kubeconfigOfEnvironments() },
        });
    }

    async driftCheck(): Promise<ExampleProject> {
        const kubeconfig = await readFile(this.sandbox.kubeconfigFile, "utf8");
        return this.copyOf("drift-check", {
            stack: "prod",
            // All that the runner has of the cluster is the stack's configuration.
            environment: { KUBECONFIG: join(this.sandbox.folder, "no-kubeconfig") },
            plain: { ...this.store, secretName: "existing-keys" },
            secret: { "llmos:kubeconfig": kubeconfig },
        });
    }

    private withKeys(
        example: string,
        options: { stack?: string; environment?: Record<string, string> } = {},
    ): Promise<ExampleProject> {
        return this.copyOf(example, { ...options, plain: this.store, secret: this.keys });
    }

    private async copyOf(
        example: string,
        {
            plain,
            secret = {},
            ...options
        }: {
            stack?: string;
            environment?: Record<string, string>;
            plain: Record<string, string>;
            secret?: Record<string, string>;
        },
    ): Promise<ExampleProject> {
        const project = await ExampleProject.create(this.sandbox, { example, ...options });
        this.projects.push(project);
        await project.configure(plain, secret);
        return project;
    }

    /** The sandbox, under the name of each environment. */
    private async kubeconfigOfEnvironments(): Promise<string> {
        const { KubeConfig } = await import("@kubernetes/client-node");
        const config = new KubeConfig();
        config.loadFromFile(this.sandbox.kubeconfigFile);
        const current = config.getContextObject(config.getCurrentContext())!;
        for (const name of ENVIRONMENTS) {
            config.addContext({ ...current, name });
        }
        config.setCurrentContext("");
        const file = join(this.sandbox.folder, "environments.kubeconfig");
        await writeFile(file, config.exportConfig(), { mode: 0o600 });
        return file;
    }
}

export async function comesUp(project: ExampleProject): Promise<void> {
    await project.succeeds(UP);
}

/** Nothing is left to do, without a look at the servers and with one. */
export async function isSettled(project: ExampleProject): Promise<void> {
    await project.succeeds(`${UP} --expect-no-changes`);
    await project.succeeds("pulumi preview --refresh --expect-no-changes");
}

export async function goesDown(project: ExampleProject): Promise<void> {
    await project.succeeds(DESTROY);
    const { deployment } = JSON.parse(await project.succeeds("pulumi stack export"));
    expect(deployment.resources ?? []).toEqual([]);
}

/** A registry of the sandbox that a person has made, a folder of files, and a proxy before the API server. */
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import type { SandboxDetails } from "../../examples/sandbox";
import type { Lifecycle } from "../../provider/lifecycle";
import { LifecycleRun } from "./lifecycleRun";
import { Outside } from "./outside";
import { Recorder } from "./recorder";
import { Registries } from "./registries";

export class StoredScene {
    private constructor(
        /** Name of the registry, and of its bucket. */
        readonly name: string,
        /** Holds what `write` has written. */
        readonly folder: string,
        readonly outside: Outside,
        readonly registries: Registries,
        readonly recorder: Recorder,
        /** Leads through the recorder. */
        readonly kubeconfig: string,
        private readonly sandbox: SandboxDetails,
    ) {}

    static async open(sandbox: SandboxDetails, name: string): Promise<StoredScene> {
        const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
        const outside = await Outside.of(sandbox);
        const registries = new Registries(outside.ask);
        await outside.s3.send(new CreateBucketCommand({ Bucket: name }));
        await registries.createSecret(name, { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey });
        await registries.create(name, {
            endpoint,
            bucket: name,
            useSSL: true,
            accessCredentialSecretName: name,
        });
        await registries.settled(name, "True");
        const folder = await mkdtemp(join(tmpdir(), "stored-"));
        const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
        return new StoredScene(name, folder, outside, registries, recorder, kubeconfig, sandbox);
    }

    async close(): Promise<void> {
        await this.outside.stored.removeAll();
        await this.registries.removeAll();
        await this.recorder.stop();
        this.outside.s3.destroy();
        await rm(this.folder, { recursive: true, force: true });
    }

    /** A resource, led through the recorder, or through another kubeconfig. */
    run<I extends object, S extends I>(
        lifecycle: Lifecycle<I, S>,
        kubeconfig = this.kubeconfig,
    ): LifecycleRun<I, S> {
        return new LifecycleRun(lifecycle, { kubeconfig, caBundle: this.sandbox.s3.caBundle });
    }

    async write(file: string, content: string): Promise<void> {
        await writeFile(join(this.folder, file), content);
    }

    async remove(file: string): Promise<void> {
        await rm(join(this.folder, file));
    }

    /** What lies below a path, by the hash of its content. */
    async hashes(path: string): Promise<Record<string, string>> {
        const keys = (await this.outside.objects(this.name)).filter((key) => key.startsWith(`${path}/`));
        const hashes = keys.map(async (Key) => {
            const { Body } = await this.outside.s3.send(new GetObjectCommand({ Bucket: this.name, Key }));
            const bytes = (await Body?.transformToByteArray()) ?? "";
            return [Key.slice(path.length + 1), createHash("sha256").update(bytes).digest("hex")];
        });
        return Object.fromEntries(await Promise.all(hashes));
    }

    /** What the program asked of the API server since the last call: method and path. */
    asked(): string[] {
        return this.recorder.requests.splice(0).map((line) => line.replace(/\?.*/, ""));
    }
}

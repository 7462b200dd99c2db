import { setTimeout as sleep } from "node:timers/promises";
import type { KubeRequest } from "./kubeRequest";

/** What a test gives for `spec.s3Config` of a Registry. */
export interface S3Config {
    endpoint: string;
    bucket: string;
    useSSL: boolean;
    accessCredentialSecretName: string;
}

/** A Registry as the API server shows it. */
export interface SeenRegistry {
    metadata: { name: string; resourceVersion: string; finalizers?: string[] };
    status?: { storageAddress?: string; conditions?: Record<string, string>[] };
}

const path = "/apis/ml.llmos.ai/v1/registries";
const secretPath = "/api/v1/namespaces/llmos-system/secrets";

/** Registries and Secrets of one test file, made and looked at as a person with kubectl would. */
export class Registries {
    private readonly made: string[] = [];

    constructor(private readonly ask: KubeRequest) {}

    async create(name: string, s3Config: S3Config): Promise<void> {
        const head = { apiVersion: "ml.llmos.ai/v1", kind: "Registry", metadata: { name } };
        await this.expect(201, "POST", path, { ...head, spec: { backendType: "S3", s3Config } });
        this.made.push(`${path}/${name}`);
    }

    async createSecret(name: string, stringData: Record<string, string>): Promise<void> {
        await this.expect(201, "POST", secretPath, { metadata: { name }, stringData });
        this.made.push(`${secretPath}/${name}`);
    }

    async changeSecret(name: string, stringData: Record<string, string>): Promise<void> {
        await this.expect(200, "PATCH", `${secretPath}/${name}`, { stringData });
    }

    get(name: string): Promise<SeenRegistry> {
        return this.expect(200, "GET", `${path}/${name}`);
    }

    /** Changes a Registry by a merge patch; gives it as it was right after. */
    change(name: string, patch: object): Promise<SeenRegistry> {
        return this.expect(200, "PATCH", `${path}/${name}`, patch);
    }

    /** The one edit that changes nothing that anybody reads. */
    nudge(name: string): Promise<SeenRegistry> {
        return this.change(name, { metadata: { annotations: { nudge: String(Math.random()) } } });
    }

    /**
     * Waits for a condition with that status, or with any. The operator may see a Registry before its Secret, and says so
     * for a moment.
     */
    async settled(name: string, status?: "True" | "False", timeout = 5000): Promise<SeenRegistry> {
        for (const deadline = Date.now() + timeout; ; await sleep(20)) {
            const registry = await this.get(name);
            const { status: seen, message = "" } = registry.status?.conditions?.[0] ?? {};
            const isEarly = this.made.some(
                (path) =>
                    path.startsWith(secretPath) &&
                    message.includes(`secret ${path.split("/").at(-1)} not found`),
            );
            if (seen !== undefined && !isEarly && (status === undefined || seen === status)) return registry;
            if (Date.now() > deadline) {
                throw new Error(
                    `${name} was not ${status ?? "settled"} in time: ${JSON.stringify(registry.status)}`,
                );
            }
        }
    }

    async remove(name: string): Promise<number> {
        await this.expect(200, "DELETE", `${path}/${name}`);
        return (await this.ask("GET", `${path}/${name}`)).status;
    }

    async removeAll(): Promise<void> {
        await Promise.all(this.made.map((one) => this.ask("DELETE", one)));
    }

    private async expect(code: number, ...asked: Parameters<KubeRequest>) {
        const { status, body } = await this.ask(...asked);
        if (status === code) return body;
        throw new Error(`${asked[0]} ${asked[1]} was answered with ${status}: ${JSON.stringify(body)}`);
    }
}

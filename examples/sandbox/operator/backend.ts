import type { SecureContext } from "node:tls";
import type { ObjectCache } from "../kubernetes/objectCache";
import type { KubernetesObject } from "../kubernetes/objects";
import { Bucket } from "./bucket";
import { within } from "./condition";
import { parseEndpoint, regionOfBucket } from "./minio";
import { notFound, type Registry } from "./objects";

/** Reads a Secret of namespace llmos-system: its decoded data, or undefined when there is no such Secret. */
export type SecretReader = (name: string) => Record<string, string> | undefined;

/** A Secret. */
export interface Secret extends KubernetesObject {
    data?: Record<string, string>;
}

/** Reads Secrets as a cache saw them last. */
export function secretReader(secrets: Pick<ObjectCache<Secret>, "get">): SecretReader {
    return (name) => {
        const secret = secrets.get(`llmos-system/${name}`);
        const entries = Object.entries(secret?.data ?? {});
        const decoded = entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]);
        return secret && Object.fromEntries(decoded);
    };
}

/**
 * Opens the storage behind Registries, as the operator does anew for each object that it looks at. Steps, order and
 * wording: llmos-ai/llmos-operator @ f29d5b9, pkg/registry/registry.go and pkg/registry/backend/s3/s3.go.
 */
export class Backends {
    constructor(
        private readonly readSecret: SecretReader,
        private readonly trust: SecureContext,
        private readonly signal: AbortSignal,
        private readonly registryOf: (name: string) => Registry | undefined,
    ) {}

    /** The bucket of the Registry of that name. */
    async named(name: string): Promise<Bucket> {
        return within("failed to create backend client", async () => {
            const registry = this.registryOf(name);
            if (!registry) {
                throw new Error(`get registry ${name} failed: ${notFound("registries", name).message}`);
            }
            return this.open(registry);
        });
    }

    async open(registry: Registry): Promise<Bucket> {
        // Go reads an absent s3Config as one of empty texts.
        const { endpoint, bucket, useSSL, accessCredentialSecretName } =
            registry.spec?.s3Config ?? emptyConfig;
        const keys = await within("get access key failed", () => this.readKeys(accessCredentialSecretName));
        if (endpoint === "") throw new Error("endpoint cannot be empty");
        const target = { endpoint, bucket, useSSL, ...keys };
        const parsed = await within(`failed to create minio client to access ${endpoint}`, async () =>
            parseEndpoint(endpoint, useSSL),
        );
        const region = await within(`failed to check if bucket ${bucket} exists`, () =>
            regionOfBucket(parsed, target, this.trust, this.signal),
        );
        if (region === undefined) throw new Error(`bucket ${bucket} does not exist`);
        return new Bucket(parsed, target, region, this.trust, this.signal);
    }

    private async readKeys(name: string) {
        const data = this.readSecret(name);
        if (!data) throw new Error(`secret ${name} not found in llmos-system namespace`);
        const value = (key: string): string => {
            const found = data[key];
            if (found === undefined) throw new Error(`secret ${name} does not contain ${key} key`);
            return found;
        };
        return { accessKeyID: value("accessKeyID"), accessKeySecret: value("accessKeySecret") };
    }
}

const emptyConfig = { endpoint: "", bucket: "", useSSL: false, accessCredentialSecretName: "" };

import type { SecureContext } from "node:tls";
import { bucketExists, parseEndpoint } from "./minio";
import type { Registry, Verdict } from "./registry";

/** Reads a Secret of namespace llmos-system: its decoded data, or undefined when there is no such Secret. */
export type SecretReader = (name: string) => Promise<Record<string, string> | undefined>;

/**
 * The operator's whole check of one Registry. Steps, order and wording: llmos-ai/llmos-operator @ f29d5b9,
 * pkg/controller/master/registry/registry_controller.go, pkg/registry/registry.go and pkg/registry/backend/s3/s3.go.
 */
export async function checkAccess(
    registry: Registry,
    readSecret: SecretReader,
    trust: SecureContext,
    signal: AbortSignal,
): Promise<Verdict> {
    try {
        const storageAddress = await openBackend(registry, readSecret, trust, signal);
        return { storageAddress, message: "S3 bucket is accessible" };
    } catch (error) {
        return { message: `check registry accessibility failed: ${(error as Error).message}` };
    }
}

async function openBackend(
    registry: Registry,
    readSecret: SecretReader,
    trust: SecureContext,
    signal: AbortSignal,
): Promise<string> {
    // Go reads an absent s3Config as one of empty texts.
    const { endpoint, bucket, useSSL, accessCredentialSecretName } = registry.spec?.s3Config ?? emptyConfig;
    const keys = await within("get access key failed", () =>
        readKeys(readSecret, accessCredentialSecretName),
    );
    if (endpoint === "") throw new Error("endpoint cannot be empty");
    const target = { endpoint, bucket, useSSL, ...keys };
    const parsed = await within(`failed to create minio client to access ${endpoint}`, async () =>
        parseEndpoint(endpoint, useSSL),
    );
    const found = await within(`failed to check if bucket ${bucket} exists`, () =>
        bucketExists(parsed, target, trust, signal),
    );
    if (!found) throw new Error(`bucket ${bucket} does not exist`);
    // Virtual-host style whatever style was used to look: the operator's GetObjectURL does not ask minio-go.
    return `${parsed.scheme}://${bucket}.${parsed.host}/`;
}

const emptyConfig = { endpoint: "", bucket: "", useSSL: false, accessCredentialSecretName: "" };

async function readKeys(readSecret: SecretReader, name: string) {
    const data = await within("get secret failed", () => readSecret(name));
    if (!data) throw new Error(`secret ${name} not found in llmos-system namespace`);
    const value = (key: string): string => {
        const found = data[key];
        if (found === undefined) throw new Error(`secret ${name} does not contain ${key} key`);
        return found;
    };
    return { accessKeyID: value("accessKeyID"), accessKeySecret: value("accessKeySecret") };
}

async function within<T>(step: string, run: () => Promise<T>): Promise<T> {
    try {
        return await run();
    } catch (error) {
        throw new Error(`${step}: ${(error as Error).message}`);
    }
}

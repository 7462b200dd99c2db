/** What somebody does to a registry past its stack, and what a refresh tells of it. */
import {
    CreateBucketCommand,
    DeleteBucketCorsCommand,
    GetBucketCorsCommand,
    PutBucketCorsCommand,
} from "@aws-sdk/client-s3";
import { expect } from "vitest";
import type { CorsRule, RegistryArgs } from "../../provider";
import type { Outside } from "./outside";

const PAGE = "https://llmos.example.com";
const REGISTRY = "/apis/ml.llmos.ai/v1/registries";
const SECRET = "/api/v1/namespaces/llmos-system/secrets";

/** Two rules that a request can both match, and one that has nothing to do with them. */
const RULES: CorsRule[] = [
    {
        allowedOrigins: [PAGE],
        allowedMethods: ["GET", "PUT"],
        allowedHeaders: ["*"],
        exposeHeaders: ["ETag"],
    },
    { allowedOrigins: ["https://*.example.com"], allowedMethods: ["GET"], maxAgeSeconds: 60 },
    { allowedOrigins: ["https://llmos.example.org"], allowedMethods: ["GET"] },
];

/** On which sandbox somebody does it. */
interface Scene extends Server {
    readonly outside: Outside;
}

/** The S3 server of the registry. */
interface Server {
    readonly endpoint: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
}

export interface DriftCase {
    /** What it takes, made before the registries: the operator's cache has it by the time that it is used. */
    readonly prepare?: (scene: Scene, name: string) => Promise<unknown>;
    /** Ends once the operator has said what it says of it, where it says something else than before. */
    readonly act: (scene: Scene, name: string) => Promise<unknown>;
    /** As `drifts` has it: resource and properties. */
    readonly told: (name: string) => string[];
}

/** Arguments of the registry that it is done to. */
export function driftArgs(name: string, { endpoint, accessKeyId, secretAccessKey }: Server): RegistryArgs {
    return {
        description: `Models of ${name}`,
        endpoint,
        bucket: { name: `${name}-bucket` },
        credentials: { accessKeyId, secretAccessKey },
        timeouts: { settleSeconds: 0.5 },
        cors: name.includes("-order-") ? { rules: RULES } : { allowedOrigins: [PAGE] },
    };
}

/** By what is done. */
export const CASES: Record<string, DriftCase> = {
    nobucket: {
        act: ({ outside }, name) => outside.removeBucket(`${name}-bucket`),
        told: (name) => [`delete Bucket ${name}-bucket`, `delete BucketCors ${name}-cors`],
    },
    nocors: {
        act: ({ outside }, name) =>
            outside.s3.send(new DeleteBucketCorsCommand({ Bucket: `${name}-bucket` })),
        told: (name) => [`delete BucketCors ${name}-cors`],
    },
    cors: {
        act: async ({ outside }, name) => {
            const Bucket = `${name}-bucket`;
            const { CORSRules = [] } = await outside.s3.send(new GetBucketCorsCommand({ Bucket }));
            const added = { AllowedOrigins: ["https://added.example.com"], AllowedMethods: ["GET"] };
            const CORSConfiguration = { CORSRules: [...CORSRules, added] };
            await outside.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
        },
        // A rule that somebody added is theirs: it is named, and kept.
        told: () => [],
    },
    "order-that-matters": {
        act: ({ outside }, name) => reorder(outside, name, [1, 0, 2]),
        told: (name) => [`refresh BucketCors ${name}-cors: rules, storedRules`],
    },
    "order-that-does-not": { act: ({ outside }, name) => reorder(outside, name, [2, 0, 1]), told: () => [] },
    nosecret: {
        act: ({ outside }, name) => outside.expect(200, "DELETE", `${SECRET}/${name}-credentials`),
        told: (name) => [
            `delete CredentialSecret ${name}-secret`,
            `refresh RegistryObject ${name}-registry: seenDigest`,
        ],
    },
    keys: {
        act: ({ outside }, name) =>
            outside.expect(200, "PATCH", `${SECRET}/${name}-credentials`, {
                stringData: { accessKeySecret: "somebody-elses" },
            }),
        told: (name) => [
            `refresh CredentialSecret ${name}-secret: digest`,
            `refresh RegistryObject ${name}-registry: seenDigest`,
        ],
    },
    "extra-key": {
        act: ({ outside }, name) =>
            outside.expect(200, "PATCH", `${SECRET}/${name}-credentials`, { stringData: { note: "kept" } }),
        told: () => [],
    },
    noregistry: {
        act: ({ outside }, name) => outside.expect(200, "DELETE", `${REGISTRY}/${name}`),
        told: (name) => [`delete RegistryObject ${name}-registry`],
    },
    "bucket-name": {
        act: async ({ outside }, name) => {
            await outside.s3.send(new CreateBucketCommand({ Bucket: `${name}-elsewhere` }));
            await s3Config(outside, name, { bucket: `${name}-elsewhere` });
        },
        told: (name) => [`refresh RegistryObject ${name}-registry: bucket, storageAddress`],
    },
    endpoint: {
        act: ({ outside, endpoint }, name) =>
            s3Config(outside, name, { endpoint: `127.0.0.1:${endpoint.split(":")[1]}` }),
        told: (name) => [`refresh RegistryObject ${name}-registry: endpoint, storageAddress`],
    },
    http: {
        act: async ({ outside }, name) => {
            await s3Config(outside, name, { useSSL: false });
            await expect.poll(() => verdict(outside, name), { timeout: 30_000 }).toBe("False");
        },
        told: (name) => [
            `refresh RegistryObject ${name}-registry: conditions, endpoint, state, storageAddress`,
        ],
    },
    "secret-name": {
        prepare: ({ outside, accessKeyId, secretAccessKey }, name) =>
            outside.expect(201, "POST", SECRET, {
                metadata: { name: `${name}-theirs` },
                stringData: { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey },
            }),
        act: ({ outside }, name) => s3Config(outside, name, { accessCredentialSecretName: `${name}-theirs` }),
        told: (name) => [`refresh RegistryObject ${name}-registry: secretName`],
    },
    description: {
        act: ({ outside }, name) =>
            outside.expect(200, "PATCH", `${REGISTRY}/${name}`, {
                metadata: { annotations: { "field.llmos.ai/description": "Somebody's" } },
            }),
        told: (name) => [`refresh RegistryObject ${name}-registry: description`],
    },
    labels: {
        act: ({ outside }, name) =>
            outside.expect(200, "PATCH", `${REGISTRY}/${name}`, {
                metadata: { labels: { team: "vision" }, annotations: { theirs: "kept" } },
            }),
        told: () => [],
    },
};

function s3Config(outside: Outside, name: string, change: object): Promise<unknown> {
    return outside.expect(200, "PATCH", `${REGISTRY}/${name}`, { spec: { s3Config: change } });
}

async function verdict(outside: Outside, name: string): Promise<string> {
    return (await outside.registry(name)).status.conditions[0].status;
}

async function reorder(outside: Outside, name: string, order: number[]): Promise<void> {
    const Bucket = `${name}-bucket`;
    const { CORSRules = [] } = await outside.s3.send(new GetBucketCorsCommand({ Bucket }));
    const CORSConfiguration = { CORSRules: order.map((index) => CORSRules[index]!) };
    await outside.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
}

/** What is there of one registry, as far as this stack declares it. */
export async function declared(outside: Outside, name: string) {
    const registry = await outside.registry(name);
    const { CORSRules } = await outside.s3.send(new GetBucketCorsCommand({ Bucket: `${name}-bucket` }));
    return {
        spec: registry.spec,
        description: registry.metadata.annotations["field.llmos.ai/description"],
        state: await verdict(outside, name),
        keys: keysOf((await outside.secret(`${name}-credentials`))?.data),
        rules: rulesOf(name, CORSRules),
    };
}

/** The rules that count: where somebody added one, it stays, after ours. */
function rulesOf(name: string, rules: object[] = []): unknown {
    if (name.endsWith("-cors")) {
        return rules[0];
    }
    return name.endsWith("order-that-does-not") ? rules.length : rules;
}

function keysOf({ accessKeyID, accessKeySecret }: Record<string, string> = {}) {
    return { accessKeyID, accessKeySecret };
}

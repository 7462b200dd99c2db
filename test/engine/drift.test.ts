/** Drift: each is shown by `preview --refresh` on the part that it belongs to, in values; one `up` heals it, and then it is quiet. */
import {
    CreateBucketCommand,
    DeleteBucketCommand,
    DeleteBucketCorsCommand,
    GetBucketCorsCommand,
    PutBucketCorsCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { drifts, expectSettled } from "../support/plan";
import { Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

const PAGE = "https://llmos.example.com";
const REGISTRY = "/apis/ml.llmos.ai/v1/registries";
const SECRET = "/api/v1/namespaces/llmos-system/secrets";

/** Two rules that a request can both match, and one that has nothing to do with them. */
const rules = [
    {
        allowedOrigins: [PAGE],
        allowedMethods: ["GET", "PUT"],
        allowedHeaders: ["*"],
        exposeHeaders: ["ETag"],
    },
    { allowedOrigins: ["https://*.example.com"], allowedMethods: ["GET"], maxAgeSeconds: 60 },
    { allowedOrigins: ["https://llmos.example.org"], allowedMethods: ["GET"] },
];

const program = `
for (const name of values.names) {
    new llmos.Registry(name, {
        description: "Models of " + name,
        endpoint: values.endpoint,
        bucket: { name: name + "-bucket" },
        credentials: values.keys,
        timeouts: { settleSeconds: 0.5, graceSeconds: 0.5 },
        cors: name.startsWith("drift-order") ? { rules: values.rules } : { allowedOrigins: [values.page] },
    });
}
`;

/** What somebody does to one registry, and what the refresh tells of it: resource, property, before, after. */
const cases: Record<string, { act: (name: string) => Promise<unknown>; told: string[] }> = {
    "drift-nobucket": {
        act: (name) => outside.s3.send(new DeleteBucketCommand({ Bucket: `${name}-bucket` })),
        told: ["delete Bucket drift-nobucket-bucket", "delete BucketCors drift-nobucket-cors"],
    },
    "drift-nocors": {
        act: (name) => outside.s3.send(new DeleteBucketCorsCommand({ Bucket: `${name}-bucket` })),
        told: ["delete BucketCors drift-nocors-cors"],
    },
    "drift-cors": {
        act: async (name) => {
            const Bucket = `${name}-bucket`;
            const { CORSRules = [] } = await outside.s3.send(new GetBucketCorsCommand({ Bucket }));
            const added = { AllowedOrigins: ["https://added.example.com"], AllowedMethods: ["GET"] };
            const CORSConfiguration = { CORSRules: [...CORSRules, added] };
            await outside.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
        },
        // A rule that somebody added is theirs: it is named, and kept.
        told: [],
    },
    "drift-order-that-matters": {
        act: (name) => reorder(name, [1, 0, 2]),
        told: ["refresh BucketCors drift-order-that-matters-cors: rules, storedRules"],
    },
    "drift-order-that-does-not": { act: (name) => reorder(name, [2, 0, 1]), told: [] },
    "drift-nosecret": {
        act: (name) => outside.expect(200, "DELETE", `${SECRET}/${name}-credentials`),
        told: [
            "delete CredentialSecret drift-nosecret-secret",
            "refresh RegistryObject drift-nosecret-registry: seenDigest",
        ],
    },
    "drift-keys": {
        act: (name) =>
            outside.expect(200, "PATCH", `${SECRET}/${name}-credentials`, {
                stringData: { accessKeySecret: "somebody-elses" },
            }),
        told: [
            "refresh CredentialSecret drift-keys-secret: digest",
            "refresh RegistryObject drift-keys-registry: seenDigest",
        ],
    },
    "drift-extra-key": {
        act: (name) =>
            outside.expect(200, "PATCH", `${SECRET}/${name}-credentials`, { stringData: { note: "kept" } }),
        told: [],
    },
    "drift-noregistry": {
        act: (name) => outside.expect(200, "DELETE", `${REGISTRY}/${name}`),
        told: ["delete RegistryObject drift-noregistry-registry"],
    },
    "drift-bucket-name": {
        act: (name) => s3Config(name, { bucket: "drift-elsewhere" }),
        told: ["refresh RegistryObject drift-bucket-name-registry: bucket, storageAddress"],
    },
    "drift-endpoint": {
        act: (name) => s3Config(name, { endpoint: `127.0.0.1:${endpoint.split(":")[1]}` }),
        told: ["refresh RegistryObject drift-endpoint-registry: endpoint, storageAddress"],
    },
    "drift-http": {
        act: (name) => s3Config(name, { useSSL: false }),
        told: ["refresh RegistryObject drift-http-registry: conditions, endpoint, state, storageAddress"],
    },
    "drift-secret-name": {
        act: (name) => s3Config(name, { accessCredentialSecretName: "drift-extra-key-credentials" }),
        told: ["refresh RegistryObject drift-secret-name-registry: secretName"],
    },
    "drift-description": {
        act: (name) =>
            outside.expect(200, "PATCH", `${REGISTRY}/${name}`, {
                metadata: { annotations: { "field.llmos.ai/description": "Somebody's" } },
            }),
        told: ["refresh RegistryObject drift-description-registry: description"],
    },
    "drift-labels": {
        act: (name) =>
            outside.expect(200, "PATCH", `${REGISTRY}/${name}`, {
                metadata: { labels: { team: "vision" }, annotations: { theirs: "kept" } },
            }),
        told: [],
    },
};

const names = Object.keys(cases);
let outside: Outside;
let project: Project;

function s3Config(name: string, change: object): Promise<unknown> {
    return outside.expect(200, "PATCH", `${REGISTRY}/${name}`, { spec: { s3Config: change } });
}

async function reorder(name: string, order: number[]): Promise<void> {
    const Bucket = `${name}-bucket`;
    const { CORSRules = [] } = await outside.s3.send(new GetBucketCorsCommand({ Bucket }));
    const CORSConfiguration = { CORSRules: order.map((index) => CORSRules[index]!) };
    await outside.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
}

/** What is there of one registry, as far as this stack declares it. */
async function declared(name: string) {
    const registry = await outside.registry(name);
    const { CORSRules } = await outside.s3.send(new GetBucketCorsCommand({ Bucket: `${name}-bucket` }));
    return {
        spec: registry.spec,
        description: registry.metadata.annotations["field.llmos.ai/description"],
        state: registry.status.conditions[0].status,
        keys: keysOf((await outside.secret(`${name}-credentials`))?.data),
        rules: rulesOf(name, CORSRules),
    };
}

/** The rules that count: where somebody added one, it stays, after ours. */
function rulesOf(name: string, rules: object[] = []): unknown {
    if (name === "drift-cors") {
        return rules[0];
    }
    return name === "drift-order-that-does-not" ? rules.length : rules;
}

function keysOf({ accessKeyID, accessKeySecret }: Record<string, string> = {}) {
    return { accessKeyID, accessKeySecret };
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await outside.s3.send(new CreateBucketCommand({ Bucket: "drift-elsewhere" }));
    project = await Project.create(sandbox, {
        program,
        values: { names, endpoint, keys: { accessKeyId, secretAccessKey }, page: PAGE, rules },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey, "somebody-elses"],
    });
    const made = await project.up();
    expect(made.exitCode, made.output).toBe(0);
});
afterAll(async () => {
    const destroyed = await project?.destroy();
    await project?.remove();
    await outside?.s3.send(new DeleteBucketCommand({ Bucket: "drift-elsewhere" }));
    outside?.s3.destroy();
    expect(destroyed?.exitCode, destroyed?.output).toBe(0);
});

test("every drift is told on its child, healed by one up, and quiet afterwards", async () => {
    const before = Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, await declared(name)])),
    );
    for (const [name, { act }] of Object.entries(cases)) {
        await act(name);
    }
    const preview = await project.pulumi("preview", "--refresh", "--diff");
    expect(preview.exitCode, preview.output).toBe(0);
    const seen = drifts(preview);
    const expected = Object.values(cases).flatMap(({ told }) => told);
    expect(seen, preview.output).toEqual(expected.sort());
    for (const value of [
        "Somebody's",
        '"drift-elsewhere"',
        `"http://${endpoint}"`,
        "https://added.example.com",
    ]) {
        expect(preview.output).toContain(value);
    }
    expect(preview.output).toContain("The LLMOS operator cannot use the registry. It says: ");

    const healed = await project.up("--refresh");
    expect(healed.exitCode, healed.output).toBe(0);
    for (const name of names) {
        expect({ name, ...(await declared(name)) }).toEqual({ name, ...before[name] });
    }
    expect(healed.output).toContain(
        'The bucket "drift-cors-bucket" has a CORS rule that this stack did not write (https://added.example.com)',
    );
    expect(await outside.origins("drift-cors-bucket")).toContain("https://added.example.com");
    const extra = await outside.secret("drift-extra-key-credentials");
    expect(extra?.data["note"]).toBe("kept");
    const labelled = await outside.registry("drift-labels");
    expect(labelled.metadata.labels).toEqual({ team: "vision" });
    expect(labelled.metadata.annotations["theirs"]).toBe("kept");
    await expectSettled(project);
    await project.exportState();
});

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { kubeRequests } from "../support/kubeRequest";
import { Registries, type S3Config } from "../support/registries";
import { createBucket, type OwnStore, startPlainStore, startUntrustedStore } from "../support/stores";

// What the real operator wrote, row by row, when it was run. "..." is left
// out there too: what the S3 server or the resolver adds.
interface Row {
    secret?: Record<string, string> | "none";
    config?: (stores: Stores) => Partial<S3Config>;
    /** What follows "check registry accessibility failed: "; a good row has none. */
    failure?: (config: S3Config) => string;
}

interface Stores {
    ip: string;
    name: string;
    plain: string;
    untrusted: string;
}

const { s3, programs, kubeconfigFile } = inject("sandbox");
const keys = { accessKeyID: s3.accessKeyId, accessKeySecret: s3.secretAccessKey };
const bucket = "stand-in-models";
const cannotCheck = (config: S3Config) => `failed to check if bucket ${config.bucket} exists: `;
const cannotGet = (config: S3Config) => {
    const scheme = config.useSSL ? "https" : "http";
    return `${cannotCheck(config)}Get "${scheme}://${config.endpoint}/${config.bucket}/?location=": `;
};
const cannotCreate = ({ endpoint }: S3Config) =>
    `failed to create minio client to access ${endpoint}: Endpoint url cannot have fully qualified paths.`;
const wrongSignature = (config: S3Config) =>
    `${cannotCheck(config)}The request signature we calculated does not match ...`;

const rows: Record<string, Row> = {
    "good, IP": {},
    "good, name": { config: ({ name }) => ({ endpoint: name }) },
    "missing bucket": {
        config: () => ({ bucket: "nowhere" }),
        failure: () => "bucket nowhere does not exist",
    },
    "wrong secret key": { secret: { ...keys, accessKeySecret: "wrong" }, failure: wrongSignature },
    "secret key with trailing newline": {
        secret: { ...keys, accessKeySecret: `${keys.accessKeySecret}\n` },
        failure: wrongSignature,
    },
    "wrong key id": {
        secret: { ...keys, accessKeyID: "nobody" },
        config: ({ plain }) => ({ endpoint: plain, useSSL: false }),
        failure: (config) => `${cannotCheck(config)}No user exists with the provided access key ID.`,
    },
    "wrong key id, at a server with several users": {
        secret: { ...keys, accessKeyID: "nobody" },
        failure: (config) => `${cannotCheck(config)}The AWS Access Key Id you provided does not exist ...`,
    },
    "missing Secret": {
        secret: "none",
        failure: ({ accessCredentialSecretName: secret }) =>
            `get access key failed: secret ${secret} not found in llmos-system namespace`,
    },
    "Secret lacks a key": {
        secret: { accessKeyID: keys.accessKeyID },
        failure: ({ accessCredentialSecretName: secret }) =>
            `get access key failed: secret ${secret} does not contain accessKeySecret key`,
    },
    "untrusted CA": {
        config: ({ untrusted }) => ({ endpoint: untrusted }),
        failure: (config) =>
            `${cannotGet(config)}tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    },
    "useSSL=false, http server": { config: ({ plain }) => ({ endpoint: plain, useSSL: false }) },
    "useSSL=false, https server": {
        config: () => ({ useSSL: false }),
        failure: (config) => `${cannotGet(config)}Connection closed by foreign host ...`,
    },
    "useSSL=true, http server": {
        config: ({ plain }) => ({ endpoint: plain }),
        failure: (config) => `${cannotGet(config)}http: server gave HTTP response to HTTPS client`,
    },
    'endpoint "https://host:port"': {
        config: ({ ip }) => ({ endpoint: `https://${ip}` }),
        failure: cannotCreate,
    },
    'endpoint "host:port/"': { config: ({ ip }) => ({ endpoint: `${ip}/` }) },
    'endpoint "host:port/x"': { config: ({ ip }) => ({ endpoint: `${ip}/x` }), failure: cannotCreate },
    "port closed": {
        config: () => ({ endpoint: "127.0.0.1:1" }),
        failure: (config) => `${cannotGet(config)}dial tcp 127.0.0.1:1: connect: connection refused`,
    },
    "unknown name": {
        config: () => ({ endpoint: "store.invalid:7443" }),
        failure: (config) => `${cannotGet(config)}dial tcp: lookup store.invalid...: no such host`,
    },
    'bucket with capitals + "_"': {
        config: () => ({ bucket: "Big_Models" }),
        failure: (config) => `${cannotCheck(config)}The specified bucket is not valid.`,
    },
    'endpoint ""': { config: () => ({ endpoint: "" }), failure: () => "endpoint cannot be empty" },
};

describe("the stand-in of the LLMOS operator", () => {
    const own: OwnStore[] = [];
    let registries: Registries;
    let stores: Stores;

    beforeAll(async () => {
        registries = new Registries(await kubeRequests(kubeconfigFile));
        own.push(await startPlainStore(programs["versitygw"]!, s3), await startUntrustedStore());
        const [plain, untrusted] = own.map(({ endpoint }) => endpoint);
        const ip = s3.endpoint.replace("localhost", "127.0.0.1");
        stores = { ip, name: s3.endpoint, plain: plain!, untrusted: untrusted! };
        await createBucket(s3.url, s3, bucket, s3.caBundle);
        await createBucket(`http://${plain}`, s3, bucket);
    });

    afterAll(async () => {
        await registries?.removeAll();
        await Promise.all(own.map((store) => store.stop()));
    });

    it.each(Object.entries(rows))("%s", async (title, { secret = keys, config, failure }) => {
        const name = `stand-in-${Object.keys(rows).indexOf(title)}`;
        const s3Config = {
            endpoint: stores.ip,
            bucket,
            useSSL: true,
            accessCredentialSecretName: name,
            ...config?.(stores),
        };
        if (secret !== "none") await registries.createSecret(name, secret);
        await registries.create(name, s3Config);

        const said = failure
            ? `check registry accessibility failed: ${failure(s3Config)}`
            : "S3 bucket is accessible";
        const condition = {
            type: "accessible",
            status: failure ? "False" : "True",
            message: expect.stringMatching(asPattern(said)),
            lastUpdateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        };
        const host = s3Config.endpoint.replace(/\/$/, "");
        const storageAddress = `${s3Config.useSSL ? "https" : "http"}://${s3Config.bucket}.${host}/`;
        // Whole: no reason, no transition time, and after a failure no address. The operator may see the Registry before
        // the Secret, and says so for a moment.
        await expect
            .poll(async () => (await registries.get(name)).status, { timeout: 5000 })
            .toEqual({ conditions: [condition], ...(!failure && { storageAddress }) });
        expect((await registries.get(name)).metadata.finalizers).toBeUndefined();
        expect(await registries.remove(name)).toBe(404);
    });
});

function asPattern(text: string): RegExp {
    const exact = text.split("...").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${exact.join(".*")}$`);
}

import { describe, expect, it, test } from "vitest";
import { registryStore, storageFindings } from "../../../provider/access/registryStore";
import type { ClusterReader } from "../../../provider/kubernetes/cluster";
import { realContext } from "../../../provider/lifecycle/context";
import type { RegistryResource } from "../../../provider/llmos/objects";
import { present } from "../../../provider/reading";

function registryAt(endpoint: string, bucket: string, useSSL = true): RegistryResource {
    const s3Config = { endpoint, bucket, useSSL, accessCredentialSecretName: "keys" };
    return { metadata: { name: "models" }, spec: { s3Config } } as unknown as RegistryResource;
}

describe("a registry that stores where no client can ask", () => {
    it.each([
        ["https://s3.registry.com", "models", true, "has a scheme, which the LLMOS operator refuses"],
        [
            "s3.registry.com",
            "models",
            false,
            'uses http; LLMOS supports only HTTPS endpoints. Write "s3.registry.com"',
        ],
        ["s3..com", "models", true, 'is not a host[:port]: "s3..com". Write "s3.com"'],
    ])("%s, bucket %j, useSSL %s", (endpoint, bucket, useSSL, reason) => {
        expect(storageFindings(registryAt(endpoint, bucket, useSSL))).toMatchObject([
            { found: `The registry's endpoint "${endpoint}" ${reason}`, property: "endpoint" },
        ]);
    });

    it.each(["", "a/b", "arn:aws:s3:us-east-1:123:accesspoint/x"])("bucket %j", (bucket) => {
        expect(storageFindings(registryAt("s3.registry.com", bucket))).toMatchObject([
            { found: `The registry's bucket "${bucket}" is not the name of a bucket`, property: "bucket" },
        ]);
    });

    it.each(["models", "My_Old.Bucket"])("is none with bucket %j", (bucket) => {
        expect(storageFindings(registryAt("s3.registry.com:5000", bucket))).toEqual([]);
    });
});

test("content is not looked for there", async () => {
    const registry = registryAt("not a host", "models");
    const cluster = { server: "https://cluster", read: async () => present(registry) };
    const context = realContext({}, { info: async () => {}, warn: async () => {} });
    await expect(
        registryStore(context, cluster as unknown as ClusterReader, "models", {}),
    ).rejects.toMatchObject({ finding: { code: "argument-invalid", property: "endpoint" } });
});

import { randomBytes } from "node:crypto";
import { Agent } from "node:https";
import {
    CreateBucketCommand,
    HeadBucketCommand,
    ListBucketsCommand,
    PutBucketPolicyCommand,
    PutObjectCommand,
    S3Client,
} from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createUser, type Sandbox, startSandbox } from "../../examples/sandbox";

describe("a sandbox without LLMOS and engine", () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
        sandbox = await startSandbox({ engine: false, customResources: false });
    }, 120_000);
    afterAll(() => sandbox?.stop());

    function client(keys: { accessKeyId: string; secretAccessKey: string }): S3Client {
        const { url, region, caBundle } = sandbox.s3;
        const requestHandler = new NodeHttpHandler({ httpsAgent: new Agent({ ca: caBundle }) });
        return new S3Client({
            endpoint: url,
            region,
            forcePathStyle: true,
            credentials: keys,
            requestHandler,
        });
    }

    it("has an object store with keys of its own", async () => {
        expect(sandbox.s3.accessKeyId.length).toBeGreaterThanOrEqual(20);
        expect(sandbox.s3.secretAccessKey.length).toBeGreaterThanOrEqual(20);
        expect((await client(sandbox.s3).send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    });

    it("makes users that may do only what a policy allows", async () => {
        const reader = { accessKeyId: "reader", secretAccessKey: randomBytes(12).toString("hex") };
        await createUser(sandbox, { ...reader, role: "user" });
        const root = client(sandbox.s3);
        await root.send(new CreateBucketCommand({ Bucket: "models" }));
        const statement = {
            Effect: "Allow",
            Principal: { AWS: ["reader"] },
            Action: ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"],
            Resource: ["arn:aws:s3:::models", "arn:aws:s3:::models/*"],
        };
        const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
        await root.send(new PutBucketPolicyCommand({ Bucket: "models", Policy }));
        const limited = client(reader);
        await limited.send(new HeadBucketCommand({ Bucket: "models" }));
        const put = limited.send(new PutObjectCommand({ Bucket: "models", Key: "a", Body: "a" }));
        await expect(put).rejects.toMatchObject({ name: "AccessDenied" });
    });

    it("says why a user could not be made, without the secret", async () => {
        const user = { accessKeyId: "twice", secretAccessKey: "not-to-be-shown", role: "user" } as const;
        await createUser(sandbox, user);
        const again = createUser(sandbox, user).catch((error: Error) => error.message);
        expect(await again).toMatch(/did not make the user twice.*exists/is);
        expect(await again).not.toContain(user.secretAccessKey);
    });

    it("has a cluster without the custom resources", async () => {
        const { ApiextensionsV1Api, CoreV1Api, KubeConfig } = await import("@kubernetes/client-node");
        const kubeconfig = new KubeConfig();
        kubeconfig.loadFromFile(sandbox.kubeconfigFile);
        const definitions = await kubeconfig.makeApiClient(ApiextensionsV1Api).listCustomResourceDefinition();
        expect(definitions.items).toEqual([]);
        const namespaces = await kubeconfig.makeApiClient(CoreV1Api).listNamespace();
        expect(namespaces.items.map(({ metadata }) => metadata?.name)).toContain("llmos-system");
    });

    it("can be described as JSON", () => {
        const { stop: _stop, died: _died, restart: _restart, ...details } = sandbox;
        expect(JSON.parse(JSON.stringify(details))).toEqual(details);
    });
});

/** Lookups in a program: the columns of the LLMOS page, read live. */
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { findDefaultRegistry, findRegistry } from "../../provider/llmos/registries";
import { Outside } from "../support/outside";
import { Project } from "../support/project";

const program = `
exports.one = llmos.getRegistry({ name: "alpha" });
exports.all = llmos.getRegistries();
exports.standard = llmos.getDefaultRegistry();
const name = pulumi.output("alpha");
exports.oneOutput = llmos.getRegistryOutput({ name });
exports.allOutput = llmos.getRegistriesOutput();
exports.standardOutput = llmos.getDefaultRegistryOutput();
`;

const sandbox = inject("cluster");
let outside: Outside;
let project: Project;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    const { accessKeyId, secretAccessKey, caBundle, endpoint } = sandbox.s3;
    await outside.s3.send(new CreateBucketCommand({ Bucket: "alpha-bucket" }));
    await outside.expect(201, "POST", "/api/v1/namespaces/llmos-system/secrets", {
        metadata: { name: "alpha-keys" },
        stringData: { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey },
    });
    await register("alpha", {
        "field.llmos.ai/description": "The first",
        "ml.llmos.ai/is-default-registry": "true",
    });
    await register("beta", {});
    project = await Project.create(sandbox, {
        program,
        values: { endpoint },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
});
afterAll(async () => {
    await project?.remove();
    await outside?.clear();
    outside?.s3.destroy();
});

/** A Registry, and its first verdict; the Secret of `beta` does not exist. */
async function register(name: string, annotations: Record<string, string>): Promise<void> {
    const s3Config = {
        endpoint: sandbox.s3.endpoint,
        bucket: `${name}-bucket`,
        useSSL: true,
        accessCredentialSecretName: `${name}-keys`,
    };
    const head = { apiVersion: "ml.llmos.ai/v1", kind: "Registry", metadata: { name, annotations } };
    await outside.expect(201, "POST", "/apis/ml.llmos.ai/v1/registries", {
        ...head,
        spec: { backendType: "S3", s3Config },
    });
    const judged = async () => expect((await outside.registry(name)).status?.conditions?.length).toBe(1);
    await vi.waitFor(judged, { timeout: 30_000 });
}

test("one, all and the default registry, plain and as outputs", async () => {
    const up = await project.up();
    expect(up.exitCode, up.output).toBe(0);
    const { output } = await project.pulumi("stack", "output", "--json");
    const { endpoint } = sandbox.s3;
    const alpha = {
        state: "Active",
        name: "alpha",
        endpoint,
        bucket: "alpha-bucket",
        default: true,
        description: "The first",
        secretName: "alpha-keys",
        storageAddress: `https://alpha-bucket.${endpoint}/`,
        message: "S3 bucket is accessible",
    };
    const beta = {
        state: "Inactive",
        name: "beta",
        endpoint,
        bucket: "beta-bucket",
        default: false,
        description: "",
        secretName: "beta-keys",
        storageAddress: "",
        message:
            "check registry accessibility failed: get access key failed: secret beta-keys not found in llmos-system namespace",
    };
    expect(JSON.parse(output.slice(output.indexOf("{")))).toEqual({
        one: alpha,
        all: [alpha, beta],
        standard: alpha,
        oneOutput: alpha,
        allOutput: [alpha, beta],
        standardOutput: alpha,
    });
});

test("no such registry, and two defaults, are errors that say so", async () => {
    await outside.expect(200, "PATCH", "/apis/ml.llmos.ai/v1/registries/beta", {
        metadata: { annotations: { "ml.llmos.ai/is-default-registry": "true" } },
    });
    const settings = { kubeconfig: sandbox.kubeconfigFile };
    await expect(findRegistry(settings, undefined, "gamma")).rejects.toThrow(
        /^There is no Registry "gamma"\n/,
    );
    await expect(findDefaultRegistry(settings)).rejects.toThrow(
        /^The cluster has 2 default registries: alpha, beta\n/,
    );
});

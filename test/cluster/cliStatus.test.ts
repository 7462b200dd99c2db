/** `pulumi-llmos status`: the list of the LLMOS page, live. */
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Cli } from "../support/cli";
import { Outside } from "../support/outside";
import { Registries } from "../support/registries";

const sandbox = inject("cluster");
let outside: Outside;
let registries: Registries;
let cli: Cli;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    registries = new Registries(outside.ask);
    const { accessKeyId, secretAccessKey } = sandbox.s3;
    cli = new Cli(sandbox, [accessKeyId, secretAccessKey]);
    await registries.createSecret("keys", { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey });
    await outside.s3.send(new CreateBucketCommand({ Bucket: "alpha-bucket" }));
});
afterAll(async () => {
    await outside?.clear();
    outside?.s3.destroy();
});

async function register(name: string, bucket: string): Promise<void> {
    const { endpoint } = sandbox.s3;
    await registries.create(name, { endpoint, bucket, useSSL: true, accessCredentialSecretName: "keys" });
}

test("a cluster without registries, with one, and with a refused one; as a table and as JSON", async () => {
    expect(await cli.run(["status"])).toEqual({
        exitCode: 0,
        stdout: "The cluster has no registries.\n",
        stderr: "",
    });
    expect((await cli.run(["status", "--json"])).stdout).toBe("[]\n");

    // What is seen of changes: a table for each, the first one right away.
    const watching = cli.start(["status", "--watch"]);
    await watching.wrote(/no registries/);
    const lines = cli.start(["status", "--watch", "--json"]);
    await lines.wrote(/^\[\]\n/);

    await register("alpha", "alpha-bucket");
    await registries.settled("alpha", "True", 60_000);
    await registries.change("alpha", {
        metadata: { annotations: { "ml.llmos.ai/is-default-registry": "true" } },
    });
    await register("beta", "beta-nowhere");
    await registries.settled("beta", "False", 60_000);

    const { endpoint } = sandbox.s3;
    const gap = " ".repeat(endpoint.length - "Endpoint".length + 3);
    const message = "check registry accessibility failed: bucket beta-nowhere does not exist";
    const table = `State      Name    Endpoint${gap}Bucket         Default
Active     alpha   ${endpoint}   alpha-bucket   yes
Inactive   beta    ${endpoint}   beta-nowhere
  ${message}
`;
    expect(await cli.run(["status"])).toEqual({ exitCode: 0, stdout: table, stderr: "" });
    const { stdout } = await cli.run(["status", "--json"]);
    const alpha = {
        state: "Active",
        name: "alpha",
        endpoint,
        bucket: "alpha-bucket",
        default: true,
        description: "",
        secretName: "keys",
        storageAddress: `https://alpha-bucket.${endpoint}/`,
        message: "S3 bucket is accessible",
    };
    const beta = {
        ...alpha,
        state: "Inactive",
        name: "beta",
        bucket: "beta-nowhere",
        default: false,
        storageAddress: "",
        message,
    };
    expect(JSON.parse(stdout)).toEqual([alpha, beta]);

    await watching.wrote(/beta-nowhere does not exist\n$/);
    await lines.wrote(/beta-nowhere does not exist.*\n$/);
    watching.interrupt();
    lines.interrupt();
    const watched = await watching.ended;
    expect(watched).toMatchObject({ exitCode: 0, stderr: "" });
    const tables = watched.stdout.split("\n\n");
    expect(tables[0]).toBe("The cluster has no registries.");
    expect(tables.at(-1)).toBe(table);
    expect(new Set(tables).size).toBe(tables.length);
    const ended = await lines.ended;
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
    const documents = ended.stdout.trimEnd().split("\n");
    expect(JSON.parse(documents[0] ?? "")).toEqual([]);
    expect(JSON.parse(documents.at(-1) ?? "")).toEqual([alpha, beta]);
});

test("another kubeconfig than that of the environment, and one whose context is not there", async () => {
    const environment = { KUBECONFIG: "/nowhere/kubeconfig" };
    const given = ["status", "--kubeconfig", sandbox.kubeconfigFile];
    expect(await cli.run(given, { environment })).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await cli.run(["status", "--context", "elsewhere"])).toEqual({
        exitCode: 2,
        stdout: "",
        stderr: expect.stringMatching(
            /^The kubeconfig has no context "elsewhere"\n {2}where: .*\n {2}why: {3}.*\n {2}next: {2}.*\n$/,
        ),
    });
});

test("a reader that has seen enough ends it without a word", async () => {
    const running = cli.start(["status"]);
    running.stopReading();
    expect(await running.ended).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

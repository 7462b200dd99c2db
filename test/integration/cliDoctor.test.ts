/**
 * `pulumi-llmos doctor` as its users run it: a process of its own, and nothing is changed by asking. The words for what is
 * wrong: wrongAddress, wrongKeys, wrongBucket, wrongCluster.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, DeleteBucketCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Check } from "../../provider/preflight/checks";
import { Cli, type CliRun } from "../support/cli";
import { clusterWithout } from "../support/clusterWithout";
import { Outside } from "../support/outside";
import { Recorder } from "../support/recorder";
import { Registries } from "../support/registries";
import { bothSides } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, caFile, accessKeyId, secretAccessKey } = sandbox.s3;
const PAGE = "https://llmos.example.com";
const BUCKET = "doctor-models";
const AUTHORITY = ["--ca-bundle", caFile];

const cli = new Cli(sandbox, [accessKeyId, secretAccessKey]);
let outside: Outside;
let registries: Registries;
let recorder: Recorder;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    registries = new Registries(outside.ask);
    recorder = await Recorder.beforeS3(sandbox);
    await outside.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const rule = {
        AllowedOrigins: [PAGE],
        AllowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
        AllowedHeaders: ["*"],
        ExposeHeaders: ["ETag"],
    };
    const CORSConfiguration = { CORSRules: [rule] };
    await outside.s3.send(new PutBucketCorsCommand({ Bucket: BUCKET, CORSConfiguration }));
    const keys = { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey };
    await registries.createSecret("doctor-keys", keys);
    await register("doctor-models", "doctor-keys");
    await register("doctor-without-secret", "doctor-nowhere");
});
afterAll(async () => {
    await registries?.removeAll();
    await outside?.s3.send(new DeleteBucketCommand({ Bucket: BUCKET }));
    outside?.s3.destroy();
    await recorder?.stop();
});

async function register(name: string, accessCredentialSecretName: string): Promise<void> {
    const through = `localhost:${recorder.port}`;
    const s3Config = { endpoint: through, bucket: BUCKET, useSSL: true, accessCredentialSecretName };
    await registries.create(name, s3Config);
    await registries.settled(name, undefined, 60_000);
}

/** The checks of a run with `--json`. */
function checksOf({ stdout }: CliRun): Check[] {
    const { examined } = JSON.parse(stdout) as { examined: { checks: Check[] }[] };
    return examined.flatMap(({ checks }) => checks);
}

test("a registry in which nothing is wrong, and nothing but reading", async () => {
    const before = await bothSides(outside, "doctor");
    recorder.methods();
    const url = `https://localhost:${recorder.port}`;
    const tree = `Cluster ${sandbox.apiServerUrl}
├─ ✓ cluster        ${sandbox.apiServerUrl}: answers
├─ ✓ llmos          ${sandbox.apiServerUrl}/apis/ml.llmos.ai/v1/registries: the kind Registry is installed
├─ ✓ namespace      llmos-system: is there
└─ ✓ default        one default registry at most

Registry ${BUCKET}
├─ ✓ secret         llmos-system/doctor-keys: holds both keys
├─ ✓ endpoint       ${url}: name, TLS, clock
├─ ✓ keys           ${url}/${BUCKET}: known there, and the bucket is there
├─ ✓ cors           ${url}/${BUCKET}: uploads from ${PAGE}
└─ ✓ verdict        the LLMOS operator's verdict: accessible
`;
    for (const origin of [[], ["--origin", PAGE]]) {
        const run = await cli.run(["doctor", BUCKET, ...AUTHORITY, ...origin]);
        expect(run).toEqual({ exitCode: 0, stdout: tree, stderr: "" });
    }
    expect(recorder.methods()).toEqual(["GET", "HEAD", "OPTIONS"]);
    const json = await cli.run(["doctor", BUCKET, "--json", ...AUTHORITY]);
    expect(json).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(json.stdout)).toEqual({
        ok: true,
        examined: [
            { kind: "cluster", name: sandbox.apiServerUrl, checks: expect.anything() },
            { kind: "registry", name: BUCKET, checks: expect.anything() },
        ],
    });
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(checksOf(json)[4]).toEqual({
        name: "secret",
        outcome: "passed",
        detail: "llmos-system/doctor-keys",
        at,
    });

    recorder.methods();
    const writing = await cli.run(["doctor", BUCKET, "--write", ...AUTHORITY]);
    expect(writing).toMatchObject({ exitCode: 0, stderr: "" });
    expect(writing.stdout).toContain("✓ keys-write     ");
    expect(recorder.methods()).toEqual(["DELETE", "GET", "HEAD", "OPTIONS", "PUT"]);
    expect(await bothSides(outside, "doctor")).toEqual(before);
});

test("a page that the bucket's rules do not name", async () => {
    const run = await cli.run(["doctor", BUCKET, "--origin", "https://other.example.com", ...AUTHORITY]);
    expect(run).toMatchObject({ exitCode: 1, stderr: "" });
    expect(run.stdout).toContain(
        "a browser on https://other.example.com may not GET, PUT, POST, DELETE, HEAD\n",
    );
});

test("all registries of the cluster, with what is wrong", async () => {
    const run = await cli.run(["doctor", ...AUTHORITY]);
    expect(run).toMatchObject({ exitCode: 1, stderr: "" });
    const [cluster, ...trees] = run.stdout.split("\n\n");
    expect(cluster).toMatch(`Cluster ${sandbox.apiServerUrl}\n`);
    // Among those of other tests.
    const ours = trees.filter((tree) => tree.startsWith("Registry doctor-"));
    expect(ours.map((tree) => tree.split("\n")[0])).toEqual([
        "Registry doctor-models",
        "Registry doctor-without-secret",
    ]);
    expect(ours[1]).toContain(`
├─ ✗ secret         The Secret "doctor-nowhere" does not exist in namespace "llmos-system"
│    where: ${sandbox.apiServerUrl}, Secret llmos-system/doctor-nowhere
│    why:   The LLMOS operator reads the S3 keys from it.
│    next:  Correct the name, create the Secret, or give the keys themselves in credentials.
`);
});

test("a registry that does not exist: those that do are named", async () => {
    const run = await cli.run(["doctor", "doctor-modles", "--json"]);
    const [, names = ""] = /The registries there: (.*)\.\n$/.exec(run.stderr) ?? [];
    // Among those of other tests.
    const ours = names.split(", ").filter((name) => name.startsWith("doctor-"));
    expect({ ...run, stderr: run.stderr.replace(names, ours.join(", ")) }).toEqual({
        exitCode: 2,
        stdout: "",
        stderr: `The cluster has no Registry "doctor-modles"
  where: ${sandbox.apiServerUrl}
  why:   A command is about registries that exist.
  next:  Correct the name. The registries there: doctor-models, doctor-without-secret.
`,
    });
});

test("a store without keys is asked as far as that goes, and says where keys come from", async () => {
    const environment = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    const run = await cli.run(["doctor", "--endpoint", endpoint, "--bucket", BUCKET, ...AUTHORITY], {
        environment,
    });
    expect(run).toEqual({
        exitCode: 0,
        stdout: `Store ${sandbox.s3.url}/${BUCKET}
├─ ✓ endpoint       ${sandbox.s3.url}: name, TLS, clock
├─ – keys           not asked: no keys given
└─ – cors           not asked: no keys given

The keys are taken from the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
`,
        stderr: "",
    });
});

test("a cluster without LLMOS has no list and nothing to adopt either", async () => {
    const proxy = await clusterWithout(sandbox, "groups");
    const folder = await mkdtemp(join(tmpdir(), "pulumi-llmos-doctor-"));
    const kubeconfig = join(folder, "kubeconfig");
    await writeFile(kubeconfig, proxy.kubeconfig);
    try {
        for (const command of ["status", "adopt"]) {
            const run = await cli.run([command, "--kubeconfig", kubeconfig], { cwd: folder });
            expect(run).toMatchObject({ exitCode: 2, stdout: "" });
            expect(run.stderr).toMatch(
                /^The cluster does not know the kind Registry of ml\.llmos\.ai\/v1\n {2}where: /,
            );
        }
    } finally {
        await proxy.stop();
        await rm(folder, { recursive: true });
    }
});

test("a reader that has seen enough ends it without a word", async () => {
    const running = cli.start(["doctor", ...AUTHORITY]);
    await running.wrote(/^Cluster/);
    running.stopReading();
    expect(await running.ended).toMatchObject({ stderr: "" });
});

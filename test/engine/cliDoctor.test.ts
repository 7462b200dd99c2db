/** `pulumi-llmos doctor`: what is wrong is told in the words of preview, and nothing is changed by asking. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import type { Check } from "../../provider/checks";
import { Cli, type CliRun } from "../support/cli";
import { closedPort } from "../support/closedPort";
import { Outside } from "../support/outside";
import { Project } from "../support/project";
import { Recorder } from "../support/recorder";
import { Registries } from "../support/registries";
import { bothSides, REGISTRIES_PROGRAM, rightArgs, told } from "../support/wrongInput";

const STRANGER = { accessKeyId: "DOCTORSTRANGER", secretAccessKey: "what-a-strange-doctor-signs-with" };
const PAGE = "https://llmos.example.com";

let sandbox: Sandbox;
/** A cluster without LLMOS. */
let bare: Sandbox;
let outside: Outside;
let registries: Registries;
let recorder: Recorder;
let project: Project;
let cli: Cli;
/** The administrator's keys, as `doctor --endpoint` takes them. */
let keys: Record<string, string>;

beforeAll(async () => {
    [sandbox, bare] = await Promise.all([
        startSandbox(),
        startSandbox({ customResources: false, objectStore: false, engine: false }),
    ]);
    const { accessKeyId, secretAccessKey } = sandbox.s3;
    const secrets = [accessKeyId, secretAccessKey, STRANGER.accessKeyId, STRANGER.secretAccessKey];
    closed = `localhost:${await closedPort()}`;
    down = join(sandbox.folder, "kubeconfig-of-a-cluster-that-is-down");
    const nobody = `https://127.0.0.1:${await closedPort()}`;
    const kubeconfig = await readFile(sandbox.kubeconfigFile, "utf8");
    await writeFile(down, kubeconfig.replace(sandbox.apiServerUrl, nobody));
    keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    outside = await Outside.of(sandbox);
    registries = new Registries(outside.ask);
    recorder = await Recorder.beforeS3(sandbox);
    cli = new Cli(sandbox, secrets);
    // No llmos:caBundle: whom to trust is part of each set-up.
    project = await Project.create(sandbox, { program: REGISTRIES_PROGRAM, secrets });
    await outside.s3.send(new CreateBucketCommand({ Bucket: "models" }));
    const rule = {
        AllowedOrigins: [PAGE],
        AllowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
        AllowedHeaders: ["*"],
        ExposeHeaders: ["ETag"],
    };
    const CORSConfiguration = { CORSRules: [rule] };
    await outside.s3.send(new PutBucketCorsCommand({ Bucket: "models", CORSConfiguration }));
    await registries.createSecret("keys", { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey });
    await registries.createSecret("half", { accessKeyID: accessKeyId });
    await register("models", "keys");
    await register("without-secret", "nowhere");
    await register("with-half-a-secret", "half");
});
afterAll(async () => {
    await project?.remove();
    outside?.s3.destroy();
    await recorder?.stop();
    await Promise.all([sandbox?.stop(), bare?.stop()]);
});

async function register(name: string, accessCredentialSecretName: string): Promise<void> {
    const endpoint = `localhost:${recorder.port}`;
    await registries.create(name, { endpoint, bucket: "models", useSSL: true, accessCredentialSecretName });
    await registries.settled(name, undefined, 60_000);
}

/** A set-up with one thing wrong: as arguments of a program, and as a command line. */
interface WrongSetUp {
    readonly what: string;
    readonly args: () => object | Promise<object>;
    readonly line: () => string[] | Promise<string[]>;
    readonly environment?: () => Record<string, string>;
}

const trusted = () => ({ caBundle: sandbox.s3.caBundle });
const authority = () => ["--ca-bundle", sandbox.s3.caFile];
const store = (...rest: string[]) => ["--endpoint", sandbox.s3.endpoint, "--bucket", ...rest];
/** The same for preview and doctor. */
let closed: string;
let down: string;

const WRONG_STORES: WrongSetUp[] = [
    {
        what: "a key id that the server does not know",
        args: () => ({ ...trusted(), credentials: STRANGER }),
        line: () => [...store("models"), ...authority()],
        environment: () => ({
            AWS_ACCESS_KEY_ID: STRANGER.accessKeyId,
            AWS_SECRET_ACCESS_KEY: STRANGER.secretAccessKey,
        }),
    },
    {
        what: "a secret that does not belong to the key id",
        args: () => ({
            ...trusted(),
            credentials: { ...STRANGER, accessKeyId: sandbox.s3.accessKeyId },
        }),
        line: () => [...store("models"), ...authority()],
        environment: () => ({ ...keys, AWS_SECRET_ACCESS_KEY: STRANGER.secretAccessKey }),
    },
    {
        what: "a region that the server is not in",
        args: () => ({ ...trusted(), region: "eu-west-1" }),
        line: () => [...store("models"), ...authority(), "--region", "eu-west-1"],
    },
    {
        what: "a bucket that does not exist",
        args: () => ({ ...trusted(), bucket: "nowhere" }),
        line: () => [...store("nowhere"), ...authority()],
    },
    {
        what: "a port where nothing listens",
        args: async () => ({ ...trusted(), endpoint: closed }),
        line: () => ["--endpoint", closed, ...authority()],
    },
    {
        what: "a host name that nobody knows",
        args: () => ({ endpoint: "s3.invalid:5000" }),
        line: () => ["--endpoint", "s3.invalid:5000"],
    },
    {
        what: "an authority that is not trusted",
        args: () => ({}),
        line: () => store("models"),
    },
];

const WRONG_CLUSTERS: WrongSetUp[] = [
    {
        what: "a Secret that does not exist",
        args: () => ({ ...trusted(), credentials: { secretName: "nowhere" } }),
        line: () => ["without-secret", ...authority()],
    },
    {
        what: "a Secret with a key id alone",
        args: () => ({ ...trusted(), credentials: { secretName: "half" } }),
        line: () => ["with-half-a-secret", ...authority()],
    },
    {
        what: "a namespace that does not exist",
        args: () => ({ ...trusted(), namespace: "nowhere" }),
        line: () => ["models", "--namespace", "nowhere", ...authority()],
    },
    {
        what: "a cluster without LLMOS",
        args: () => ({ ...trusted(), cluster: { kubeconfig: bare.kubeconfigFile } }),
        line: () => ["--kubeconfig", bare.kubeconfigFile],
    },
    {
        what: "a cluster that is down",
        args: () => ({ ...trusted(), cluster: { kubeconfig: down } }),
        line: () => ["--kubeconfig", down],
    },
];

/** What the tree tells under each ✗, without the branches. */
function failuresOf({ stdout }: CliRun): string[] {
    const entries = stdout.split(/^[├└]─ /m).filter((entry) => entry.startsWith("✗"));
    return entries.map((entry) => {
        const [first = "", ...rest] = entry.split("\n").slice(0, 4);
        return [first.slice(17), ...rest.map((line) => line.slice(3))].join("\n");
    });
}

/** The checks of a run with `--json`. */
function checksOf({ stdout }: CliRun): Check[] {
    const { examined } = JSON.parse(stdout) as { examined: { checks: Check[] }[] };
    return examined.flatMap(({ checks }) => checks);
}

test.each([...WRONG_STORES, ...WRONG_CLUSTERS])("$what is told in the words of preview", async (setUp) => {
    const before = await bothSides(outside, "");
    await project.setValues({
        registries: { doctored: { ...rightArgs(sandbox, ""), bucket: "models", ...(await setUp.args()) } },
    });
    const preview = await project.pulumi("preview");
    const [entry = "", ...others] = told(preview);
    expect(others, preview.output).toEqual([]);
    const [, words = ""] = /^\w+ \S+: error: ([\s\S]*)$/.exec(entry) ?? [];

    const environment = setUp.environment?.() ?? keys;
    const run = await cli.run(["doctor", ...(await setUp.line())], { environment });
    expect(run).toMatchObject({ exitCode: 1, stderr: "" });
    // The verdict that follows from it is told too.
    const failures = failuresOf(run).filter((failure) => !failure.startsWith("The LLMOS operator cannot"));
    expect(failures, run.stdout).toEqual([words]);
    expect(await bothSides(outside, "")).toEqual(before);
});

test("a registry in which nothing is wrong, and nothing but reading", async () => {
    const before = await bothSides(outside, "");
    recorder.methods();
    const endpoint = `localhost:${recorder.port}`;
    const tree = `Cluster ${sandbox.apiServerUrl}
├─ ✓ cluster        ${sandbox.apiServerUrl}: answers
├─ ✓ llmos          ${sandbox.apiServerUrl}/apis/ml.llmos.ai/v1/registries: the kind Registry is installed
├─ ✓ namespace      llmos-system: is there
└─ ✓ default        one default registry at most

Registry models
├─ ✓ secret         llmos-system/keys: holds both keys
├─ ✓ endpoint       https://${endpoint}: name, TLS, clock
├─ ✓ keys           https://${endpoint}/models: known there, and the bucket is there
├─ ✓ cors           https://${endpoint}/models: uploads from ${PAGE}
└─ ✓ verdict        the LLMOS operator's verdict: accessible
`;
    for (const origin of [[], ["--origin", PAGE]]) {
        const run = await cli.run(["doctor", "models", ...authority(), ...origin]);
        expect(run).toEqual({ exitCode: 0, stdout: tree, stderr: "" });
    }
    expect(recorder.methods()).toEqual(["GET", "HEAD", "OPTIONS"]);
    const json = await cli.run(["doctor", "models", "--json", ...authority()]);
    expect(json).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(json.stdout)).toEqual({
        ok: true,
        examined: [
            { kind: "cluster", name: sandbox.apiServerUrl, checks: expect.anything() },
            { kind: "registry", name: "models", checks: expect.anything() },
        ],
    });
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(checksOf(json)[4]).toEqual({ name: "secret", outcome: "passed", detail: "llmos-system/keys", at });

    recorder.methods();
    const writing = await cli.run(["doctor", "models", "--write", ...authority()]);
    expect(writing).toMatchObject({ exitCode: 0, stderr: "" });
    expect(writing.stdout).toContain("✓ keys-write     ");
    expect(recorder.methods()).toEqual(["DELETE", "GET", "HEAD", "OPTIONS", "PUT"]);
    expect(await bothSides(outside, "")).toEqual(before);
});

test("a page that the bucket's rules do not name", async () => {
    const run = await cli.run(["doctor", "models", "--origin", "https://other.example.com", ...authority()]);
    expect(run).toMatchObject({ exitCode: 1, stderr: "" });
    expect(run.stdout).toContain(
        "a browser on https://other.example.com may not GET, PUT, POST, DELETE, HEAD\n",
    );
});

test("all registries of the cluster", async () => {
    const run = await cli.run(["doctor", ...authority()]);
    expect(run).toMatchObject({ exitCode: 1, stderr: "" });
    const titles = run.stdout.split("\n\n").map((tree) => tree.split("\n")[0]);
    expect(titles).toEqual([
        `Cluster ${sandbox.apiServerUrl}`,
        "Registry models",
        "Registry with-half-a-secret",
        "Registry without-secret",
    ]);
});

test("a registry that does not exist: those that do are named", async () => {
    const run = await cli.run(["doctor", "modles", "--json"]);
    expect(run).toEqual({
        exitCode: 2,
        stdout: "",
        stderr: `The cluster has no Registry "modles"
  where: ${sandbox.apiServerUrl}
  why:   A command is about registries that exist.
  next:  Correct the name. The registries there: models, with-half-a-secret, without-secret.
`,
    });
});

test("a store without keys is asked as far as that goes, and says where keys come from", async () => {
    const environment = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    const run = await cli.run(["doctor", ...store("models"), ...authority()], { environment });
    expect(run).toEqual({
        exitCode: 0,
        stdout: `Store ${sandbox.s3.url}/models
├─ ✓ endpoint       ${sandbox.s3.url}: name, TLS, clock
├─ – keys           not asked: no keys given
└─ – cors           not asked: no keys given

The keys are taken from the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
`,
        stderr: "",
    });
});

test("a cluster without LLMOS has no list and nothing to adopt either", async () => {
    for (const command of ["status", "adopt"]) {
        const run = await cli.run([command, "--kubeconfig", bare.kubeconfigFile], { cwd: bare.folder });
        expect(run).toMatchObject({ exitCode: 2, stdout: "" });
        expect(run.stderr).toMatch(
            /^The cluster does not know the kind Registry of ml\.llmos\.ai\/v1\n {2}where: /,
        );
    }
});

test("a reader that has seen enough ends it without a word", async () => {
    const running = cli.start(["doctor", ...authority()]);
    await running.wrote(/^Cluster/);
    running.stopReading();
    expect(await running.ended).toMatchObject({ stderr: "" });
});

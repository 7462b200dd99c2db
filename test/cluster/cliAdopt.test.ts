/** `pulumi-llmos adopt`: the program that it writes is compiled, previewed and run, and changes nothing on either side. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Cli } from "../support/cli";
import { execute } from "../support/execute";
import { Outside } from "../support/outside";
import { ROOT } from "../support/processes";
import { projectFolder } from "../support/projectFolder";
import { Recorder } from "../support/recorder";
import { Registries, type S3Config } from "../support/registries";
import { bothSides } from "../support/wrongInput";

const GUIDE = {
    AllowedOrigins: ["https://llmos.example.com"],
    AllowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
    AllowedHeaders: ["*"],
    ExposeHeaders: ["ETag"],
};
const OWN = [
    {
        ID: "reading",
        AllowedOrigins: ["https://*.example.com"],
        AllowedMethods: ["GET", "HEAD"],
        MaxAgeSeconds: 600,
    },
    { ...GUIDE, AllowedOrigins: ["https://one.example.com", "https://two.example.com"] },
];

const sandbox = inject("cluster");
let outside: Outside;
let registries: Registries;
/** What the registries have as their endpoint: writes down what is asked of the S3 server. */
let recorder: Recorder;
let endpoint: string;
let cli: Cli;
let parent: string;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    recorder = await Recorder.beforeS3(sandbox);
    endpoint = `localhost:${recorder.port}`;
    registries = new Registries(outside.ask);
    const { accessKeyId, secretAccessKey } = sandbox.s3;
    cli = new Cli(sandbox, [accessKeyId, secretAccessKey]);
    await registries.createSecret("keys", { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey });
    await bucket("guided", [GUIDE]);
    await bucket("own", OWN);
    await bucket("without");
    await register(
        "team.models",
        { bucket: "guided" },
        {
            "field.llmos.ai/description": 'The team\'s "models"\n*/ alert(1)',
            "ml.llmos.ai/is-default-registry": "true",
        },
    );
    await register("default", { bucket: "own" });
    await register("2nd-models", { bucket: "without" }, { "field.llmos.ai/description": "" });
    await register("plain", { bucket: "guided", useSSL: false });
    await register("schemed", { bucket: "guided", endpoint: `https://${endpoint}` });
    parent = await projectFolder("adopt");
});
afterAll(async () => {
    await rm(parent, { recursive: true, force: true });
    await outside?.clear();
    outside?.s3.destroy();
    await recorder?.stop();
});

async function bucket(name: string, rules?: object[]): Promise<void> {
    await outside.s3.send(new CreateBucketCommand({ Bucket: name }));
    if (rules) {
        const CORSConfiguration = { CORSRules: rules as (typeof GUIDE)[] };
        await outside.s3.send(new PutBucketCorsCommand({ Bucket: name, CORSConfiguration }));
    }
}

async function register(
    name: string,
    s3: Partial<S3Config>,
    annotations: Record<string, string> = {},
): Promise<void> {
    const rest = { endpoint, bucket: "", useSSL: true, accessCredentialSecretName: "keys", ...s3 };
    await registries.create(name, rest);
    await registries.change(name, { metadata: { annotations } });
    await registries.settled(name, undefined, 60_000);
}

const authority = () => ["--ca-bundle", sandbox.s3.caFile];

test("the program of a whole cluster compiles, and its first up changes nothing", async () => {
    recorder.methods();
    const before = await bothSides(outside, "");
    const out = join(parent, "all");
    const run = await cli.run(["adopt", "--out", "all", ...authority()], { cwd: parent });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(
        run.stderr,
    ).toBe(`warning: "plain" is left out: it uses http (useSSL: false), and LLMOS supports only HTTPS endpoints.
warning: "schemed" is left out: it has the endpoint "https://${endpoint}", which a program would change to "${endpoint}".
warning: "2nd-models" gets cors: { unmanaged: true }. The bucket has no CORS rules, and without them uploads and downloads on the LLMOS page fail. To have them set, write { allowedOrigins: ["https://llmos.example.com"] } with the address of your LLMOS page.
`);
    expect(
        run.stdout,
    ).toBe(`Written to all: package.json, Pulumi.yaml, tsconfig.json, index.ts, with 3 registries.

Next:
  cd all
  npm install
  pulumi stack init dev
  pulumi config set llmos:caBundle < ${sandbox.s3.caFile}
  pulumi up

The first pulumi up changes nothing in the cluster or the buckets.
`);
    await execute(join(ROOT, "node_modules", ".bin", "tsc"), ["-p", "."], { cwd: out });
    const shell = async (command: string) => {
        const output = await execute("sh", ["-c", command], {
            cwd: out,
            env: { ...process.env, ...sandbox.environment },
        });
        cli.scan(output);
        return output;
    };
    // As they are printed; the packages are those of this repository.
    const next = run.stdout.split("\n").flatMap((line) => /^ {2}(pulumi (?!up).*)/.exec(line)?.[1] ?? []);
    for (const command of next) {
        await shell(command);
    }
    const up = await shell("pulumi up --yes");
    expect(
        up
            .split("Outputs:")
            .pop()
            ?.match(/: "Active"/g),
        up,
    ).toHaveLength(3);
    expect(await bothSides(outside, "")).toEqual(before);
    expect(recorder.methods()).toEqual(["GET", "HEAD", "OPTIONS"]);
    await shell("pulumi preview --refresh --expect-no-changes");
    for (const name of await readdir(out)) {
        if (name !== "Pulumi.dev.yaml") {
            cli.scan(await readFile(join(out, name), "utf8"));
        }
    }
});

test("only the registries that were named, for the cluster and namespace that were given", async () => {
    const run = await cli.run(
        [
            "adopt",
            "default",
            "--out",
            "one",
            "--context",
            "sandbox",
            "--namespace",
            "llmos-system",
            ...authority(),
        ],
        { cwd: parent },
    );
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const program = await readFile(join(parent, "one", "index.ts"), "utf8");
    expect(program.match(/new llmos\.Registry\(.*/g)).toEqual(['new llmos.Registry("default", {']);
    expect(program).not.toContain("Left out");
    expect(run.stdout).toContain(`
  pulumi config set llmos:context sandbox
  pulumi config set llmos:namespace llmos-system
  pulumi config set llmos:caBundle < ${sandbox.s3.caFile}
`);
});

test("a name that no registry has, and a folder with a program in it, change nothing in the folder", async () => {
    const wrong = await cli.run(["adopt", "default", "modles", "--out", "wrong"], { cwd: parent });
    expect(wrong).toEqual({
        exitCode: 2,
        stdout: "",
        stderr: `The cluster has no Registry "modles"
  where: ${sandbox.apiServerUrl}
  why:   A command is about registries that exist.
  next:  Correct the name. The registries there: 2nd-models, default, plain, schemed, team.models.
`,
    });
    await mkdir(join(parent, "taken"));
    await writeFile(join(parent, "taken", "tsconfig.json"), "{}");
    const taken = await cli.run(["adopt", "--out", "taken", ...authority()], { cwd: parent });
    expect(taken).toMatchObject({ exitCode: 2, stdout: "" });
    expect(taken.stderr).toMatch(/^tsconfig\.json is there already\n/);
    expect(await readdir(join(parent, "taken"))).toEqual(["tsconfig.json"]);
    expect(await readdir(parent)).not.toContain("wrong");
});

test("rules that cannot be read are left alone, and it is said why", async () => {
    const run = await cli.run(["adopt", "team.models", "--out", "unread"], { cwd: parent });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(
        run.stderr,
    ).toBe(`warning: "team.models" gets cors: { unmanaged: true }, because its bucket's CORS rules could not be read.
The S3 endpoint's certificate was issued by an authority that is not trusted here
  where: https://${endpoint} (UNABLE_TO_VERIFY_LEAF_SIGNATURE)
  why:   LLMOS stores models and datasets there, and needs it reachable over HTTPS.
  next:  Give the authority's certificate as caBundle (PEM content). LLMOS and the users' browsers must trust it too.
`);
    expect(await readFile(join(parent, "unread", "index.ts"), "utf8")).toContain(`
    // The bucket's CORS rules could not be read: The S3 endpoint's certificate was issued by an
    // authority that is not trusted here.
    cors: { unmanaged: true },
`);
});

test("a registry that does not work is left out, and none of several defaults is declared", async () => {
    await register("broken", { bucket: "nowhere" }, { "ml.llmos.ai/is-default-registry": "true" });
    const nothing = await cli.run(["adopt", "broken", "--out", "broken", ...authority()], { cwd: parent });
    expect(nothing).toEqual({
        exitCode: 1,
        stdout: "",
        stderr: `warning: "broken" is left out: it is Inactive, and has to be repaired first. The LLMOS operator says: check registry accessibility failed: bucket nowhere does not exist.
There is nothing to adopt, and nothing was written.
`,
    });
    expect(await readdir(parent)).not.toContain("broken");

    const run = await cli.run(["adopt", "team.models", "--out", "several", ...authority()], { cwd: parent });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toBe(
        "warning: The cluster has 2 default registries (broken, team.models); the program declares none.\n",
    );
    expect(await readFile(join(parent, "several", "index.ts"), "utf8")).toContain("    default: false,\n");
    await registries.remove("broken");
});

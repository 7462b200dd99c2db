/**
 * Wrong clusters, and names that somebody else has taken there: preview says so, and up ends with its preview, so that
 * nothing is changed on either side.
 */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Sandbox, startSandbox } from "../../examples/sandbox";
import { closedPort } from "../support/closedPort";
import { Outside } from "../support/outside";
import { Project } from "../support/project";
import { Registries } from "../support/registries";
import { bothSides, REGISTRIES_PROGRAM, rightArgs, told } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

let project: Project;
let outside: Outside;
let theirs: Registries;
/** A cluster without LLMOS. */
let bare: Sandbox;
let outsideBare: Outside;

beforeAll(async () => {
    bare = await startSandbox({ customResources: false, objectStore: false, engine: false });
    outsideBare = await Outside.of({ kubeconfigFile: bare.kubeconfigFile, s3: sandbox.s3 });
    outside = await Outside.of(sandbox);
    theirs = new Registries(outside.ask);
    project = await Project.create(sandbox, {
        program: REGISTRIES_PROGRAM,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
});

afterAll(async () => {
    await project?.remove();
    await theirs?.removeAll();
    await bare?.stop();
});

/** Preview and up with these arguments tell this, and change nothing. */
async function refuses(args: object, message: string, places: Record<string, string>): Promise<void> {
    const sides = async () => [
        ...(await bothSides(outside, "cluster")),
        ...(await bothSides(outsideBare, "cluster")),
    ];
    const before = await sides();
    await project.setValues({
        registries: { cluster: { ...rightArgs(sandbox, "cluster-bucket"), ...args } },
    });
    for (const command of ["preview", "up --yes"]) {
        const run = await project.pulumi(...command.split(" "));
        const all = { [sandbox.apiServerUrl]: "<cluster>", [endpoint]: "<s3>", ...places };
        expect(told(run, all), run.output).toEqual([message]);
        expect(run.exitCode).not.toBe(0);
        expect(await sides()).toEqual(before);
    }
    await project.exportState();
}

test("a cluster that is down", async () => {
    const down = `https://127.0.0.1:${await closedPort()}`;
    const kubeconfig = (await readFile(sandbox.kubeconfigFile, "utf8")).replace(sandbox.apiServerUrl, down);
    await refuses(
        { cluster: { kubeconfig } },
        `CredentialSecret cluster-secret: error: The cluster's API server refuses the connection: nothing listens there
  where: <down> (ECONNREFUSED)
  why:   The Registry object and its Secret live there.
  next:  Check the port, and that the server runs.`,
        { [down]: "<down>" },
    );
});

test("a namespace that does not exist", async () => {
    await refuses(
        { namespace: "cluster-nowhere" },
        `CredentialSecret cluster-secret: error: The namespace "cluster-nowhere" does not exist
  where: <cluster>
  why:   The LLMOS operator looks for credential Secrets there.
  next:  Correct the namespace ("namespace" or the stack configuration "llmos:namespace"); the LLMOS operator reads llmos-system only.`,
        {},
    );
});

test("a Secret of that name that somebody else made", async () => {
    await theirs.createSecret("cluster-credentials", { accessKeyID: "theirs", accessKeySecret: "theirs" });
    await refuses(
        {},
        `CredentialSecret cluster-secret: error: A Secret "cluster-credentials" exists already; it was made by someone else, not by this resource
  where: <cluster>, llmos-system/cluster-credentials
  why:   Overwriting it would break what relies on it.
  next:  Choose another name, or set adopt: true to let this stack manage it.`,
        {},
    );
    await theirs.removeAll();
});

test("a Registry of that name that somebody else made", async () => {
    const s3Config = { endpoint, bucket: "x-x", useSSL: true, accessCredentialSecretName: "x-x" };
    await theirs.create("cluster", s3Config);
    // Its verdict changes it once more.
    await theirs.settled("cluster", undefined, 60_000);
    await refuses(
        {},
        `RegistryObject cluster-registry: error: A Registry "cluster" exists already; it was made by someone else, not by this resource
  where: <cluster>, cluster
  why:   Overwriting it would break what relies on it.
  next:  Choose another name, or set adopt: true to let this stack manage it.`,
        {},
    );
    await theirs.removeAll();
});

test("two registries of one program that both want to be the default", async () => {
    await project.setProgram(`
const first = new llmos.Registry("cluster", values.first);
new llmos.Registry("cluster-too", values.second, { dependsOn: first });
`);
    await project.setValues({
        first: { ...rightArgs(sandbox, "cluster-bucket"), default: true },
        second: { ...rightArgs(sandbox, "cluster-bucket-too"), default: true },
    });
    for (const command of ["preview", "up --yes"]) {
        const run = await project.pulumi(...command.split(" "));
        expect(told(run), run.output).toEqual([
            `DefaultRegistry cluster-too-default: error: Two registries of this program want to be the default: "cluster" and "cluster-too"
  where: default
  why:   A cluster has one default registry, which new models and datasets use.
  next:  Keep default: true on one of them.`,
        ]);
        expect(run.exitCode).not.toBe(0);
        expect(await bothSides(outside, "cluster")).toEqual([]);
    }
    await project.setProgram(REGISTRIES_PROGRAM);
});

test("a cluster without LLMOS", async () => {
    await refuses(
        { cluster: { kubeconfig: bare.kubeconfigFile } },
        `RegistryObject cluster-registry: error: The cluster does not know the kind Registry of ml.llmos.ai/v1
  where: <bare>/apis/ml.llmos.ai/v1/registries
  why:   Without the LLMOS operator's custom resource definitions there are no registries.
  next:  Check that this is the LLMOS cluster (kubeconfig, context) and that the LLMOS operator is installed.`,
        { [bare.apiServerUrl]: "<bare>" },
    );
});

test("a cluster without the namespace of the LLMOS operator", async () => {
    const namespace = "/api/v1/namespaces/llmos-system";
    await outsideBare.expect(200, "DELETE", namespace);
    // The controller that would end it does not run in a sandbox.
    const ended = { apiVersion: "v1", kind: "Namespace", metadata: { name: "llmos-system" }, spec: {} };
    await outsideBare.expect(200, "PUT", `${namespace}/finalize`, ended);
    await refuses(
        { cluster: { kubeconfig: bare.kubeconfigFile } },
        `CredentialSecret cluster-secret: error: The namespace "llmos-system" does not exist
  where: <bare>
  why:   The LLMOS operator looks for credential Secrets there.
  next:  Check that this is the LLMOS cluster (kubeconfig, context) and that the LLMOS operator is installed.`,
        { [bare.apiServerUrl]: "<bare>" },
    );
});

/**
 * Wrong clusters, and names that somebody else has taken there: preview says so, `doctor` in the same words, and nothing
 * is changed on either side. An update begins with the same preview.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { closedPort } from "../support/closedPort";
import { type ClusterWithout, clusterWithout } from "../support/clusterWithout";
import { Doctor } from "../support/doctor";
import { EngineStandIn, registries } from "../support/engineStandIn";
import { Outside } from "../support/outside";
import { Registries } from "../support/registries";
import { bothSides, placed, rightArgs } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const SECRETS = [accessKeyId, secretAccessKey];

const engine = new EngineStandIn(sandbox, { settings: { caBundle }, secrets: SECRETS });
const doctor = new Doctor(sandbox, SECRETS);
let outside: Outside;
let theirs: Registries;
let folder: string;
const proxies: ClusterWithout[] = [];
/** Kubeconfigs of clusters that have something wrong, as files, and what stands for their addresses. */
const wrong = { down: "", withoutLlmos: "", withoutNamespace: "" };
const places: Record<string, string> = { [sandbox.apiServerUrl]: "<cluster>", [endpoint]: "<s3>" };

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    theirs = new Registries(outside.ask);
    folder = await mkdtemp(join(tmpdir(), "pulumi-llmos-wrong-cluster-"));
    const down = `https://127.0.0.1:${await closedPort()}`;
    const kubeconfig = await readFile(sandbox.kubeconfigFile, "utf8");
    await have("down", down, kubeconfig.replace(sandbox.apiServerUrl, down));
    for (const [name, missing] of [
        ["withoutLlmos", "groups"],
        ["withoutNamespace", "namespace"],
    ] as const) {
        const proxy = await clusterWithout(sandbox, missing);
        proxies.push(proxy);
        await have(name, proxy.url, proxy.kubeconfig);
    }
});

async function have(name: keyof typeof wrong, url: string, kubeconfig: string): Promise<void> {
    places[url] = `<${name}>`;
    wrong[name] = join(folder, name);
    await writeFile(wrong[name], kubeconfig);
}

afterAll(async () => {
    await theirs?.removeAll();
    outside?.s3.destroy();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await rm(folder, { recursive: true, force: true });
});

/** A preview with these arguments says this, and changes nothing. */
async function expectRefusal(args: object, refused: string, message: string): Promise<void> {
    const before = await bothSides(outside, "cluster");
    const program = registries({ cluster: { ...rightArgs(sandbox, "cluster-bucket"), ...args } });
    expect(placed(await engine.preview(program), places)).toEqual([`${refused}: error: ${message}`]);
    expect(await bothSides(outside, "cluster")).toEqual(before);
}

test.each([
    {
        what: "a cluster that is down",
        args: () => ({ cluster: { kubeconfig: wrong.down } }),
        line: () => ["--kubeconfig", wrong.down],
        refused: "CredentialSecret cluster-secret",
        message: `The cluster's API server refuses the connection: nothing listens there
  where: <down> (ECONNREFUSED)
  why:   The Registry object and its Secret live there.
  next:  Check the port, and that the server runs.`,
    },
    {
        what: "a namespace that does not exist",
        args: () => ({ namespace: "cluster-nowhere" }),
        line: () => ["--namespace", "cluster-nowhere"],
        refused: "CredentialSecret cluster-secret",
        message: `The namespace "cluster-nowhere" does not exist
  where: <cluster>
  why:   The LLMOS operator looks for credential Secrets there.
  next:  Correct the namespace ("namespace" or the stack configuration "llmos:namespace"); the LLMOS operator reads llmos-system only.`,
    },
    {
        what: "a cluster without LLMOS",
        args: () => ({ cluster: { kubeconfig: wrong.withoutLlmos } }),
        line: () => ["--kubeconfig", wrong.withoutLlmos],
        refused: "RegistryObject cluster-registry",
        message: `The cluster does not know the kind Registry of ml.llmos.ai/v1
  where: <withoutLlmos>/apis/ml.llmos.ai/v1/registries
  why:   Without the LLMOS operator's custom resource definitions there are no registries.
  next:  Check that this is the LLMOS cluster (kubeconfig, context) and that the LLMOS operator is installed.`,
    },
    {
        what: "a cluster without the namespace of the LLMOS operator",
        args: () => ({ cluster: { kubeconfig: wrong.withoutNamespace } }),
        line: () => ["--kubeconfig", wrong.withoutNamespace],
        refused: "CredentialSecret cluster-secret",
        message: `The namespace "llmos-system" does not exist
  where: <withoutNamespace>
  why:   The LLMOS operator looks for credential Secrets there.
  next:  Check that this is the LLMOS cluster (kubeconfig, context) and that the LLMOS operator is installed.`,
    },
])("$what is refused by preview, and found by doctor", async ({ args, line, refused, message }) => {
    await expectRefusal(args(), refused, message);
    expect(placed(await doctor.finds(line()), places)).toEqual([message]);
});

test("a Secret of that name that somebody else made", async () => {
    await theirs.createSecret("cluster-credentials", { accessKeyID: "theirs", accessKeySecret: "theirs" });
    await expectRefusal(
        {},
        "CredentialSecret cluster-secret",
        `A Secret "cluster-credentials" exists already; it was made by someone else, not by this resource
  where: <cluster>, llmos-system/cluster-credentials
  why:   Overwriting it would break what relies on it.
  next:  Choose another name, or set adopt: true to let this stack manage it.`,
    );
    await theirs.removeAll();
});

test("a Registry of that name that somebody else made", async () => {
    const s3Config = { endpoint, bucket: "x-x", useSSL: true, accessCredentialSecretName: "x-x" };
    await theirs.create("cluster", s3Config);
    // Its verdict changes it once more.
    await theirs.settled("cluster", undefined, 60_000);
    await expectRefusal(
        {},
        "RegistryObject cluster-registry",
        `A Registry "cluster" exists already; it was made by someone else, not by this resource
  where: <cluster>, cluster
  why:   Overwriting it would break what relies on it.
  next:  Choose another name, or set adopt: true to let this stack manage it.`,
    );
    await theirs.removeAll();
});

test("two registries of one program that both want to be the default", async () => {
    const program = registries({
        cluster: { ...rightArgs(sandbox, "cluster-bucket"), default: true },
        "cluster-too": { ...rightArgs(sandbox, "cluster-bucket-too"), default: true },
    });
    expect(await engine.preview(program)).toEqual([
        `DefaultRegistry cluster-too-default: error: Two registries of this program want to be the default: "cluster" and "cluster-too"
  where: default
  why:   A cluster has one default registry, which new models and datasets use.
  next:  Keep default: true on one of them.`,
    ]);
    expect(await bothSides(outside, "cluster")).toEqual([]);
});

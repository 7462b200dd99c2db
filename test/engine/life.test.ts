/**
 * A registry's whole life, by the real engine against a real API server and a real HTTPS S3 server, with the stack's
 * configuration alone. Proxies in front of both sides write down what each command asks for: preview and refresh only read.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { type EngineRun, Project } from "../support/project";
import { Recorder } from "../support/recorder";

const sandbox = inject("sandbox");
const { caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

/** Asks whether this user may do what is to come, and stores nothing: a question in the form of a POST. */
const REVIEW = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

const program = `
if (values.registry) {
    const registry = new llmos.Registry("life", values.registry);
    exports.state = registry.state;
    const { accessKeyId, secretAccessKey } = values.registry.credentials;
    new llmos.CredentialSecret("life-elsewhere", { name: "life-elsewhere", accessKeyId, secretAccessKey });
}
`;

let s3: Recorder;
let cluster: Recorder;
let outside: Outside;
let project: Project;

const elsewhere = async () =>
    (await outside.ask("GET", "/api/v1/namespaces/default/secrets/life-elsewhere")).status;

const registry = () => ({
    description: "First",
    endpoint: `localhost:${s3.port}`,
    bucket: { name: "life-bucket" },
    credentials: { accessKeyId, secretAccessKey },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    namespace: "llmos-system",
    timeouts: { settleSeconds: 0.5 },
});

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    s3 = await Recorder.beforeS3(sandbox);
    const before = await Recorder.beforeCluster(sandbox);
    cluster = before.recorder;
    project = await Project.create(sandbox, {
        program,
        values: { registry: registry() },
        config: { "llmos:caBundle": caBundle, "llmos:namespace": "default", "llmos:context": "recorded" },
        // No kubeconfig in the environment, and none in the home folder.
        environment: { KUBECONFIG: undefined, HOME: sandbox.folder },
        secrets: [accessKeyId, secretAccessKey],
    });
    const kubeconfig = JSON.parse(before.kubeconfig);
    kubeconfig.clusters.push({ name: "nowhere", cluster: { server: "https://127.0.0.1:1" } });
    kubeconfig.contexts.push({ name: "nowhere", context: { cluster: "nowhere", user: "recorded" } });
    kubeconfig["current-context"] = "nowhere";
    const content = JSON.stringify(kubeconfig);
    const set = await project.pulumi("config", "set", "--secret", "llmos:kubeconfig", content);
    expect(set.exitCode, set.output).toBe(0);
});
afterAll(async () => {
    await project?.remove();
    await s3?.stop();
    await cluster?.stop();
    outside?.s3.destroy();
});

/** The command has ended well, and this is how it asked: reading alone, unless it is said otherwise. */
function expectAsked(
    run: EngineRun,
    { store = ["GET", "HEAD"], api = ["GET"] }: { store?: string[]; api?: string[] } = {},
): void {
    expect(run.exitCode, run.output).toBe(0);
    cluster.requests.splice(0, Infinity, ...cluster.requests.filter((line) => line !== REVIEW));
    expect({ store: s3.methods(), api: cluster.methods() }).toEqual({ store, api });
}

test("a preview of it only reads; the first up makes everything, which shows that writing would be seen", async () => {
    expectAsked(await project.preview());
    const first = await project.up();
    expect(first.output).toContain("7 created");
    expectAsked(first, { store: ["DELETE", "GET", "HEAD", "OPTIONS", "PUT"], api: ["GET", "POST"] });
    await project.exportState();
    expect(await outside.named("life")).toEqual({
        registries: ["life"],
        secrets: ["life-credentials"],
        buckets: ["life-bucket"],
    });
    expect(await elsewhere(), "in the namespace of the configuration").toBe(200);
});

test("the stack records what was proved, and when", async () => {
    const resources = await project.resources();
    const proved = ["registry", "cors"].flatMap((part) => {
        const outputs = resources.get(`life-${part}`)?.outputs;
        return (outputs?.["checks"] ?? []) as { name: string; outcome: string; at: string }[];
    });
    expect(proved.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
        "cluster passed",
        "secret passed",
        "endpoint passed",
        "keys passed",
        "keys-write passed",
        "verdict passed",
        "cors passed",
        "cors-preflight passed",
    ]);
    for (const { at } of proved) {
        expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(3_600_000);
    }
});

test("the second up changes nothing, a preview with a refresh finds nothing, and both only read", async () => {
    const second = await project.up("--expect-no-changes");
    expect(second.output).toContain("7 unchanged");
    expectAsked(second, { store: ["HEAD"] });
    // OPTIONS: what a browser asks.
    expectAsked(await project.preview("--refresh", "--expect-no-changes"), {
        store: ["GET", "HEAD", "OPTIONS"],
    });
});

test("where nothing is declared any more, nobody is asked before it is deleted", async () => {
    await project.setValues({});
    expectAsked(await project.preview(), { store: [], api: [] });
});

test("without the program, refresh finds nothing and only reads; destroy leaves nothing", async () => {
    await rm(join(project.folder, "index.js"));
    expectAsked(await project.refresh("--expect-no-changes"), { store: ["GET", "HEAD", "OPTIONS"] });
    // The mark of the bucket goes by DeleteObjects, which is a POST.
    expectAsked(await project.destroy(), {
        store: ["DELETE", "GET", "HEAD", "POST"],
        api: ["DELETE", "GET"],
    });
    expect((await project.resources()).size).toBe(0);
    expect(await outside.named("life")).toEqual({ registries: [], secrets: [], buckets: [] });
    expect(await elsewhere()).toBe(404);
});

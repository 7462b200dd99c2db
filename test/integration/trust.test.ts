/** Whose certificates are trusted: always proved, by the authorities that are given for an endpoint, for all, and by Node's own. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { Authority } from "../../examples/sandbox";
import { realContext } from "../../provider/lifecycle/context";
import { askForBucket } from "../../provider/preflight/bucket";
import { Cli } from "../support/cli";
import { type Declared, LifecycleStack } from "../support/lifecycleStack";
import { Outside } from "../support/outside";
import { Recorder } from "../support/recorder";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey, caBundle, caFile } = sandbox.s3;
const keys = { accessKeyId, secretAccessKey };
let folder: string;
let other: Authority;
let expired: Authority;
let recorder: Recorder;
/** The same server behind a certificate of another authority. */
let elsewhere: string;

beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pulumi-llmos-trust-"));
    other = await Authority.create("other");
    const past = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2021-01-01T00:00:00Z") };
    expired = await Authority.create("old", past);
    const own = await other.server({ hosts: ["localhost"] });
    recorder = await Recorder.start(own, { url: sandbox.s3.url, ca: caBundle });
    elsewhere = `localhost:${recorder.port}`;
});

afterAll(async () => {
    vi.unstubAllEnvs();
    await recorder?.stop();
    await rm(folder, { recursive: true, force: true });
});

function contextWith(settings: { caBundle?: string } = {}) {
    const warnings: string[] = [];
    const warn = async (message: string) => void warnings.push(message);
    return { context: realContext(settings, { info: async () => {}, warn }), warnings };
}

test("NODE_TLS_REJECT_UNAUTHORIZED=0 turns nothing off", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const { context } = contextWith();
    const connection = { endpoint, keys };
    const untrusted = { finding: { code: "tls-unknown-authority" } };
    expect((await askForBucket(context, connection, "trust-none")).findings).toMatchObject([
        untrusted.finding,
    ]);
    const store = await context.objectStore(connection);
    expect(await store.bucket("trust-none")).toMatchObject({ outcome: "unknown", error: untrusted });
    const content = await context.contentStore(connection, "trust-none");
    const { signal } = new AbortController();
    await expect(content.put("a", Buffer.from("x"), { headers: {}, signal })).rejects.toMatchObject(
        untrusted,
    );
    vi.unstubAllEnvs();
});

test.each<[string, () => string]>([
    ["indented", () => caBundle.replace(/^/gm, "        ")],
    ["in one line", () => caBundle.replaceAll("\n", " ")],
    ["with its line ends written out", () => caBundle.replaceAll("\n", "\\n")],
    ["beside others, without a line end between them", () => other.certificate.trim() + caBundle.trim()],
])("a bundle is read %s", async (_title, bundle) => {
    const { context } = contextWith();
    const connection = { endpoint, keys, caBundle: bundle() };
    expect(await askForBucket(context, connection, "trust-none")).toEqual({ findings: [], exists: false });
});

function bucket(name: string, at: object): Declared {
    return { type: "Bucket", name, args: { name, credentials: keys, reachability: "enforce", ...at } };
}

test("endpoints of several authorities work in one stack, and what is expired is a warning, once", async () => {
    // For all, with an expired one in it; and for one endpoint.
    const stack = new LifecycleStack({
        kubeconfig: sandbox.kubeconfigFile,
        caBundle: expired.certificate + other.certificate,
    });
    const declared = [
        bucket("trust-private", { endpoint, caBundle }),
        bucket("trust-all", { endpoint: elsewhere }),
        bucket("trust-both", { endpoint: elsewhere, caBundle }),
    ];
    const preview = await stack.preview(declared);
    expect(preview.failure).toBeUndefined();
    expect(preview.warnings).toHaveLength(1);
    expect(preview.warnings[0]).toMatch(
        /^The certificates that are trusted hold expired ones: CN=old \(on Jan {2}1 00:00:00 2021 GMT\)\n/,
    );
    expect((await stack.up(declared)).failure).toBeUndefined();
    const outside = await Outside.of(sandbox);
    for (const { name } of declared) {
        expect(await outside.objects(name)).toEqual([]);
    }
    expect((await stack.destroy()).failure).toBeUndefined();
    outside.s3.destroy();
});

test("a bundle is trusted beside Node's own authorities", async () => {
    const file = join(folder, "public.pem");
    await writeFile(file, other.certificate);
    expect(await readFile(caFile, "utf8")).not.toContain(other.certificate);
    const cli = new Cli(sandbox, Object.values(keys));
    const environment = { ...NO_KEYS, NODE_EXTRA_CA_CERTS: file };
    for (const host of [endpoint, elsewhere]) {
        const asked = ["doctor", "--endpoint", host, "--ca-bundle", caFile];
        const { exitCode, stdout } = await cli.run(asked, { environment });
        expect(stdout).toContain(`✓ endpoint       https://${host}: name, TLS, clock`);
        expect(exitCode).toBe(0);
    }
});

const NO_KEYS = {
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_SESSION_TOKEN: undefined,
};

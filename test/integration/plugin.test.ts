/**
 * The provider plugin, called as the engine calls it, on real servers: the life of a registry's parts, what its previews
 * and diffs show, and what becomes of keys. What its calls do to the servers are the lifecycles, which have tests of their
 * own; what the engine makes of it is `languages`.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, ListMultipartUploadsCommand, ListPartsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { PART_BYTES } from "../../provider/content/parts";
import type { Properties } from "../../provider/lifecycle";
import { Empty } from "../../provider/pulumi/plugin/protocol";
import { silence } from "../support/faults";
import { Outside } from "../support/outside";
import { type Held, inClear, PluginClient, partialOf } from "../support/pluginClient";
import { Recorder } from "../support/recorder";
import { Registries } from "../support/registries";
import { refuseSecrets } from "../support/secrets";
import { bytesOf, seeded } from "../support/seeded";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const DESCRIPTION = "field.llmos.ai/description";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const PAGE = "https://llmos.example.com";

const credentials = { secretName: "plugged-keys" };
const bucketArgs = { name: "plugged-bucket", endpoint, credentials, registry: "plugged" };
const secretArgs = { name: "plugged-keys", accessKeyId, secretAccessKey };
const corsArgs = { bucket: "plugged-bucket", endpoint, credentials, allowedOrigins: [PAGE] };
const registryArgs = {
    name: "plugged",
    description: "Shared",
    endpoint,
    bucket: "plugged-bucket",
    secretName: "plugged-keys",
    timeouts: { settleSeconds: 0.5 },
};

let outside: Outside;
let plugin: PluginClient;
const held: Held[] = [];

/** Each command of an engine has a process of its own. */
async function nextCommand(): Promise<void> {
    await plugin?.stop();
    plugin = await PluginClient.start({ kubeconfig: sandbox.kubeconfigFile, caBundle });
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await nextCommand();
});
afterAll(async () => {
    for (const each of held.reverse()) {
        await plugin.delete(each);
    }
    await plugin?.stop();
    outside?.s3.destroy();
});

async function create(kind: string, inputs: Properties): Promise<Held> {
    const made = await plugin.create(kind, `plugged-${kind}`, inputs);
    held.push(made);
    return made;
}

/** The state without what is wrapped as a secret: the engine encrypts that. */
function unencrypted(properties: Properties): string {
    return JSON.stringify(properties, (_key, value) =>
        value !== null && typeof value === "object" && "4dabf18193072939515e22adb298388d" in value
            ? "[secret]"
            : value,
    );
}

test("a preview of new parts shows what it knows, and takes what was checked before as still to be made", async () => {
    const secret = await plugin.plan("CredentialSecret", "plugged-CredentialSecret", secretArgs);
    expect(inClear(secret)).toMatchObject({
        name: "plugged-keys",
        namespace: "llmos-system",
        keyRevision: 1,
        owner: "project/dev::llmos:index:CredentialSecret::plugged-CredentialSecret",
    });
    expect(secret).toMatchObject({ uid: UNKNOWN, checks: UNKNOWN });
    const registry = await plugin.plan("RegistryObject", "plugged-RegistryObject", registryArgs);
    expect(registry).toMatchObject({ description: "Shared", state: UNKNOWN });
    expect((await plugin.plan("Bucket", "plugged-Bucket", bucketArgs))["url"]).toBe(UNKNOWN);

    const other = await plugin.check("RegistryObject", "other", {
        ...registryArgs,
        name: "other",
        secretName: "nowhere",
    });
    expect(other.failures.join()).toContain("nowhere");
    expect(other.named).toEqual([""]);
});

test("what a program leaves unknown is unknown in the preview, and is not asked about", async () => {
    const seen = await plugin.plan("RegistryObject", "later", {
        ...registryArgs,
        name: "later",
        description: UNKNOWN,
        endpoint: UNKNOWN,
    });
    expect(seen).toMatchObject({ name: "later", description: UNKNOWN, endpoint: UNKNOWN });
    expect(plugin.told.join()).toContain("not checked at preview, because not known yet: endpoint");
});

test("parts are made, changed, drift, are healed and deleted; keys are never in clear", async () => {
    await nextCommand();
    const [secret, bucket, cors, registry] = [
        await create("CredentialSecret", secretArgs),
        await create("Bucket", bucketArgs),
        await create("BucketCors", corsArgs),
        await create("RegistryObject", registryArgs),
    ];
    expect(registry.id).toBe("plugged");
    expect(registry.outputs).toMatchObject({ state: "Active", schemaVersion: 1 });
    expect(await outside.origins("plugged-bucket")).toEqual([PAGE]);
    for (const { kind, inputs, outputs } of held) {
        refuseSecrets(unencrypted({ inputs, outputs }), [accessKeyId, secretAccessKey], `state of ${kind}`);
    }
    expect(inClear(secret.inputs)).toMatchObject({ accessKeyId, secretAccessKey });
    const { salt } = inClear(registry.outputs);
    expect(unencrypted(registry.outputs)).not.toContain(salt);

    // Nothing to do: as the engine finds it in the next command, and after a look at the servers.
    await nextCommand();
    for (const [each, args] of [
        [secret, secretArgs],
        [bucket, bucketArgs],
        [cors, corsArgs],
        [registry, registryArgs],
    ] as const) {
        expect(await plugin.diff(each, args), each.kind).toEqual({
            changes: false,
            replaces: [],
            detail: [],
        });
        expect(await plugin.read(each, each), each.kind).toEqual(each);
    }

    // A change, down to the value.
    const changed = {
        ...registryArgs,
        description: "Of all",
        timeouts: { settleSeconds: 0.5, graceSeconds: 1 },
    };
    expect((await plugin.diff(registry, changed)).detail).toEqual([
        "add timeouts.graceSeconds",
        "update description",
    ]);
    const { timeouts: _given, ...withoutTimeouts } = registryArgs;
    expect((await plugin.diff(registry, withoutTimeouts)).detail).toEqual(["delete timeouts"]);
    expect(await plugin.diff(registry, { ...registryArgs, name: "other" })).toEqual({
        changes: true,
        replaces: ["name"],
        detail: ["replace name"],
    });
    expect(
        (await plugin.diff(cors, { ...corsArgs, allowedOrigins: [PAGE, "https://b.example.com"] })).detail,
    ).toEqual(["add allowedOrigins[1]"]);

    // An update that only writes the state leaves what is computed known.
    const stored = await plugin.update(registry, { ...registryArgs, timeouts: { settleSeconds: 1 } }, true);
    expect(stored.outputs["state"]).toBe("Active");
    expect((await plugin.update(registry, changed, true)).outputs["state"]).toBe(UNKNOWN);
    const updated = await plugin.update(registry, changed);
    held[held.indexOf(registry)] = updated;
    expect((await outside.registry("plugged")).metadata.annotations[DESCRIPTION]).toBe("Of all");

    // Drift, as a refresh asks for it: what the servers have is the old one, what is declared the new one.
    await outside.expect(200, "PATCH", "/apis/ml.llmos.ai/v1/registries/plugged", {
        metadata: { annotations: { [DESCRIPTION]: "Of somebody" } },
    });
    const drifted = await plugin.read(updated, updated);
    expect(drifted?.inputs["description"]).toBe("Of somebody");
    expect((await plugin.diffOf(drifted as Held, updated.inputs)).detail).toEqual(["update description"]);
    held[held.indexOf(updated)] = await plugin.update(drifted as Held, changed);

    await nextCommand();
    for (const each of held.splice(0).reverse()) {
        await plugin.delete(each);
    }
    expect(await outside.named("plugged")).toEqual({ registries: [], secrets: [], buckets: [] });
    expect(await plugin.read(updated, updated)).toBeUndefined();
});

test("Cancel ends an upload, which says how far it is, and what has arrived is not sent again", async () => {
    await nextCommand();
    const name = "plugged-upload";
    const registries = new Registries(outside.ask);
    const recorder = await Recorder.beforeS3(sandbox);
    const folder = await mkdtemp(join(tmpdir(), "plugged-"));
    try {
        await outside.s3.send(new CreateBucketCommand({ Bucket: name }));
        await registries.createSecret(name, { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey });
        await registries.create(name, {
            endpoint: `localhost:${recorder.port}`,
            bucket: name,
            useSSL: true,
            accessCredentialSecretName: name,
        });
        await registries.settled(name, "True");
        await writeFile(join(folder, "model.bin"), bytesOf(seeded(1), 2 * PART_BYTES));
        const args = { registry: name, content: folder };

        // One part never gets an answer: left to itself, this upload would not end.
        recorder.faults.set(silence, Number.POSITIVE_INFINITY, /partNumber=2&/);
        const creating = plugin.create("Model", name, args).catch((error: unknown) => error);
        await expect.poll(() => partsIn(name), { timeout: 120_000 }).toBe(1);
        await plugin.call("cancel", new Empty());
        const error = await creating;
        expect(error).toMatchObject({
            details: expect.stringMatching(/The upload was interrupted after \d+ MiB/),
        });
        const { id, outputs } = partialOf(error)!;
        expect(id).toBe(`default/${name}`);

        recorder.faults.heal();
        recorder.requests.length = 0;
        await nextCommand();
        const { inputs } = await plugin.check("Model", name, args);
        const whole = await plugin.update({ kind: "Model", name, id, inputs, outputs }, args);
        expect(whole.outputs).toMatchObject({ fileCount: 1, size: 2 * PART_BYTES });
        expect(recorder.requests.filter((line) => /^PUT .*partNumber=/.test(line))).toEqual([
            expect.stringContaining("partNumber=2&"),
        ]);
        expect(plugin.told.join("\n")).toContain(`Model "${name}"`);
        await plugin.delete(whole);
    } finally {
        await registries.removeAll();
        await outside.removeBucket(name);
        await recorder.stop();
        await rm(folder, { recursive: true });
    }
});

/** Parts of the one open upload. */
async function partsIn(Bucket: string): Promise<number> {
    const { Uploads = [] } = await outside.s3.send(new ListMultipartUploadsCommand({ Bucket }));
    const [upload] = Uploads;
    if (!upload) {
        return 0;
    }
    const { Key, UploadId } = upload;
    return (await outside.s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts?.length ?? 0;
}

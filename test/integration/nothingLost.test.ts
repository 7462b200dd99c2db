/** Nothing that is somebody else's, or still in use, is changed or deleted: every kind and verb, against real servers. */
import { readFile } from "node:fs/promises";
import { CreateBucketCommand, GetBucketCorsCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { ObjectStore } from "../../provider/s3/objectStore";
import { clusterWithout } from "../support/clusterWithout";
import { instead, kubernetesStatus } from "../support/faults";
import { type Declared, LifecycleStack } from "../support/lifecycleStack";
import { Outside } from "../support/outside";
import { Recorder } from "../support/recorder";
import { Registries } from "../support/registries";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey, caBundle } = sandbox.s3;
const keys = { accessKeyId, secretAccessKey };
const SECRETS = "/api/v1/namespaces/llmos-system/secrets";
const REGISTRIES = "/apis/ml.llmos.ai/v1/registries";
const timeouts = { graceSeconds: 1, settleSeconds: 0 };

let outside: Outside;
let registries: Registries;
beforeAll(async () => {
    outside = await Outside.of(sandbox);
    registries = new Registries(outside.ask);
});
afterAll(async () => {
    await registries?.removeAll();
    for (const bucket of (await outside?.named("nothing-"))?.buckets ?? []) {
        await outside.removeBucket(bucket);
    }
    outside?.s3.destroy();
});

function stack(project: string, kubeconfig = sandbox.kubeconfigFile): LifecycleStack {
    return new LifecycleStack({ kubeconfig, caBundle }, project);
}

function bucketOf(name: string, args: object = {}): Declared {
    return { type: "Bucket", name: `${name}-bucket`, args: { name, endpoint, credentials: keys, ...args } };
}
function secretOf(name: string, args: object = {}): Declared {
    return { type: "CredentialSecret", name: `${name}-secret`, args: { name, ...keys, ...args } };
}
function registryOf(name: string, args: object = {}): Declared {
    const inputs = { name, endpoint, bucket: name, secretName: name, proveWriting: false, timeouts, ...args };
    return { type: "RegistryObject", name: `${name}-registry`, args: inputs };
}
/** A whole registry with a bucket of its own, all called alike. */
function unit(name: string, args: { bucket?: object; secret?: object; registry?: object } = {}): Declared[] {
    return [
        bucketOf(name, { registry: name, ...args.bucket }),
        secretOf(name, args.secret),
        registryOf(name, args.registry),
    ];
}

/** What somebody else has in the cluster, under that name. */
async function theirs(
    name: string,
    bucket: string,
    annotations: object = {},
    written = endpoint,
): Promise<void> {
    const s3Config = { endpoint: written, bucket, useSSL: true, accessCredentialSecretName: name };
    await outside.expect(201, "POST", REGISTRIES, {
        apiVersion: "ml.llmos.ai/v1",
        kind: "Registry",
        metadata: { name, annotations },
        spec: { backendType: "S3", s3Config },
    });
}

async function hold(path: string, holder: string | null): Promise<void> {
    await outside.expect(200, "PATCH", path, { metadata: { finalizers: holder && [holder] } });
}

async function remove(path: string): Promise<void> {
    await outside.ask("DELETE", path);
}

describe("a bucket", () => {
    test("of a registry that was renamed outlives a replacement of everything, with its content", async () => {
        const program = (registry: string) => [
            bucketOf("nothing-renamed", { registry, forceDestroy: true }),
            secretOf("nothing-renamed"),
            registryOf("nothing-renamed", { name: registry }),
        ];
        const own = stack("renamed");
        expect((await own.up(program("nothing-renamed-old"))).failure).toBeUndefined();
        expect(await own.up(program("nothing-renamed-new"))).toMatchObject({
            done: [
                "update Bucket nothing-renamed-bucket",
                "replace RegistryObject nothing-renamed-registry",
                "delete RegistryObject nothing-renamed-registry",
            ],
        });
        await outside.put("nothing-renamed", "models/default/llama/weights");
        const replaced = await own.up(program("nothing-renamed-new"), { replaceAll: true });
        expect(replaced.failure).toBeUndefined();
        expect(await outside.objects("nothing-renamed")).toContain("models/default/llama/weights");
        await outside.remove("nothing-renamed", "models/default/llama/weights");
        expect((await own.destroy()).failure).toBeUndefined();
        expect(await outside.named("nothing-renamed")).toEqual({ registries: [], secrets: [], buckets: [] });
    });

    test("that is replaced by a resource of another name is not emptied", async () => {
        const own = stack("aliased");
        await own.up([bucketOf("nothing-aliased", { forceDestroy: true })]);
        await outside.put("nothing-aliased", "weights");
        const moved = bucketOf("nothing-aliased-2", { forceDestroy: true });
        const run = await own.up([{ ...moved, alias: "nothing-aliased-bucket" }]);
        expect(run.failure).toBeUndefined();
        expect(run.warnings.join("\n")).toContain('The bucket "nothing-aliased" at');
        expect(await outside.objects("nothing-aliased")).toContain("weights");
        await outside.removeBucket("nothing-aliased");
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("that another resource declares at another address is not emptied", async () => {
        const own = stack("readdressed");
        await own.up([bucketOf("nothing-readdressed", { forceDestroy: true })]);
        await outside.put("nothing-readdressed", "weights");
        const there = { existing: true, endpoint: `127.0.0.1:${endpoint.split(":")[1]}` };
        const used = { ...bucketOf("nothing-readdressed", there), name: "nothing-readdressed-used" };
        expect((await own.up([used])).failure).toBeUndefined();
        expect(await outside.objects("nothing-readdressed")).toContain("weights");
    });

    test("that another resource declares at another address is not deleted, empty as it is", async () => {
        const own = stack("readdressed-empty");
        const there = `127.0.0.1:${endpoint.split(":")[1]}`;
        const made = bucketOf("nothing-readdressed-empty");
        await own.up([made]);
        const used = {
            ...bucketOf(made.args.name as string, { existing: true, endpoint: there }),
            name: "used",
        };
        const run = await own.up([used]);
        expect(run.failure).toBeUndefined();
        expect(run.warnings.join("\n")).toContain(
            "is kept, and is no longer in the stack as this resource: the program declares a bucket of this name at another address, which is the same one or cannot be told from it.",
        );
        expect((await outside.named("nothing-readdressed-empty")).buckets).toEqual([
            "nothing-readdressed-empty",
        ]);
    });

    test("that is only used is whoever's: a refresh keeps it, and its order in the program is free", async () => {
        const [maker, user] = [stack("maker"), stack("user")];
        await maker.up([bucketOf("nothing-shared-use")]);
        const used = [{ ...bucketOf("nothing-shared-use", { existing: true }), name: "nothing-used-bucket" }];
        expect((await user.up(used)).failure).toBeUndefined();
        expect(await user.refresh()).toEqual({ done: [], warnings: [] });
        const both = [used[0]!, bucketOf("nothing-shared-use")];
        expect((await maker.up(both)).failure).toBeUndefined();
        expect((await maker.destroy()).failure).toBeUndefined();
    });

    test("used alone outlives a replacement of everything", async () => {
        const program = [bucketOf("nothing-alone", { forceDestroy: true })];
        const own = stack("alone");
        await own.up(program);
        await outside.put("nothing-alone", "weights");
        expect((await own.up(program, { replaceAll: true })).failure).toBeUndefined();
        expect(await outside.objects("nothing-alone")).toContain("weights");
        expect((await own.destroy()).failure).toBeUndefined();
        expect((await outside.named("nothing-alone")).buckets).toEqual([]);
    });

    test("in which a registry of somebody else stores is not emptied", async () => {
        const own = stack("used");
        const program = unit("nothing-used", { bucket: { forceDestroy: true } });
        expect((await own.up(program)).failure).toBeUndefined();
        await theirs("nothing-used-theirs", "nothing-used");
        await outside.put("nothing-used", "models/default/theirs/weights");
        const destroyed = await own.destroy();
        expect(destroyed.failure).toContain(
            [
                'The bucket "nothing-used" is in use by other registries and is not deleted',
                `  where: https://${endpoint}/nothing-used, Registry nothing-used-theirs`,
            ].join("\n"),
        );
        expect(await outside.objects("nothing-used")).toContain("models/default/theirs/weights");
        await remove(`${REGISTRIES}/nothing-used-theirs`);
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("that another stack has taken over is left to it", async () => {
        const [one, other] = [stack("one"), stack("other")];
        const program = (adopt: boolean) => [bucketOf("nothing-taken", { forceDestroy: true, adopt })];
        await one.up(program(false));
        expect((await other.up(program(false))).failure).toContain(
            'The bucket "nothing-taken" exists already and bears a mark; it was made by "nothing-taken-bucket" of the stack one/dev, not by this resource',
        );
        expect((await other.up(program(true))).failure).toBeUndefined();
        await outside.put("nothing-taken", "weights");
        const destroyed = await one.destroy();
        expect(destroyed).toMatchObject({
            warnings: [
                `The bucket "nothing-taken" at https://${endpoint} is left alone: it is not the one in the stack, it was made, or taken over, by "nothing-taken-bucket" of the stack other/dev.`,
            ],
        });
        expect(await outside.objects("nothing-taken")).toContain("weights");
        expect((await other.destroy()).failure).toBeUndefined();
    });

    test("whose users cannot be asked for is not deleted", async () => {
        const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
        const own = stack("unasked");
        const program = unit("nothing-unasked", { bucket: { forceDestroy: true, cluster: { kubeconfig } } });
        expect((await own.up(program)).failure).toBeUndefined();
        await outside.put("nothing-unasked", "weights");
        recorder.faults.set(kubernetesStatus(503, "ServiceUnavailable"), undefined, /GET .*\/registries$/);
        expect((await own.destroy()).failure).toContain("cannot list now");
        expect(await outside.objects("nothing-unasked")).toContain("weights");
        recorder.faults.heal();
        expect((await own.destroy()).failure).toBeUndefined();
        await recorder.stop();
    });

    test("whose cluster is out of reach is forgotten on demand, and not emptied", async () => {
        const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
        const own = stack("unreached", kubeconfig);
        const program = unit("nothing-unreached", { bucket: { forceDestroy: true } });
        expect((await own.up(program)).failure).toBeUndefined();
        await theirs("nothing-unreached-theirs", "nothing-unreached");
        await outside.put("nothing-unreached", "weights");
        await recorder.stop();
        vi.stubEnv("PULUMI_LLMOS_DELETE_UNREACHABLE", "true");
        const destroyed = await own.destroy();
        vi.unstubAllEnvs();
        expect(destroyed.failure).toBeUndefined();
        expect(destroyed.warnings.join("\n")).toContain(
            "Bucket nothing-unreached is forgotten without a look",
        );
        expect(await outside.objects("nothing-unreached")).toContain("weights");
        for (const name of ["nothing-unreached", "nothing-unreached-theirs"]) {
            await remove(`${REGISTRIES}/${name}`);
        }
        await remove(`${SECRETS}/nothing-unreached`);
    });

    test("of one name at two servers is two buckets: dropping one deletes it", async () => {
        const address = `127.0.0.1:${endpoint.split(":")[1]}`;
        const own = stack("addresses");
        await own.up([bucketOf("nothing-address")]);
        // The same bucket under another address: the update knows it by its mark, and says nothing of a second one.
        const moved = await own.up([bucketOf("nothing-address", { endpoint: address })]);
        expect(moved).toEqual({ done: ["update Bucket nothing-address-bucket"], warnings: [] });
        expect((await own.destroy()).failure).toBeUndefined();
        expect((await outside.named("nothing-address")).buckets).toEqual([]);
    });
});

describe("a Registry and a Secret", () => {
    test("that somebody made in the place of ours are not written to, read as ours, or deleted", async () => {
        const own = stack("stranger");
        expect((await own.up(unit("nothing-stranger"))).failure).toBeUndefined();
        for (const path of [`${REGISTRIES}/nothing-stranger`, `${SECRETS}/nothing-stranger`]) {
            await remove(path);
        }
        await theirs("nothing-stranger", "their-bucket", { team: "other" });
        await outside.expect(201, "POST", SECRETS, {
            metadata: { name: "nothing-stranger" },
            data: { mine: "" },
        });
        const registry = await outside.registry("nothing-stranger");
        const edited = { registry: { description: "edited" } };
        const update = await own.up(unit("nothing-stranger", edited));
        expect(update.failure).toContain(
            'The Registry "nothing-stranger" is not the one in the stack: it was made, or taken over, by someone else',
        );
        const rotated = { ...keys, secretAccessKey: "another" };
        const secret = await own.up([
            bucketOf("nothing-stranger", { registry: "nothing-stranger" }),
            secretOf("nothing-stranger", rotated),
            registryOf("nothing-stranger"),
        ]);
        expect(secret.failure).toContain('The Secret "nothing-stranger" is not the one in the stack');
        const destroyed = await own.destroy();
        expect(destroyed.failure).toBeUndefined();
        expect(destroyed.warnings).toEqual([
            'The Registry "nothing-stranger" is left alone: it is not the one in the stack, it was made, or taken over, by someone else.',
            'The Secret "nothing-stranger" is left alone: it is not the one in the stack, it was made, or taken over, by someone else.',
        ]);
        const after = await outside.registry("nothing-stranger");
        expect(after.metadata.uid).toBe(registry.metadata.uid);
        expect(after.spec).toEqual(registry.spec);
        expect(after.metadata.annotations).toEqual({ team: "other" });
        expect((await outside.secret("nothing-stranger"))?.data).toEqual({ mine: "" });
        await remove(`${REGISTRIES}/nothing-stranger`);
        await remove(`${SECRETS}/nothing-stranger`);
    });

    test("are gone for a refresh when somebody else's have their names, which it says", async () => {
        const own = stack("refreshed");
        expect((await own.up(unit("nothing-refreshed"))).failure).toBeUndefined();
        await remove(`${REGISTRIES}/nothing-refreshed`);
        await theirs("nothing-refreshed", "their-bucket");
        const refreshed = await own.refresh();
        expect(refreshed.done).toEqual(["gone RegistryObject nothing-refreshed-registry"]);
        expect(refreshed.warnings).toContain(
            'The Registry "nothing-refreshed" is left alone: it is not the one in the stack, it was made, or taken over, by someone else.',
        );
        await remove(`${REGISTRIES}/nothing-refreshed`);
        await own.destroy();
    });

    test("that are two resources of one program are refused before anything is made", async () => {
        const own = stack("twice");
        const registry = registryOf("nothing-twice", { awaits: ["secretName"] });
        const twice = [registry, { ...registry, name: "nothing-twice-again" }];
        const preview = await own.preview([bucketOf("nothing-twice"), secretOf("nothing-twice"), ...twice]);
        expect(preview.failure).toContain(
            'Two resources of this program stand for the same RegistryObject: "nothing-twice-registry" and "nothing-twice-again"',
        );
    });

    test("that a finalizer holds: a delete and a create wait, and name what holds it", async () => {
        const own = stack("held");
        await outside.s3.send(new CreateBucketCommand({ Bucket: "nothing-held" }));
        const program = [secretOf("nothing-held"), registryOf("nothing-held")];
        expect((await own.up(program)).failure).toBeUndefined();
        const path = `${REGISTRIES}/nothing-held`;
        await hold(path, "example.com/hold");
        setTimeout(() => hold(path, null), 1_500);
        expect((await own.destroy()).failure).toBeUndefined();
        expect(await outside.registry("nothing-held")).toBeUndefined();

        expect((await own.up(program)).failure).toBeUndefined();
        await hold(path, "example.com/hold");
        const { metadata } = await outside.registry("nothing-held");
        await remove(path);
        setTimeout(() => hold(path, null), 1_500);
        expect((await stack("held again").up([registryOf("nothing-held")])).failure).toBeUndefined();
        const after = await outside.registry("nothing-held");
        expect(after.metadata.uid).not.toBe(metadata.uid);
        expect(after.metadata.deletionTimestamp).toBeUndefined();
        await remove(path);
        await own.destroy();
    });

    test("of which the Secret is used by a Registry: it is kept for one of this stack, and not deleted for another's", async () => {
        const own = stack("using");
        expect((await own.up(unit("nothing-using"))).failure).toBeUndefined();
        const secret = async () => (await outside.secret("nothing-using"))?.data["accessKeySecret"];
        // The program says now that the Secret exists: the one that it had made itself.
        const [bucket, , registry] = unit("nothing-using");
        const existing = await own.up([bucket!, registry!]);
        expect(existing).toMatchObject({
            done: ["delete CredentialSecret nothing-using-secret"],
            warnings: [
                'The Secret "nothing-using" is kept, and is no longer in the stack: the Registry nothing-using of this stack uses it.',
            ],
        });
        expect(await secret()).toBe(secretAccessKey);
        expect((await own.destroy()).failure).toBeUndefined();
        await remove(`${SECRETS}/nothing-using`);

        const alone = stack("lending");
        await alone.up([secretOf("nothing-lent")]);
        await theirs("nothing-lent", "nothing-lent");
        expect((await alone.destroy()).failure).toContain(
            'The Secret "nothing-lent" is in use by other registries and is not deleted',
        );
        await remove(`${REGISTRIES}/nothing-lent`);
        expect((await alone.destroy()).failure).toBeUndefined();
        expect((await outside.named("nothing-lent")).secrets).toEqual([]);
    });

    test("of which the Secret was adopted, or holds other keys, loses our two keys only", async () => {
        const encoded = { other: Buffer.from("kept").toString("base64") };
        await outside.expect(201, "POST", SECRETS, { metadata: { name: "nothing-adopted" }, data: encoded });
        const own = stack("adopted");
        const program = [secretOf("nothing-adopted", { adopt: true }), secretOf("nothing-shared")];
        expect((await own.up(program)).failure).toBeUndefined();
        await outside.expect(200, "PATCH", `${SECRETS}/nothing-shared`, { data: encoded });
        const destroyed = await own.destroy();
        expect(destroyed.failure).toBeUndefined();
        expect(destroyed.warnings).toEqual([
            'The Secret "nothing-shared" is kept without accessKeyID and accessKeySecret: it also holds other.',
            'The Secret "nothing-adopted" is kept without accessKeyID and accessKeySecret: it also holds other.',
        ]);
        for (const name of ["nothing-adopted", "nothing-shared"]) {
            expect((await outside.secret(name))?.data).toEqual({ other: "kept" });
            await remove(`${SECRETS}/${name}`);
        }
    });

    test.each([
        [
            "immutable",
            { immutable: true },
            'The Secret "nothing-unfit" is immutable and cannot take the keys',
        ],
        [
            "of another type",
            { type: "example.com/keys" },
            'The Secret "nothing-unfit" has the type example.com/keys, not Opaque, and a type cannot be changed',
        ],
    ])("of which the Secret is %s are refused at preview", async (_title, secret, words) => {
        await outside.expect(201, "POST", SECRETS, { metadata: { name: "nothing-unfit" }, ...secret });
        const preview = await stack("unfit").preview([secretOf("nothing-unfit", { adopt: true })]);
        expect(preview.failure).toContain(words);
        await remove(`${SECRETS}/nothing-unfit`);
    });

    test("follow a resource that gets another name: the mark is written, and a later replacement is no stranger's", async () => {
        const own = stack("alias");
        await outside.s3.send(new CreateBucketCommand({ Bucket: "nothing-alias" }));
        const program = [secretOf("nothing-alias"), registryOf("nothing-alias")];
        expect((await own.up(program)).failure).toBeUndefined();
        const renamed = program.map((each) => ({ ...each, name: `${each.name}-2`, alias: each.name }));
        const run = await own.up(renamed);
        expect(run).toMatchObject({
            done: [
                "update CredentialSecret nothing-alias-secret-2",
                "update RegistryObject nothing-alias-registry-2",
            ],
        });
        const { metadata } = await outside.registry("nothing-alias");
        expect(metadata.annotations["pulumi-llmos/owner"]).toBe(
            "alias/dev::llmos:index:RegistryObject::nothing-alias-registry-2",
        );
        expect((await own.up(renamed, { replaceAll: true })).failure).toBeUndefined();
        expect((await outside.registry("nothing-alias")).metadata.uid).toBe(metadata.uid);
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("of a resource that was renamed without saying so are refused with the way to say it", async () => {
        const own = stack("unaliased");
        const program = unit("nothing-unaliased");
        expect((await own.up(program)).failure).toBeUndefined();
        const mayBeTheSame =
            'If that is this resource under its former name or parent, add it to `aliases` in the options of what was renamed or moved (Pulumi, "Aliases"). Otherwise choose another name.';
        for (const [index, what] of [
            'The bucket "nothing-unaliased" exists already and bears a mark; it was made by "nothing-unaliased-bucket" (llmos:index:Bucket) of this stack',
            'A Secret "nothing-unaliased" exists already; it was made by "nothing-unaliased-secret" (llmos:index:CredentialSecret) of this stack',
            'A Registry "nothing-unaliased" exists already; it was made by "nothing-unaliased-registry" (llmos:index:RegistryObject) of this stack',
        ].entries()) {
            const renamed = program.map((each, at) => (at === index ? { ...each, name: "renamed" } : each));
            const { failure } = await own.up(renamed);
            expect(failure).toContain(what);
            expect(failure).toContain(mayBeTheSame);
        }
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("of which a description is declared no more lose it, whoever had written it", async () => {
        const own = stack("described");
        await outside.s3.send(new CreateBucketCommand({ Bucket: "nothing-described" }));
        await registries.createSecret("nothing-described", {
            accessKeyID: accessKeyId,
            accessKeySecret: secretAccessKey,
        });
        await theirs("nothing-described", "nothing-described", { "field.llmos.ai/description": "theirs" });
        await registries.settled("nothing-described", "True", 60_000);
        const program = (description?: string) => [
            registryOf("nothing-described", { adopt: true, ...(description && { description }) }),
        ];
        expect((await own.up(program("theirs"))).failure).toBeUndefined();
        expect((await own.up(program())).done).toEqual(["update RegistryObject nothing-described-registry"]);
        const { annotations } = (await outside.registry("nothing-described")).metadata;
        expect(annotations["field.llmos.ai/description"]).toBeUndefined();
        expect((await own.destroy()).failure).toBeUndefined();
    });
});

test("CORS rules that somebody added are named, and kept by a change of ours and by its deletion; only adopt removes them", async () => {
    const Bucket = "nothing-cors";
    const own = stack("cors");
    const added = { AllowedOrigins: ["https://added.example.com"], AllowedMethods: ["GET"] };
    const program = (origins: string[], args: object = {}) => [
        bucketOf(Bucket),
        {
            type: "BucketCors",
            name: "nothing-cors-cors",
            args: { bucket: Bucket, endpoint, credentials: keys, allowedOrigins: origins, ...args },
        },
    ];
    const add = async () => {
        const { CORSRules = [] } = await outside.s3.send(new GetBucketCorsCommand({ Bucket }));
        const CORSConfiguration = { CORSRules: [...CORSRules, added] };
        await outside.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
    };
    const words =
        'The bucket "nothing-cors" has a CORS rule that this stack did not write (https://added.example.com)';
    expect((await own.up(program(["https://one.example.com"]))).failure).toBeUndefined();
    await add();
    const refreshed = await own.refresh();
    expect(refreshed.warnings.join()).toContain(words);
    expect((await own.preview(program(["https://one.example.com"]))).done).toEqual([]);
    const changed = await own.up(program(["https://two.example.com"]));
    expect(changed.failure).toBeUndefined();
    expect(changed.warnings.join()).toContain(words);
    expect(await outside.origins(Bucket)).toEqual(["https://two.example.com", "https://added.example.com"]);

    await own.up(program(["https://three.example.com"], { adopt: true }));
    expect(await outside.origins(Bucket)).toEqual(["https://three.example.com"]);
    await add();
    expect((await own.up([bucketOf(Bucket)])).done).toEqual(["delete BucketCors nothing-cors-cors"]);
    expect(await outside.origins(Bucket)).toEqual(["https://added.example.com"]);
    expect((await own.destroy()).failure).toBeUndefined();
});

test("after LLMOS was uninstalled its objects are gone, for a refresh and for a destroy; Secret and bucket are not", async () => {
    // As if its definitions were not there: the Registry itself stays, behind what hides it.
    const without = await clusterWithout(sandbox, "groups");
    const installed = stack("uninstalled");
    expect((await installed.up(unit("nothing-uninstalled"))).failure).toBeUndefined();
    const [refreshed, destroyed] = [without, without].map(({ kubeconfig }) => {
        const later = stack("uninstalled", kubeconfig);
        installed.resources.forEach((resource, name) => void later.resources.set(name, resource));
        return later;
    });
    expect(await refreshed?.refresh()).toEqual({
        done: ["gone RegistryObject nothing-uninstalled-registry"],
        warnings: [],
    });
    expect((await destroyed?.destroy())?.failure).toBeUndefined();
    expect(await outside.named("nothing-uninstalled")).toEqual({
        registries: ["nothing-uninstalled"],
        secrets: [],
        buckets: [],
    });
    await remove(`${REGISTRIES}/nothing-uninstalled`);
    await without.stop();
});

test("a kubeconfig that changes is taken: refresh and destroy use the new one", async () => {
    const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
    const content = await readFile(sandbox.kubeconfigFile, "utf8");
    // Neither configuration nor environment lead to the cluster.
    const own = new LifecycleStack({ kubeconfig: "/nowhere", caBundle }, "kubeconfig");
    const program = (cluster: object) => [secretOf("nothing-kubeconfig", { cluster })];
    expect((await own.up(program({ kubeconfig }))).failure).toBeUndefined();
    expect(await own.up(program({ kubeconfig: content }))).toMatchObject({
        done: ["update CredentialSecret nothing-kubeconfig-secret"],
    });
    await recorder.stop();
    expect((await own.refresh()).failure).toBeUndefined();
    expect((await own.destroy()).failure).toBeUndefined();
    expect((await outside.named("nothing-kubeconfig")).secrets).toEqual([]);
});

describe("while somebody else is faster, or a run was ended", () => {
    test("a bucket whose registries an API server does not serve just now is not emptied", async () => {
        const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
        const own = stack("unserved");
        const program = unit("nothing-unserved", { bucket: { forceDestroy: true, cluster: { kubeconfig } } });
        expect((await own.up(program)).failure).toBeUndefined();
        await theirs("nothing-unserved-theirs", "nothing-unserved");
        await outside.put("nothing-unserved", "weights");
        // What an API server answers after its start, until it has read the custom resource definitions.
        const unserved = instead(404, "text/plain", "404 page not found\n");
        recorder.faults.set(unserved, undefined, /GET .*\/registries$/);
        expect((await own.destroy()).failure).toContain("does not know the kind Registry");
        expect(await outside.objects("nothing-unserved")).toContain("weights");
        recorder.faults.heal();
        await remove(`${REGISTRIES}/nothing-unserved-theirs`);
        expect((await own.destroy()).failure).toBeUndefined();
        await recorder.stop();
    });

    test("an adopted Secret is not taken for one of ours by a replacement of everything", async () => {
        await registries.createSecret("nothing-readopted", {
            accessKeyID: "theirs",
            accessKeySecret: "theirs",
        });
        const own = stack("readopted");
        const program = [secretOf("nothing-readopted", { adopt: true })];
        expect((await own.up(program)).failure).toBeUndefined();
        expect((await own.up(program, { replaceAll: true })).failure).toBeUndefined();
        expect((await own.destroy()).warnings).toEqual([
            'The Secret "nothing-readopted" is kept without accessKeyID and accessKeySecret: it was there before this stack managed it.',
        ]);
        await outside.expect(200, "GET", `${SECRETS}/nothing-readopted`);
        await remove(`${SECRETS}/nothing-readopted`);
    });

    test("a Secret that gets another key between the look and its deletion keeps it", async () => {
        const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
        const own = stack("faster");
        const path = `${SECRETS}/nothing-faster`;
        expect(
            (await own.up([secretOf("nothing-faster", { cluster: { kubeconfig } })])).failure,
        ).toBeUndefined();
        const added = { other: Buffer.from("kept").toString("base64") };
        recorder.faults.set(
            ({ incoming, forward }) => {
                incoming.pause();
                void outside.expect(200, "PATCH", path, { data: added }).then(() => forward());
            },
            1,
            /DELETE .*\/nothing-faster/,
        );
        expect((await own.destroy()).failure).toBeUndefined();
        expect((await outside.secret("nothing-faster"))?.data).toEqual({ other: "kept" });
        await remove(path);
        await recorder.stop();
    });

    test("a bucket that another stack has taken over is not taken back by an update, with adopt neither", async () => {
        const [one, other] = [stack("back"), stack("taker")];
        const program = (args: object = {}) => [bucketOf("nothing-back", { adopt: true, ...args })];
        expect((await one.up(program())).failure).toBeUndefined();
        expect((await other.up(program())).failure).toBeUndefined();
        await outside.put("nothing-back", "weights");
        expect((await one.up(program({ addressing: "path" }))).failure).toContain(
            'The bucket "nothing-back" exists already and holds objects; it was made by "nothing-back-bucket" of the stack taker/dev',
        );
        expect((await one.refresh()).done).toEqual(["gone Bucket nothing-back-bucket"]);
        await outside.remove("nothing-back", "weights");
        expect((await other.destroy()).failure).toBeUndefined();
    });

    test("a bucket that was marked by a run that was ended is ours for the next one, and named where it is left", async () => {
        await outside.s3.send(new CreateBucketCommand({ Bucket: "nothing-ended" }));
        const own = stack("ended");
        const used = [bucketOf("nothing-ended", { existing: true })];
        const managed = [bucketOf("nothing-ended")];
        const saved = () => new Map(own.resources);
        const back = (to: ReturnType<typeof saved>) =>
            to.forEach((stored, name) => {
                own.resources.set(name, stored);
            });
        expect((await own.up(used)).failure).toBeUndefined();
        const asUsed = saved();
        expect((await own.up(managed)).failure).toBeUndefined();
        back(asUsed);
        expect((await own.up(managed)).failure).toBeUndefined();
        const asManaged = saved();
        expect((await own.up(managed, { replaceAll: true })).failure).toBeUndefined();
        const asReplaced = saved();
        back(asManaged);
        expect((await own.destroy()).warnings.join()).toContain('The bucket "nothing-ended"');
        back(asReplaced);
        expect((await own.destroy()).failure).toBeUndefined();
        expect((await outside.named("nothing-ended")).buckets).toEqual([]);
    });

    test("a CORS rule that somebody put before ours is kept by what follows a refresh", async () => {
        const Bucket = "nothing-before";
        const wide = "https://*.example.com";
        const own = stack("before");
        const cors = {
            type: "BucketCors",
            name: "nothing-before-cors",
            args: {
                bucket: Bucket,
                endpoint,
                credentials: keys,
                allowedOrigins: ["https://one.example.com"],
            },
        };
        const program = [bucketOf(Bucket), cors];
        const putBefore = async () => {
            const { CORSRules = [] } = await outside.s3.send(new GetBucketCorsCommand({ Bucket }));
            const first = { AllowedOrigins: [wide], AllowedMethods: ["GET"] };
            const left = CORSRules.filter(({ AllowedOrigins }) => AllowedOrigins?.[0] !== wide);
            const CORSConfiguration = { CORSRules: [first, ...left] };
            await outside.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
        };
        expect((await own.up(program)).failure).toBeUndefined();
        await putBefore();
        await own.refresh();
        expect((await own.up(program)).done).toEqual(["update BucketCors nothing-before-cors"]);
        expect(await outside.origins(Bucket)).toEqual(["https://one.example.com", wide]);
        await putBefore();
        await own.refresh();
        expect((await own.up([bucketOf(Bucket)])).failure).toBeUndefined();
        expect(await outside.origins(Bucket)).toEqual([wide]);
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("a bucket that two stacks make at once is the first one's", async () => {
        const [slow, fast] = [stack("slow"), stack("fast")];
        const program = [bucketOf("nothing-race")];
        const create = vi.spyOn(ObjectStore.prototype, "createBucket");
        create.mockImplementationOnce(async function (this: ObjectStore, name) {
            expect((await fast.up(program)).failure).toBeUndefined();
            await this.createBucket(name);
        });
        expect((await slow.up(program)).failure).toContain(
            'it was made by "nothing-race-bucket" of the stack fast/dev',
        );
        create.mockRestore();
        expect((await fast.refresh()).done).toEqual([]);
        expect((await fast.destroy()).failure).toBeUndefined();
    });

    test("a bucket is used by a registry that writes the endpoint in another way", async () => {
        const own = stack("written");
        expect(
            (await own.up(unit("nothing-written", { bucket: { forceDestroy: true } }))).failure,
        ).toBeUndefined();
        await theirs("nothing-written-theirs", "nothing-written", {}, `${endpoint.toUpperCase()}/`);
        await outside.put("nothing-written", "weights");
        expect((await own.destroy()).failure).toContain("Registry nothing-written-theirs");
        expect(await outside.objects("nothing-written")).toContain("weights");
        await remove(`${REGISTRIES}/nothing-written-theirs`);
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("a dataset that another stack has taken over leaves the stack, whatever uses it now", async () => {
        const own = stack("versions");
        const args = { name: "nothing-versions", registry: "nothing-versions" };
        const program = [
            ...unit("nothing-versions"),
            { type: "Dataset", name: "nothing-versions-dataset", args },
        ];
        expect((await own.up(program)).failure).toBeUndefined();
        const datasets = "/apis/ml.llmos.ai/v1/namespaces/default/datasets";
        const versions = "/apis/ml.llmos.ai/v1/namespaces/default/datasetversions";
        const taken = { "pulumi-llmos/owner": "taker/dev/dataset", "pulumi-llmos/instance": "taken" };
        await outside.expect(200, "PATCH", `${datasets}/nothing-versions`, {
            metadata: { annotations: taken },
        });
        await outside.expect(201, "POST", versions, {
            apiVersion: "ml.llmos.ai/v1",
            kind: "DatasetVersion",
            metadata: { name: "nothing-versions-v1" },
            spec: { dataset: "nothing-versions", version: "v1", enableFastLoading: false },
        });
        const removed = await own.up(unit("nothing-versions"));
        expect(removed.failure).toBeUndefined();
        expect(removed.warnings.join()).toContain('The Dataset "nothing-versions" is left alone');
        await outside.expect(200, "GET", `${datasets}/nothing-versions`);
        for (const path of [`${versions}/nothing-versions-v1`, `${datasets}/nothing-versions`]) {
            await remove(path);
            await expect
                .poll(async () => (await outside.ask("GET", path)).status, { timeout: 30_000 })
                .toBe(404);
        }
        expect((await own.destroy()).failure).toBeUndefined();
    });
});

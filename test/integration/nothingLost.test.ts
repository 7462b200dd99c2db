/** Nothing that is somebody else's, or still in use, is changed or deleted: every kind and verb, against real servers. */
import { readFile } from "node:fs/promises";
import { CreateBucketCommand, GetBucketCorsCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { ObjectStore } from "../../provider/s3/objectStore";
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
            bucketOf("lost-renamed", { registry, forceDestroy: true }),
            secretOf("lost-renamed"),
            registryOf("lost-renamed", { name: registry }),
        ];
        const own = stack("renamed");
        expect((await own.up(program("lost-renamed-old"))).failure).toBeUndefined();
        expect(await own.up(program("lost-renamed-new"))).toMatchObject({
            done: [
                "update Bucket lost-renamed-bucket",
                "replace RegistryObject lost-renamed-registry",
                "delete RegistryObject lost-renamed-registry",
            ],
        });
        await outside.put("lost-renamed", "models/default/llama/weights");
        const replaced = await own.up(program("lost-renamed-new"), { replaceAll: true });
        expect(replaced.failure).toBeUndefined();
        expect(await outside.objects("lost-renamed")).toContain("models/default/llama/weights");
        await outside.remove("lost-renamed", "models/default/llama/weights");
        expect((await own.destroy()).failure).toBeUndefined();
        expect(await outside.named("lost-renamed")).toEqual({ registries: [], secrets: [], buckets: [] });
    });

    test("used alone outlives a replacement of everything", async () => {
        const program = [bucketOf("lost-alone", { forceDestroy: true })];
        const own = stack("alone");
        await own.up(program);
        await outside.put("lost-alone", "weights");
        expect((await own.up(program, { replaceAll: true })).failure).toBeUndefined();
        expect(await outside.objects("lost-alone")).toContain("weights");
        expect((await own.destroy()).failure).toBeUndefined();
        expect((await outside.named("lost-alone")).buckets).toEqual([]);
    });

    test("in which a registry of somebody else stores is not emptied", async () => {
        const own = stack("used");
        const program = unit("lost-used", { bucket: { forceDestroy: true } });
        expect((await own.up(program)).failure).toBeUndefined();
        await theirs("lost-used-theirs", "lost-used");
        await outside.put("lost-used", "models/default/theirs/weights");
        const destroyed = await own.destroy();
        expect(destroyed.failure).toContain(
            [
                'The bucket "lost-used" is in use by other registries and is not deleted',
                `  where: https://${endpoint}/lost-used, Registry lost-used-theirs`,
            ].join("\n"),
        );
        expect(await outside.objects("lost-used")).toContain("models/default/theirs/weights");
        await remove(`${REGISTRIES}/lost-used-theirs`);
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("that another stack has taken over is left to it", async () => {
        const [one, other] = [stack("one"), stack("other")];
        const program = (adopt: boolean) => [bucketOf("lost-taken", { forceDestroy: true, adopt })];
        await one.up(program(false));
        expect((await other.up(program(false))).failure).toContain(
            'The bucket "lost-taken" exists already and is marked as another stack\'s; it was made by "one/dev/lost-taken-bucket", not by this resource',
        );
        expect((await other.up(program(true))).failure).toBeUndefined();
        await outside.put("lost-taken", "weights");
        const destroyed = await one.destroy();
        expect(destroyed).toMatchObject({
            warnings: [
                `The bucket "lost-taken" at https://${endpoint} is left alone: it is not the one in the stack, it was made, or taken over, by "other/dev/lost-taken-bucket".`,
            ],
        });
        expect(await outside.objects("lost-taken")).toContain("weights");
        expect((await other.destroy()).failure).toBeUndefined();
    });

    test("whose users cannot be asked for is not deleted", async () => {
        const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
        const own = stack("unasked");
        const program = unit("lost-unasked", { bucket: { forceDestroy: true, cluster: { kubeconfig } } });
        expect((await own.up(program)).failure).toBeUndefined();
        await outside.put("lost-unasked", "weights");
        recorder.faults.set(kubernetesStatus(503, "ServiceUnavailable"), undefined, /GET .*\/registries$/);
        expect((await own.destroy()).failure).toContain("cannot list now");
        expect(await outside.objects("lost-unasked")).toContain("weights");
        recorder.faults.heal();
        expect((await own.destroy()).failure).toBeUndefined();
        await recorder.stop();
    });

    test("of one name at two servers is two buckets: dropping one deletes it", async () => {
        const address = `127.0.0.1:${endpoint.split(":")[1]}`;
        const own = stack("addresses");
        await own.up([bucketOf("lost-address")]);
        // The same bucket under another address: the update knows it by its mark, and says nothing of a second one.
        const moved = await own.up([bucketOf("lost-address", { endpoint: address })]);
        expect(moved).toEqual({ done: ["update Bucket lost-address-bucket"], warnings: [] });
        expect((await own.destroy()).failure).toBeUndefined();
        expect((await outside.named("lost-address")).buckets).toEqual([]);
    });
});

describe("a Registry and a Secret", () => {
    test("that somebody made in the place of ours are not written to, read as ours, or deleted", async () => {
        const own = stack("stranger");
        expect((await own.up(unit("lost-stranger"))).failure).toBeUndefined();
        for (const path of [`${REGISTRIES}/lost-stranger`, `${SECRETS}/lost-stranger`]) {
            await remove(path);
        }
        await theirs("lost-stranger", "their-bucket", { team: "other" });
        await outside.expect(201, "POST", SECRETS, {
            metadata: { name: "lost-stranger" },
            data: { mine: "" },
        });
        const registry = await outside.registry("lost-stranger");
        const edited = { registry: { description: "edited" } };
        const update = await own.up(unit("lost-stranger", edited));
        expect(update.failure).toContain(
            'The Registry "lost-stranger" is not the one in the stack: it was made, or taken over, by someone else',
        );
        const rotated = { ...keys, secretAccessKey: "another" };
        const secret = await own.up([
            bucketOf("lost-stranger", { registry: "lost-stranger" }),
            secretOf("lost-stranger", rotated),
            registryOf("lost-stranger"),
        ]);
        expect(secret.failure).toContain('The Secret "lost-stranger" is not the one in the stack');
        const destroyed = await own.destroy();
        expect(destroyed.failure).toBeUndefined();
        expect(destroyed.warnings).toEqual([
            'The Registry "lost-stranger" is left alone: it is not the one in the stack, it was made, or taken over, by someone else.',
            'The Secret "lost-stranger" is left alone: it is not the one in the stack, it was made, or taken over, by someone else.',
        ]);
        const after = await outside.registry("lost-stranger");
        expect(after.metadata.uid).toBe(registry.metadata.uid);
        expect(after.spec).toEqual(registry.spec);
        expect(after.metadata.annotations).toEqual({ team: "other" });
        expect((await outside.secret("lost-stranger"))?.data).toEqual({ mine: "" });
        await remove(`${REGISTRIES}/lost-stranger`);
        await remove(`${SECRETS}/lost-stranger`);
    });

    test("are gone for a refresh when somebody else's have their names, which it says", async () => {
        const own = stack("refreshed");
        expect((await own.up(unit("lost-refreshed"))).failure).toBeUndefined();
        await remove(`${REGISTRIES}/lost-refreshed`);
        await theirs("lost-refreshed", "their-bucket");
        const refreshed = await own.refresh();
        expect(refreshed.done).toEqual(["gone RegistryObject lost-refreshed-registry"]);
        expect(refreshed.warnings).toContain(
            'The Registry "lost-refreshed" is left alone: it is not the one in the stack, it was made, or taken over, by someone else.',
        );
        await remove(`${REGISTRIES}/lost-refreshed`);
        await own.destroy();
    });

    test("that are two resources of one program are refused before anything is made", async () => {
        const own = stack("twice");
        const registry = registryOf("lost-twice", { awaits: ["secretName"] });
        const twice = [registry, { ...registry, name: "lost-twice-again" }];
        const preview = await own.preview([bucketOf("lost-twice"), secretOf("lost-twice"), ...twice]);
        expect(preview.failure).toContain(
            'Two resources of this program stand for the same RegistryObject: "lost-twice-registry" and "lost-twice-again"',
        );
    });

    test("that a finalizer holds: a delete and a create wait, and name what holds it", async () => {
        const own = stack("held");
        await outside.s3.send(new CreateBucketCommand({ Bucket: "lost-held" }));
        const program = [secretOf("lost-held"), registryOf("lost-held")];
        expect((await own.up(program)).failure).toBeUndefined();
        const path = `${REGISTRIES}/lost-held`;
        await hold(path, "example.com/hold");
        setTimeout(() => hold(path, null), 1_500);
        expect((await own.destroy()).failure).toBeUndefined();
        expect(await outside.registry("lost-held")).toBeUndefined();

        expect((await own.up(program)).failure).toBeUndefined();
        await hold(path, "example.com/hold");
        const { metadata } = await outside.registry("lost-held");
        await remove(path);
        setTimeout(() => hold(path, null), 1_500);
        expect((await stack("held again").up([registryOf("lost-held")])).failure).toBeUndefined();
        const after = await outside.registry("lost-held");
        expect(after.metadata.uid).not.toBe(metadata.uid);
        expect(after.metadata.deletionTimestamp).toBeUndefined();
        await remove(path);
        await own.destroy();
    });

    test("of which the Secret was adopted, or holds other keys, loses our two keys only", async () => {
        const encoded = { other: Buffer.from("kept").toString("base64") };
        await outside.expect(201, "POST", SECRETS, { metadata: { name: "lost-adopted" }, data: encoded });
        const own = stack("adopted");
        const program = [secretOf("lost-adopted", { adopt: true }), secretOf("lost-shared")];
        expect((await own.up(program)).failure).toBeUndefined();
        await outside.expect(200, "PATCH", `${SECRETS}/lost-shared`, { data: encoded });
        const destroyed = await own.destroy();
        expect(destroyed.failure).toBeUndefined();
        expect(destroyed.warnings).toEqual([
            'The Secret "lost-shared" is kept without accessKeyID and accessKeySecret: it also holds other.',
            'The Secret "lost-adopted" is kept without accessKeyID and accessKeySecret: it also holds other.',
        ]);
        for (const name of ["lost-adopted", "lost-shared"]) {
            expect((await outside.secret(name))?.data).toEqual({ other: "kept" });
            await remove(`${SECRETS}/${name}`);
        }
    });

    test.each([
        ["immutable", { immutable: true }, 'The Secret "lost-unfit" is immutable and cannot take the keys'],
        [
            "of another type",
            { type: "example.com/keys" },
            'The Secret "lost-unfit" has the type example.com/keys, not Opaque, and a type cannot be changed',
        ],
    ])("of which the Secret is %s are refused at preview", async (_title, secret, words) => {
        await outside.expect(201, "POST", SECRETS, { metadata: { name: "lost-unfit" }, ...secret });
        const preview = await stack("unfit").preview([secretOf("lost-unfit", { adopt: true })]);
        expect(preview.failure).toContain(words);
        await remove(`${SECRETS}/lost-unfit`);
    });

    test("follow a resource that gets another name: the mark is written, and a later replacement is no stranger's", async () => {
        const own = stack("alias");
        await outside.s3.send(new CreateBucketCommand({ Bucket: "lost-alias" }));
        const program = [secretOf("lost-alias"), registryOf("lost-alias")];
        expect((await own.up(program)).failure).toBeUndefined();
        const renamed = program.map((each) => ({ ...each, name: `${each.name}-2`, alias: each.name }));
        const run = await own.up(renamed);
        expect(run).toMatchObject({
            done: [
                "update CredentialSecret lost-alias-secret-2",
                "update RegistryObject lost-alias-registry-2",
            ],
        });
        const { metadata } = await outside.registry("lost-alias");
        expect(metadata.annotations["pulumi-llmos/owner"]).toBe("alias/dev/lost-alias-registry-2");
        expect((await own.up(renamed, { replaceAll: true })).failure).toBeUndefined();
        expect((await outside.registry("lost-alias")).metadata.uid).toBe(metadata.uid);
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("of which a description is declared no more lose it, whoever had written it", async () => {
        const own = stack("described");
        await outside.s3.send(new CreateBucketCommand({ Bucket: "lost-described" }));
        await registries.createSecret("lost-described", {
            accessKeyID: accessKeyId,
            accessKeySecret: secretAccessKey,
        });
        await theirs("lost-described", "lost-described", { "field.llmos.ai/description": "theirs" });
        await registries.settled("lost-described", "True", 60_000);
        const program = (description?: string) => [
            registryOf("lost-described", { adopt: true, ...(description && { description }) }),
        ];
        expect((await own.up(program("theirs"))).failure).toBeUndefined();
        expect((await own.up(program())).done).toEqual(["update RegistryObject lost-described-registry"]);
        const { annotations } = (await outside.registry("lost-described")).metadata;
        expect(annotations["field.llmos.ai/description"]).toBeUndefined();
        expect((await own.destroy()).failure).toBeUndefined();
    });
});

test("CORS rules that somebody added are named, and kept by a change of ours and by its deletion; only adopt removes them", async () => {
    const Bucket = "lost-cors";
    const own = stack("cors");
    const added = { AllowedOrigins: ["https://added.example.com"], AllowedMethods: ["GET"] };
    const program = (origins: string[], args: object = {}) => [
        bucketOf(Bucket),
        {
            type: "BucketCors",
            name: "lost-cors-cors",
            args: { bucket: Bucket, endpoint, credentials: keys, allowedOrigins: origins, ...args },
        },
    ];
    const add = async () => {
        const { CORSRules = [] } = await outside.s3.send(new GetBucketCorsCommand({ Bucket }));
        const CORSConfiguration = { CORSRules: [...CORSRules, added] };
        await outside.s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
    };
    const words =
        'The bucket "lost-cors" has a CORS rule that this stack did not write (https://added.example.com)';
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
    expect((await own.up([bucketOf(Bucket)])).done).toEqual(["delete BucketCors lost-cors-cors"]);
    expect(await outside.origins(Bucket)).toEqual(["https://added.example.com"]);
    expect((await own.destroy()).failure).toBeUndefined();
});

test("a kubeconfig that changes is taken: refresh and destroy use the new one", async () => {
    const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
    const content = await readFile(sandbox.kubeconfigFile, "utf8");
    // Neither configuration nor environment lead to the cluster.
    const own = new LifecycleStack({ kubeconfig: "/nowhere", caBundle }, "kubeconfig");
    const program = (cluster: object) => [secretOf("lost-kubeconfig", { cluster })];
    expect((await own.up(program({ kubeconfig }))).failure).toBeUndefined();
    expect(await own.up(program({ kubeconfig: content }))).toMatchObject({
        done: ["update CredentialSecret lost-kubeconfig-secret"],
    });
    await recorder.stop();
    expect((await own.refresh()).failure).toBeUndefined();
    expect((await own.destroy()).failure).toBeUndefined();
    expect((await outside.named("lost-kubeconfig")).secrets).toEqual([]);
});

describe("while somebody else is faster, or a run was ended", () => {
    test("a bucket whose registries an API server does not serve just now is not emptied", async () => {
        const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
        const own = stack("unserved");
        const program = unit("lost-unserved", { bucket: { forceDestroy: true, cluster: { kubeconfig } } });
        expect((await own.up(program)).failure).toBeUndefined();
        await theirs("lost-unserved-theirs", "lost-unserved");
        await outside.put("lost-unserved", "weights");
        // What an API server answers after its start, until it has read the custom resource definitions.
        const unserved = instead(404, "text/plain", "404 page not found\n");
        recorder.faults.set(unserved, undefined, /GET .*\/registries$/);
        expect((await own.destroy()).failure).toContain("does not know the kind Registry");
        expect(await outside.objects("lost-unserved")).toContain("weights");
        recorder.faults.heal();
        await remove(`${REGISTRIES}/lost-unserved-theirs`);
        expect((await own.destroy()).failure).toBeUndefined();
        await recorder.stop();
    });

    test("an adopted Secret is not taken for one of ours by a replacement of everything", async () => {
        await registries.createSecret("lost-readopted", { accessKeyID: "theirs", accessKeySecret: "theirs" });
        const own = stack("readopted");
        const program = [secretOf("lost-readopted", { adopt: true })];
        expect((await own.up(program)).failure).toBeUndefined();
        expect((await own.up(program, { replaceAll: true })).failure).toBeUndefined();
        expect((await own.destroy()).warnings).toEqual([
            'The Secret "lost-readopted" is kept without accessKeyID and accessKeySecret: it was there before this stack managed it.',
        ]);
        await outside.expect(200, "GET", `${SECRETS}/lost-readopted`);
        await remove(`${SECRETS}/lost-readopted`);
    });

    test("a Secret that gets another key between the look and its deletion keeps it", async () => {
        const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
        const own = stack("faster");
        const path = `${SECRETS}/lost-faster`;
        expect(
            (await own.up([secretOf("lost-faster", { cluster: { kubeconfig } })])).failure,
        ).toBeUndefined();
        const added = { other: Buffer.from("kept").toString("base64") };
        recorder.faults.set(
            ({ incoming, forward }) => {
                incoming.pause();
                void outside.expect(200, "PATCH", path, { data: added }).then(() => forward());
            },
            1,
            /DELETE .*\/lost-faster/,
        );
        expect((await own.destroy()).failure).toBeUndefined();
        expect((await outside.secret("lost-faster"))?.data).toEqual({ other: "kept" });
        await remove(path);
        await recorder.stop();
    });

    test("a bucket that another stack has taken over is not taken back by an update, with adopt neither", async () => {
        const [one, other] = [stack("back"), stack("taker")];
        const program = (args: object = {}) => [bucketOf("lost-back", { adopt: true, ...args })];
        expect((await one.up(program())).failure).toBeUndefined();
        expect((await other.up(program())).failure).toBeUndefined();
        await outside.put("lost-back", "weights");
        expect((await one.up(program({ addressing: "path" }))).failure).toContain(
            'The bucket "lost-back" exists already and holds objects; it was made by "taker/dev/lost-back-bucket"',
        );
        expect((await one.refresh()).done).toEqual(["gone Bucket lost-back-bucket"]);
        await outside.remove("lost-back", "weights");
        expect((await other.destroy()).failure).toBeUndefined();
    });

    test("a bucket that was marked by a run that was ended is ours for the next one, and named where it is left", async () => {
        await outside.s3.send(new CreateBucketCommand({ Bucket: "lost-ended" }));
        const own = stack("ended");
        const used = [bucketOf("lost-ended", { create: false })];
        const managed = [bucketOf("lost-ended")];
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
        expect((await own.destroy()).warnings.join()).toContain('The bucket "lost-ended"');
        back(asReplaced);
        expect((await own.destroy()).failure).toBeUndefined();
        expect((await outside.named("lost-ended")).buckets).toEqual([]);
    });

    test("a CORS rule that somebody put before ours is kept by what follows a refresh", async () => {
        const Bucket = "lost-before";
        const wide = "https://*.example.com";
        const own = stack("before");
        const cors = {
            type: "BucketCors",
            name: "lost-before-cors",
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
        expect((await own.up(program)).done).toEqual(["update BucketCors lost-before-cors"]);
        expect(await outside.origins(Bucket)).toEqual(["https://one.example.com", wide]);
        await putBefore();
        await own.refresh();
        expect((await own.up([bucketOf(Bucket)])).failure).toBeUndefined();
        expect(await outside.origins(Bucket)).toEqual([wide]);
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("a bucket that two stacks make at once is the first one's", async () => {
        const [slow, fast] = [stack("slow"), stack("fast")];
        const program = [bucketOf("lost-race")];
        const create = vi.spyOn(ObjectStore.prototype, "createBucket");
        create.mockImplementationOnce(async function (this: ObjectStore, name) {
            expect((await fast.up(program)).failure).toBeUndefined();
            await this.createBucket(name);
        });
        expect((await slow.up(program)).failure).toContain('it was made by "fast/dev/lost-race-bucket"');
        create.mockRestore();
        expect((await fast.refresh()).done).toEqual([]);
        expect((await fast.destroy()).failure).toBeUndefined();
    });

    test("a bucket is used by a registry that writes the endpoint in another way", async () => {
        const own = stack("written");
        expect(
            (await own.up(unit("lost-written", { bucket: { forceDestroy: true } }))).failure,
        ).toBeUndefined();
        await theirs("lost-written-theirs", "lost-written", {}, `${endpoint.toUpperCase()}/`);
        await outside.put("lost-written", "weights");
        expect((await own.destroy()).failure).toContain("Registry lost-written-theirs");
        expect(await outside.objects("lost-written")).toContain("weights");
        await remove(`${REGISTRIES}/lost-written-theirs`);
        expect((await own.destroy()).failure).toBeUndefined();
    });

    test("a dataset that another stack has taken over leaves the stack, whatever uses it now", async () => {
        const own = stack("versions");
        const args = { name: "lost-versions", registry: "lost-versions" };
        const program = [...unit("lost-versions"), { type: "Dataset", name: "lost-versions-dataset", args }];
        expect((await own.up(program)).failure).toBeUndefined();
        const datasets = "/apis/ml.llmos.ai/v1/namespaces/default/datasets";
        const versions = "/apis/ml.llmos.ai/v1/namespaces/default/datasetversions";
        const taken = { "pulumi-llmos/owner": "taker/dev/dataset", "pulumi-llmos/instance": "taken" };
        await outside.expect(200, "PATCH", `${datasets}/lost-versions`, { metadata: { annotations: taken } });
        await outside.expect(201, "POST", versions, {
            apiVersion: "ml.llmos.ai/v1",
            kind: "DatasetVersion",
            metadata: { name: "lost-versions-v1" },
            spec: { dataset: "lost-versions", version: "v1", enableFastLoading: false },
        });
        const removed = await own.up(unit("lost-versions"));
        expect(removed.failure).toBeUndefined();
        expect(removed.warnings.join()).toContain('The Dataset "lost-versions" is left alone');
        await outside.expect(200, "GET", `${datasets}/lost-versions`);
        for (const path of [`${versions}/lost-versions-v1`, `${datasets}/lost-versions`]) {
            await remove(path);
            await expect
                .poll(async () => (await outside.ask("GET", path)).status, { timeout: 30_000 })
                .toBe(404);
        }
        expect((await own.destroy()).failure).toBeUndefined();
    });
});

/** Publications of DatasetVersions that fail, hang, are in the way or were changed: told in words, and healed by the next `up`. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, inject, test } from "vitest";
import { datasetVersion } from "../../provider/resources/datasetVersion/lifecycle";
import { LimitedUser } from "../support/limitedUser";
import { StoredScene } from "../support/storedScene";
import { wish } from "../support/wishes";

const sandbox = inject("sandbox");
const DATA = "publishing-data";
const PLACES = {
    Job: "/apis/batch/v1/namespaces/default/jobs",
    PersistentVolumeClaim: "/api/v1/namespaces/default/persistentvolumeclaims",
    VolumeSnapshot: "/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots",
};
type Kind = keyof typeof PLACES;

/** Of the operator, which has other publications to care for at the same time. */
const patiently = { timeout: 30_000 };

let scene: StoredScene;
let count = 0;

beforeAll(async () => {
    scene = await StoredScene.open(sandbox, "publishing");
    await scene.outside.stored.create("datasets", DATA, { registry: "publishing" });
    await scene.outside.stored.settled("datasets", DATA);
});
afterAll(() => scene?.close());

/** The version of one test, with a name and a file of its own: the tests of this file run at the same time. */
class Version {
    private constructor(
        /** Of the version, and of its object. */
        readonly name: string,
        private readonly folder: string,
    ) {}

    static async begin(): Promise<Version> {
        count += 1;
        const name = `publishing-${String(count).padStart(2, "0")}`;
        const folder = join(scene.folder, name);
        await mkdir(folder);
        const version = new Version(name, folder);
        await version.write("a,b\n1,2\n");
        return version;
    }

    start(kubeconfig?: string) {
        return scene.run(datasetVersion, kubeconfig);
    }

    declared(more: object = {}) {
        const { name, folder } = this;
        return { name, dataset: DATA, version: name, content: folder, publish: true, ...more };
    }

    /** Writes its one file. */
    write(content: string): Promise<void> {
        return writeFile(join(this.folder, "train.csv"), content);
    }

    /** As on the LLMOS page. */
    async setPublish(publish: boolean): Promise<void> {
        const path = `/apis/ml.llmos.ai/v1/namespaces/default/datasetversions/${this.name}`;
        await scene.outside.expect(200, "PATCH", path, { spec: { publish } });
    }

    step(of: string, outcome: string | null): Promise<void> {
        return wish(scene.outside.ask, { [`default.${this.name}.${of}`]: outcome });
    }

    async object(kind: Kind) {
        const path = `${PLACES[kind]}/${this.name}`;
        const { status, body } = await scene.outside.ask("GET", path);
        if (status !== 200 && status !== 404) {
            throw new Error(`GET ${path} was answered with ${status}: ${JSON.stringify(body)}`);
        }
        return status === 404 ? undefined : body;
    }

    async phase() {
        return (await scene.outside.stored.get("datasetversions", this.name))?.status?.publishStatus?.phase;
    }

    /** Hashes of what is stored. */
    hashes() {
        return scene.hashes(`datasets/default/${DATA}/${this.name}`);
    }

    /** The provider's requests to delete something of it, up to now. */
    deletes(): string[] {
        const ofIt = new RegExp(`^DELETE .*/${this.name}(?:[/?]|$)`);
        return scene.recorder.requests.filter((line) => ofIt.test(line));
    }
}

describe.concurrent("a step that fails", () => {
    test.for([
        ["create-pvc", "PreparePVC: Failed to create PVC: failed to create pvc default/"],
        ["create-job", "PVCReady: Failed to create Job: failed to create job: "],
        ["job", "Downloading: Job failed or timed out"],
        ["create-snapshot", "Downloaded: Failed to create VolumeSnapshot: failed to create volume snapshot "],
        ["snapshot", "Snapshotting: VolumeSnapshot failed: no space left"],
    ])(
        "%s is told in the operator's words, is a change ever after, and is healed by the next up",
        async ([of = "", words = ""], { expect }) => {
            const version = await Version.begin();
            await version.step(of, "fail: no space left");
            const run = version.start();
            const { failure } = await run.up(version.declared());
            expect(failure).toMatchObject({
                code: "not-published",
                found: expect.stringContaining(`LLMOS has not published the version. It says: ${words}`),
            });
            expect(run.state).toMatchObject({ publish: true, fileCount: 1, contentDrift: [] });
            expect(run.state?.publishPhase).not.toBe("SnapshotReady");

            const preview = await run.preview(version.declared());
            expect(preview.changes).toEqual(["publish"]);
            expect(preview.warnings.join()).toContain(`is declared published, and is not: ${words}`);
            await run.refresh();
            expect((await run.preview(version.declared())).changes).toEqual(["publish"]);

            // As long as the cause is there, each up says so.
            expect((await run.up(version.declared())).failure?.found).toContain(words);
            await version.step(of, null);
            const healed = await run.up(version.declared());
            expect(healed.failure).toBe(undefined);
            // What LLMOS could not create it tries again by itself, at times before this run looks.
            if (!of.startsWith("create-")) {
                expect(healed.warnings.join()).toContain("It is taken back and made again.");
            }
            expect(await version.phase()).toBe("SnapshotReady");
            expect(run.state?.publishPhase).toBe("SnapshotReady");
            expect((await run.preview(version.declared())).changes).toEqual([]);
            await expect.poll(() => version.object("Job"), patiently).toBe(undefined);
        },
    );

    test("the account of the download is told as well", async ({ expect }) => {
        const version = await Version.begin();
        // All versions of a namespace share it: this is a namespace of its own.
        const namespace = "publishing-account";
        const made = await scene.outside.ask("POST", "/api/v1/namespaces", { metadata: { name: namespace } });
        expect(made.status).toBe(201);
        const all = `/apis/ml.llmos.ai/v1/namespaces/${namespace}/datasets`;
        const data = { apiVersion: "ml.llmos.ai/v1", kind: "Dataset", metadata: { name: DATA } };
        await scene.outside.expect(201, "POST", all, { ...data, spec: { registry: "publishing" } });
        const ready = async () =>
            (await scene.outside.ask("GET", `${all}/${DATA}`)).body.status?.conditions?.[0]?.status;
        await expect.poll(ready, patiently).toBe("True");
        const key = `${namespace}.llmos-operator-downloader.create-serviceaccount`;
        await wish(scene.outside.ask, { [key]: "fail: not today" });
        const run = version.start();
        const { failure } = await run.up(version.declared({ namespace }));
        expect(failure?.found).toContain(
            "PVCReady: Failed to ensure ServiceAccount and ClusterRoleBinding: failed to create service account ",
        );
        await wish(scene.outside.ask, { [key]: null });
        expect((await run.up(version.declared({ namespace }))).failure).toBe(undefined);
        expect((await run.destroy()).failure).toBe(undefined);
        await scene.outside.expect(200, "DELETE", `${all}/${DATA}`);
    });

    test("a Job that goes well the second time is no failure", async ({ expect }) => {
        const version = await Version.begin();
        await version.step("job", "fail once");
        const { failure } = await version.start().up(version.declared());
        expect(failure).toBe(undefined);
        expect(await version.phase()).toBe("SnapshotReady");
    });

    test("content may change while a publication has failed", async ({ expect }) => {
        const version = await Version.begin();
        await version.step("job", "fail");
        await version.write("a,b\n3,4\n");
        const run = version.start();
        expect((await run.up(version.declared())).failure?.code).toBe("not-published");
        await version.write("a,b\n5,6\n");
        expect((await run.preview(version.declared())).failure).toBe(undefined);
        await version.step("job", null);
        expect((await run.up(version.declared())).failure).toBe(undefined);
        expect(await version.phase()).toBe("SnapshotReady");
    });
});

describe.concurrent("a step that takes long", () => {
    test("ends with its time and what LLMOS said last; the next up waits on, and takes nothing back", async ({
        expect,
    }) => {
        const version = await Version.begin();
        await version.step("job", "hang");
        const run = version.start();
        const { failure } = await run.up(version.declared({ timeouts: { publishSeconds: 2 } }));
        expect(failure).toMatchObject({
            code: "not-published",
            found: "The version is not published after 2 s. The last that LLMOS said: Downloading: Job created successfully, downloading in progress",
        });
        expect((await run.preview(version.declared())).changes).toContain("publish");
        const job = (await version.object("Job")).metadata.uid;
        const deletes = version.deletes();
        const next = run.up(version.declared());
        await sleep(2_000);
        expect((await version.object("Job")).metadata.uid).toBe(job);
        await version.step("job", null);
        expect((await next).failure).toBe(undefined);
        expect(version.deletes()).toEqual(deletes);
        expect(await version.phase()).toBe("SnapshotReady");
    });

    test("shows how far it is every ten seconds, and ends at once when it is interrupted", async ({
        expect,
    }) => {
        const version = await Version.begin();
        await version.step("job", "hang");
        const run = version.start();
        run.onInfo = (line) => line.includes("waiting until LLMOS has published it") && run.interrupt();
        const { failure, infos } = await run.up(version.declared());
        const said = "Downloading: Job created successfully, downloading in progress";
        expect(infos).toContainEqual(
            expect.stringMatching(
                `^DatasetVersion "${DATA}/${version.name}": waiting until LLMOS has published it \\(${said}\\), 1\\d s\\.$`,
            ),
        );
        expect(failure?.found).toMatch(
            /^The version is not published after 1\d s \(then the run was interrupted\)\. The last that LLMOS said: /,
        );
        await version.step("job", null);
        expect((await run.up(version.declared())).failure).toBe(undefined);
    });

    test("whose Job was deleted is told after a while, and healed by the next up", async ({ expect }) => {
        const version = await Version.begin();
        await version.step("job", "hang");
        const run = version.start();
        const first = run.up(version.declared());
        await expect.poll(() => version.object("Job"), patiently).toBeDefined();
        const options = { propagationPolicy: "Background" };
        await scene.outside.expect(200, "DELETE", `${PLACES.Job}/${version.name}`, options);
        expect((await first).failure?.found).toContain(`but the Job default/${version.name} does not exist`);
        await version.step("job", null);
        const healed = await run.up(version.declared());
        expect(healed.failure).toBe(undefined);
        expect(healed.warnings.join()).toContain("It is taken back and made again.");
        expect(await version.phase()).toBe("SnapshotReady");
    });

    test("that waits for the failed Job of an earlier publication is healed", async ({ expect }) => {
        const version = await Version.begin();
        await version.step("job", "fail");
        const run = version.start();
        expect((await run.up(version.declared())).failure?.code).toBe("not-published");
        // By hand, as on the LLMOS page: the new publication finds the old Job, and waits for it.
        await version.setPublish(false);
        await expect.poll(() => version.phase(), patiently).toBe(undefined);
        await version.setPublish(true);
        await expect.poll(() => version.phase(), patiently).toBe("Downloading");
        await version.step("job", null);
        expect((await run.up(version.declared())).failure).toBe(undefined);
        expect(await version.phase()).toBe("SnapshotReady");
    });
});

describe.concurrent("what stands in the way", () => {
    test("of somebody else's is named, and not touched", async ({ expect }) => {
        const version = await Version.begin();
        const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
        const metadata = { name: version.name, annotations: { "kubernetes.io/description": "somebody's" } };
        await scene.outside.expect(201, "POST", PLACES.PersistentVolumeClaim, { metadata, spec: claim });
        const run = version.start();
        const { failure } = await run.up(version.declared());
        expect(failure).toMatchObject({
            code: "publication-blocked",
            found: `The version cannot be published while these stand in the way: PersistentVolumeClaim default/${version.name} (it is not this version's; its owner: none)`,
        });
        expect(version.deletes()).toEqual([]);
        expect((await version.object("PersistentVolumeClaim")).metadata.deletionTimestamp).toBe(undefined);
        expect((await run.preview(version.declared())).changes).toContain("publish");
        await scene.outside.expect(200, "DELETE", `${PLACES.PersistentVolumeClaim}/${version.name}`);
        expect((await run.up(version.declared())).failure).toBe(undefined);
        expect(await version.phase()).toBe("SnapshotReady");
    });

    test("is named where this user may not delete it, or not look at it", async ({ expect }) => {
        const version = await Version.begin();
        const user = await LimitedUser.create(sandbox, scene.outside.ask, version.name);
        const rights = [
            { apiGroups: [""], resources: ["namespaces", "secrets"], verbs: ["get"] },
            { apiGroups: ["ml.llmos.ai"], resources: ["*"], verbs: ["*"] },
        ];
        const seeing = [
            { apiGroups: ["batch"], resources: ["jobs"], verbs: ["get"] },
            { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["get"] },
            { apiGroups: ["snapshot.storage.k8s.io"], resources: ["volumesnapshots"], verbs: ["get"] },
        ];
        await user.may(rights);
        await version.step("job", "fail");
        const run = version.start(user.kubeconfig);
        // Nothing of it is needed for a publication that goes well.
        expect((await run.up(version.declared())).failure?.code).toBe("not-published");
        await version.step("job", null);
        const unseen = (await run.up(version.declared())).failure;
        expect(unseen?.code).toBe("publication-blocked");
        for (const kind of Object.keys(PLACES)) {
            expect(unseen?.found).toContain(
                `${kind} default/${version.name} (if it exists; it may not be looked at: `,
            );
        }
        await user.may([...rights, ...seeing]);
        const undeleted = (await run.up(version.declared())).failure;
        expect(undeleted?.code).toBe("publication-blocked");
        expect(undeleted?.found).toMatch(
            /Job default\/\S+ \(The API server refuses to delete: .* cannot delete resource "jobs"/,
        );
        expect(undeleted?.found).not.toContain("VolumeSnapshot");
        await user.may([...rights, ...seeing.map((rule) => ({ ...rule, verbs: ["get", "delete"] }))]);
        expect((await run.up(version.declared())).failure).toBe(undefined);
        expect(await version.phase()).toBe("SnapshotReady");
    });
});

describe.concurrent("a version made again", () => {
    test("under its name waits until what the former one has left is gone", async ({ expect }) => {
        const version = await Version.begin();
        const former = version.start();
        expect((await former.up(version.declared())).failure).toBe(undefined);
        const path = `${PLACES.VolumeSnapshot}/${version.name}`;
        const { finalizers = [] } = (await version.object("VolumeSnapshot")).metadata;
        const hold = { metadata: { finalizers: [...finalizers, "test.example.com/hold"] } };
        await scene.outside.expect(200, "PATCH", path, hold);
        expect((await former.destroy()).failure).toBe(undefined);
        const run = version.start();
        const made = run.up(version.declared());
        await sleep(6_000);
        expect(await version.phase()).toBe(undefined);
        await scene.outside.expect(200, "PATCH", path, { metadata: { finalizers: null } });
        expect((await made).failure).toBe(undefined);
        expect(await version.phase()).toBe("SnapshotReady");
    });

    test("by a run that was ended is published, although the operator has written publish: false", async ({
        expect,
    }) => {
        const version = await Version.begin();
        const owner = `p/s/${version.name}`;
        const metadata = { annotations: { "pulumi-llmos/owner": owner } };
        await scene.outside.stored.create(
            "datasetversions",
            version.name,
            { dataset: DATA, version: version.name },
            metadata,
        );
        expect((await scene.outside.stored.settled("datasetversions", version.name)).spec.publish).toBe(
            false,
        );
        expect((await version.start().up(version.declared({ owner }))).failure).toBe(undefined);
        expect(await version.phase()).toBe("SnapshotReady");
    });
});

describe.concurrent("a published version", () => {
    test("whose content changes is refused at preview, and with republish taken back, changed and published again", async ({
        expect,
    }) => {
        const version = await Version.begin();
        await version.write("a,b\n1,2\n");
        const run = version.start();
        expect((await run.up(version.declared())).failure).toBe(undefined);
        const before = await version.object("VolumeSnapshot");
        const stored = await version.hashes();

        await version.write("a,b\n7,8\n");
        for (const args of [version.declared(), version.declared({ publish: undefined })]) {
            expect((await run.preview(args)).failure).toMatchObject({
                code: "content-published",
                found: `DatasetVersion "${DATA}/${version.name}" is published, and its content would change`,
            });
        }
        // Where preview may not ask, the update does.
        expect((await run.up(version.declared({ reachability: "off" }))).failure?.code).toBe(
            "content-published",
        );
        expect(await version.hashes()).toEqual(stored);
        expect((await version.object("VolumeSnapshot")).metadata.uid).toBe(before.metadata.uid);

        const again = version.declared({ republish: true });
        const preview = await run.preview(again);
        expect([preview.failure, preview.changes]).toEqual([
            undefined,
            expect.arrayContaining(["republish", "content"]),
        ]);
        expect(preview.infos.join()).toContain("Its publication is taken back before its content changes");
        expect((await run.up(again)).failure).toBe(undefined);
        expect(await version.phase()).toBe("SnapshotReady");
        expect((await version.object("VolumeSnapshot")).metadata.uid).not.toBe(before.metadata.uid);
        expect(await version.hashes()).not.toEqual(stored);
        expect((await run.preview(again)).changes).toEqual([]);
        // Without a change of the content, republish is stored and no more; neither it nor its absence does anything.
        expect((await run.preview(version.declared())).changes).toEqual(["republish"]);
    });

    test("whose content was changed in the bucket is put right, because that is what was published", async ({
        expect,
    }) => {
        const version = await Version.begin();
        const run = version.start();
        expect((await run.up(version.declared())).failure).toBe(undefined);
        const { uid } = (await version.object("VolumeSnapshot")).metadata;
        await scene.outside.put("publishing", `datasets/default/${DATA}/${version.name}/train.csv`);
        const preview = await run.preview(version.declared());
        expect([preview.failure, preview.changes]).toEqual([undefined, ["content"]]);
        expect((await run.up(version.declared())).failure).toBe(undefined);
        expect((await version.object("VolumeSnapshot")).metadata.uid).toBe(uid);
    });

    test("that somebody has taken back is a change, without a refresh too, and is published again", async ({
        expect,
    }) => {
        const version = await Version.begin();
        const run = version.start();
        expect((await run.up(version.declared())).failure).toBe(undefined);
        await version.setPublish(false);
        await expect.poll(() => version.phase(), patiently).toBe(undefined);
        const preview = await run.preview(version.declared());
        expect(preview.changes).toEqual(["publish"]);
        expect(preview.warnings.join()).toContain("is not: its publication has been taken back");
        expect((await run.up(version.declared())).failure).toBe(undefined);
        expect(await version.phase()).toBe("SnapshotReady");
    });

    test("stays published when publish is taken out of the program, and is taken back by false", async ({
        expect,
    }) => {
        const version = await Version.begin();
        const run = version.start();
        expect((await run.up(version.declared())).failure).toBe(undefined);
        const { uid } = (await version.object("VolumeSnapshot")).metadata;
        expect((await run.up(version.declared({ publish: undefined }))).failure).toBe(undefined);
        expect((await version.object("VolumeSnapshot")).metadata.uid).toBe(uid);
        expect((await run.up(version.declared({ publish: false }))).failure).toBe(undefined);
        expect(run.state?.publishPhase).toBe("");
        expect((await run.preview(version.declared({ publish: false }))).changes).toEqual([]);
    });

    test("republish without publish is refused", async ({ expect }) => {
        const version = await Version.begin();
        const { failure } = await version
            .start()
            .preview(version.declared({ publish: undefined, republish: true }));
        expect(failure?.found).toBe("republish is set, and publish is not true");
    });
});

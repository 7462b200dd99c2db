/** Publications of DatasetVersions that fail, hang, are in the way or were changed: told in words, and healed by the next `up`. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
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

let scene: StoredScene;
let count = 0;
/** Of the version of a test, and of its object. */
let name: string;

beforeAll(async () => {
    scene = await StoredScene.open(sandbox, "publishing");
    await scene.outside.stored.create("datasets", DATA, { registry: "publishing" });
    await scene.outside.stored.settled("datasets", DATA);
    await scene.write("train.csv", "a,b\n1,2\n");
});
afterAll(() => scene?.close());
beforeEach(async () => {
    count += 1;
    name = `publishing-${count}`;
    scene.asked();
});

const start = (kubeconfig?: string) => scene.run(datasetVersion, kubeconfig);
const declared = (more: object = {}) => ({
    name,
    dataset: DATA,
    version: name,
    content: scene.folder,
    publish: true,
    ...more,
});

const version = () => scene.outside.stored.get("datasetversions", name);
const change = (patch: object) => scene.outside.stored.change("datasetversions", name, patch);
const step = (of: string, outcome: string | null) =>
    wish(scene.outside.ask, { [`default.${name}.${of}`]: outcome });

async function object(kind: Kind) {
    const { status, body } = await scene.outside.ask("GET", `${PLACES[kind]}/${name}`);
    return status === 404 ? undefined : body;
}

const phase = async () => (await version())?.status?.publishStatus?.phase;
const published = async () => expect(await phase()).toBe("SnapshotReady");

describe("a step that fails", () => {
    test.each([
        ["create-pvc", "PreparePVC: Failed to create PVC: failed to create pvc default/"],
        ["create-job", "PVCReady: Failed to create Job: failed to create job: "],
        ["job", "Downloading: Job failed or timed out"],
        ["create-snapshot", "Downloaded: Failed to create VolumeSnapshot: failed to create volume snapshot "],
        ["snapshot", "Snapshotting: VolumeSnapshot failed: no space left"],
    ])(
        "%s is told in the operator's words, is a change ever after, and is healed by the next up",
        async (of, words) => {
            await step(of, "fail: no space left");
            const run = start();
            const { failure } = await run.up(declared());
            expect(failure).toMatchObject({
                code: "not-published",
                found: expect.stringContaining(`LLMOS has not published the version. It says: ${words}`),
            });
            expect(run.state).toMatchObject({ publish: true, fileCount: 1, contentDrift: [] });
            expect(run.state?.publishPhase).not.toBe("SnapshotReady");

            const preview = await run.preview(declared());
            expect(preview.changes).toEqual(["publish"]);
            expect(preview.warnings.join()).toContain(`is declared published, and is not: ${words}`);
            await run.refresh();
            expect((await run.preview(declared())).changes).toEqual(["publish"]);

            // As long as the cause is there, each up says so.
            expect((await run.up(declared())).failure?.found).toContain(words);
            await step(of, null);
            const healed = await run.up(declared());
            expect(healed.failure).toBe(undefined);
            expect(healed.warnings.join()).toContain("It is taken back and made again.");
            await published();
            expect(run.state?.publishPhase).toBe("SnapshotReady");
            expect((await run.preview(declared())).changes).toEqual([]);
            expect(await object("Job")).toBe(undefined);
        },
    );

    test("the account of the download is told as well", async () => {
        // All versions of a namespace share it: this is a namespace of its own.
        const namespace = "publishing-account";
        const made = await scene.outside.ask("POST", "/api/v1/namespaces", { metadata: { name: namespace } });
        expect(made.status).toBe(201);
        const all = `/apis/ml.llmos.ai/v1/namespaces/${namespace}/datasets`;
        const data = { apiVersion: "ml.llmos.ai/v1", kind: "Dataset", metadata: { name: DATA } };
        await scene.outside.expect(201, "POST", all, { ...data, spec: { registry: "publishing" } });
        const ready = async () =>
            (await scene.outside.ask("GET", `${all}/${DATA}`)).body.status?.conditions?.[0]?.status;
        await expect.poll(ready).toBe("True");
        const key = `${namespace}.llmos-operator-downloader.create-serviceaccount`;
        await wish(scene.outside.ask, { [key]: "fail: not today" });
        const run = start();
        const { failure } = await run.up(declared({ namespace }));
        expect(failure?.found).toContain(
            "PVCReady: Failed to ensure ServiceAccount and ClusterRoleBinding: failed to create service account ",
        );
        await wish(scene.outside.ask, { [key]: null });
        expect((await run.up(declared({ namespace }))).failure).toBe(undefined);
        expect((await run.destroy()).failure).toBe(undefined);
        await scene.outside.expect(200, "DELETE", `${all}/${DATA}`);
    });

    test("a Job that goes well the second time is no failure", async () => {
        await step("job", "fail once");
        const { failure } = await start().up(declared());
        expect(failure).toBe(undefined);
        await published();
    });

    test("content may change while a publication has failed", async () => {
        await step("job", "fail");
        await scene.write("train.csv", "a,b\n3,4\n");
        const run = start();
        expect((await run.up(declared())).failure?.code).toBe("not-published");
        await scene.write("train.csv", "a,b\n5,6\n");
        expect((await run.preview(declared())).failure).toBe(undefined);
        await step("job", null);
        expect((await run.up(declared())).failure).toBe(undefined);
        await published();
    });
});

describe("a step that takes long", () => {
    test("ends with its time and what LLMOS said last; the next up waits on, and takes nothing back", async () => {
        await step("job", "hang");
        const run = start();
        const { failure } = await run.up(declared({ timeouts: { publishSeconds: 2 } }));
        expect(failure).toMatchObject({
            code: "not-published",
            found: "The version is not published after 2 s. The last that LLMOS said: Downloading: Job created successfully, downloading in progress",
        });
        expect((await run.preview(declared())).changes).toContain("publish");
        const job = (await object("Job")).metadata.uid;
        scene.asked();
        const next = run.up(declared());
        await sleep(2_000);
        expect((await object("Job")).metadata.uid).toBe(job);
        await step("job", null);
        expect((await next).failure).toBe(undefined);
        expect(scene.asked().filter((line) => line.startsWith("DELETE"))).toEqual([]);
        await published();
    });

    test("shows how far it is every ten seconds, and ends at once when it is interrupted", async () => {
        await step("job", "hang");
        const run = start();
        run.onInfo = (line) => line.includes("waiting until LLMOS has published it") && run.interrupt();
        const { failure, infos } = await run.up(declared());
        const said = "Downloading: Job created successfully, downloading in progress";
        expect(infos).toContainEqual(
            expect.stringMatching(
                `^DatasetVersion "${DATA}/${name}": waiting until LLMOS has published it \\(${said}\\), 1\\d s\\.$`,
            ),
        );
        expect(failure?.found).toMatch(
            /^The version is not published after 1\d s \(then the run was interrupted\)\. The last that LLMOS said: /,
        );
        await step("job", null);
        expect((await run.up(declared())).failure).toBe(undefined);
    });

    test("whose Job was deleted is told after a while, and healed by the next up", async () => {
        await step("job", "hang");
        const run = start();
        const first = run.up(declared());
        await expect.poll(() => object("Job"), { timeout: 20_000 }).toBeDefined();
        const options = { propagationPolicy: "Background" };
        await scene.outside.expect(200, "DELETE", `${PLACES.Job}/${name}`, options);
        expect((await first).failure?.found).toContain(`but the Job default/${name} does not exist`);
        await step("job", null);
        const healed = await run.up(declared());
        expect(healed.failure).toBe(undefined);
        expect(healed.warnings.join()).toContain("It is taken back and made again.");
        await published();
    });

    test("that waits for the failed Job of an earlier publication is healed", async () => {
        await step("job", "fail");
        const run = start();
        expect((await run.up(declared())).failure?.code).toBe("not-published");
        // By hand, as on the LLMOS page: the new publication finds the old Job, and waits for it.
        await change({ spec: { publish: false } });
        await expect.poll(phase).toBe(undefined);
        await change({ spec: { publish: true } });
        await expect.poll(phase).toBe("Downloading");
        await step("job", null);
        expect((await run.up(declared())).failure).toBe(undefined);
        await published();
    });
});

describe("what stands in the way", () => {
    test("of somebody else's is named, and not touched", async () => {
        const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
        const metadata = { name, annotations: { "kubernetes.io/description": "somebody's" } };
        await scene.outside.expect(201, "POST", PLACES.PersistentVolumeClaim, { metadata, spec: claim });
        const run = start();
        const { failure } = await run.up(declared());
        expect(failure).toMatchObject({
            code: "publication-blocked",
            found: `The version cannot be published while these stand in the way: PersistentVolumeClaim default/${name} (it is not this version's; its owner: none)`,
        });
        expect(scene.asked().filter((line) => line.startsWith("DELETE"))).toEqual([]);
        expect((await object("PersistentVolumeClaim")).metadata.deletionTimestamp).toBe(undefined);
        expect((await run.preview(declared())).changes).toContain("publish");
        await scene.outside.expect(200, "DELETE", `${PLACES.PersistentVolumeClaim}/${name}`);
        expect((await run.up(declared())).failure).toBe(undefined);
        await published();
    });

    test("is named where this user may not delete it, or not look at it", async () => {
        const user = await LimitedUser.create(sandbox, scene.outside.ask, name);
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
        await step("job", "fail");
        const run = start(user.kubeconfig);
        // Nothing of it is needed for a publication that goes well.
        expect((await run.up(declared())).failure?.code).toBe("not-published");
        await step("job", null);
        const unseen = (await run.up(declared())).failure;
        expect(unseen?.code).toBe("publication-blocked");
        for (const kind of Object.keys(PLACES)) {
            expect(unseen?.found).toContain(
                `${kind} default/${name} (if it exists; it may not be looked at: `,
            );
        }
        await user.may([...rights, ...seeing]);
        const undeleted = (await run.up(declared())).failure;
        expect(undeleted?.code).toBe("publication-blocked");
        expect(undeleted?.found).toMatch(
            /Job default\/\S+ \(The API server refuses to delete: .* cannot delete resource "jobs"/,
        );
        expect(undeleted?.found).not.toContain("VolumeSnapshot");
        await user.may([...rights, ...seeing.map((rule) => ({ ...rule, verbs: ["get", "delete"] }))]);
        expect((await run.up(declared())).failure).toBe(undefined);
        await published();
    });
});

describe("a version made again", () => {
    test("under its name waits until what the former one has left is gone", async () => {
        const former = start();
        expect((await former.up(declared())).failure).toBe(undefined);
        const path = `${PLACES.VolumeSnapshot}/${name}`;
        const { finalizers = [] } = (await object("VolumeSnapshot")).metadata;
        const hold = { metadata: { finalizers: [...finalizers, "test.example.com/hold"] } };
        await scene.outside.expect(200, "PATCH", path, hold);
        expect((await former.destroy()).failure).toBe(undefined);
        const run = start();
        const made = run.up(declared());
        await sleep(6_000);
        expect(await phase()).toBe(undefined);
        await scene.outside.expect(200, "PATCH", path, { metadata: { finalizers: null } });
        expect((await made).failure).toBe(undefined);
        await published();
    });

    test("by a run that was ended is published, although the operator has written publish: false", async () => {
        const owner = `p/s/${name}`;
        const metadata = { annotations: { "pulumi-llmos/owner": owner } };
        await scene.outside.stored.create(
            "datasetversions",
            name,
            { dataset: DATA, version: name },
            metadata,
        );
        expect((await scene.outside.stored.settled("datasetversions", name)).spec.publish).toBe(false);
        expect((await start().up(declared({ owner }))).failure).toBe(undefined);
        await published();
    });
});

describe("a published version", () => {
    test("whose content changes is refused at preview, and with republish taken back, changed and published again", async () => {
        await scene.write("train.csv", "a,b\n1,2\n");
        const run = start();
        expect((await run.up(declared())).failure).toBe(undefined);
        const before = await object("VolumeSnapshot");
        const stored = await scene.hashes(`datasets/default/${DATA}/${name}`);

        await scene.write("train.csv", "a,b\n7,8\n");
        for (const args of [declared(), declared({ publish: undefined })]) {
            expect((await run.preview(args)).failure).toMatchObject({
                code: "content-published",
                found: `DatasetVersion "${DATA}/${name}" is published, and its content would change`,
            });
        }
        // Where preview may not ask, the update does.
        expect((await run.up(declared({ reachability: "off" }))).failure?.code).toBe("content-published");
        expect(await scene.hashes(`datasets/default/${DATA}/${name}`)).toEqual(stored);
        expect((await object("VolumeSnapshot")).metadata.uid).toBe(before.metadata.uid);

        const again = declared({ republish: true });
        const preview = await run.preview(again);
        expect([preview.failure, preview.changes]).toEqual([
            undefined,
            expect.arrayContaining(["republish", "content"]),
        ]);
        expect(preview.infos.join()).toContain("Its publication is taken back before its content changes");
        expect((await run.up(again)).failure).toBe(undefined);
        await published();
        expect((await object("VolumeSnapshot")).metadata.uid).not.toBe(before.metadata.uid);
        expect(await scene.hashes(`datasets/default/${DATA}/${name}`)).not.toEqual(stored);
        expect((await run.preview(again)).changes).toEqual([]);
        // Without a change of the content, republish is stored and no more; neither it nor its absence does anything.
        expect((await run.preview(declared())).changes).toEqual(["republish"]);
    });

    test("whose content was changed in the bucket is put right, because that is what was published", async () => {
        const run = start();
        expect((await run.up(declared())).failure).toBe(undefined);
        const { uid } = (await object("VolumeSnapshot")).metadata;
        await scene.outside.put("publishing", `datasets/default/${DATA}/${name}/train.csv`);
        const preview = await run.preview(declared());
        expect([preview.failure, preview.changes]).toEqual([undefined, ["content"]]);
        expect((await run.up(declared())).failure).toBe(undefined);
        expect((await object("VolumeSnapshot")).metadata.uid).toBe(uid);
    });

    test("that somebody has taken back is a change, without a refresh too, and is published again", async () => {
        const run = start();
        expect((await run.up(declared())).failure).toBe(undefined);
        await change({ spec: { publish: false } });
        await expect.poll(phase).toBe(undefined);
        const preview = await run.preview(declared());
        expect(preview.changes).toEqual(["publish"]);
        expect(preview.warnings.join()).toContain("is not: its publication has been taken back");
        expect((await run.up(declared())).failure).toBe(undefined);
        await published();
    });

    test("stays published when publish is taken out of the program, and is taken back by false", async () => {
        const run = start();
        expect((await run.up(declared())).failure).toBe(undefined);
        const { uid } = (await object("VolumeSnapshot")).metadata;
        expect((await run.up(declared({ publish: undefined }))).failure).toBe(undefined);
        expect((await object("VolumeSnapshot")).metadata.uid).toBe(uid);
        expect((await run.up(declared({ publish: false }))).failure).toBe(undefined);
        expect(run.state?.publishPhase).toBe("");
        expect((await run.preview(declared({ publish: false }))).changes).toEqual([]);
    });

    test("republish without publish is refused", async () => {
        const { failure } = await start().preview(declared({ publish: undefined, republish: true }));
        expect(failure?.found).toBe("republish is set, and publish is not true");
    });
});

/** Whose a content is: what others have stored at its place is neither overwritten nor removed without `adopt`. */
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { DeleteObjectCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { manifestKey, readManifest } from "../../provider/content/manifest";
import { ContentScene } from "../support/contentScene";

const sandbox = inject("sandbox");
const ROOT = "models/default/llama";
const other = { owner: { cluster: "there", uid: "2", resource: "pulumi/other::llmos:Model::llama" } };

let scene: ContentScene;
let count = 0;
beforeEach(async () => {
    count += 1;
    scene = await ContentScene.open(sandbox, `owned-${process.pid}-${count}`);
});
afterEach(() => scene.close());

const put = (key: string, body: string) => scene.outside.put(scene.bucket, key, body);

async function manifest(): Promise<string> {
    const asked = { Bucket: scene.bucket, Key: manifestKey(ROOT) };
    const { Body } = await scene.outside.s3.send(new GetObjectCommand(asked));
    return (await Body?.transformToString()) ?? "";
}

/** Preview and `up` refuse with these words, and nothing there changes. */
async function expectRefused(words: RegExp): Promise<void> {
    const before = await scene.downloaded(ROOT);
    scene.asked(ROOT);
    await expect(scene.pending(ROOT, { prune: true })).rejects.toThrow(words);
    await expect(scene.store(ROOT, { prune: true })).rejects.toThrow(words);
    expect(scene.asked(ROOT)).not.toContainEqual(expect.stringMatching(/^(PUT|POST|DELETE)/));
    expect(await scene.downloaded(ROOT)).toEqual(before);
}

test("objects that nobody has stored with this provider are refused, and taken over with adopt", async () => {
    await put(`${ROOT}/same.txt`, "same");
    await put(`${ROOT}/weights.bin`, "theirs");
    await put(`${ROOT}/by-hand.bin`, "by hand");
    await scene.write("same.txt", "same");
    await scene.write("weights.bin", "ours");
    await expectRefused(
        /The place of Model ".*" holds 2 objects that it has not stored \(by-hand.bin, weights.bin\)\n {2}where: .*models\/default\/llama\n.*somebody else's\.\n.*adopt: true/,
    );
    const adopt = { adopt: true };
    expect(await scene.pending(ROOT, { prune: true }, adopt)).toEqual({
        files: 1,
        bytes: 4,
        removals: 1,
        changes: 2,
    });
    await scene.store(ROOT, { prune: true }, adopt);
    expect(Object.keys(await scene.downloaded(ROOT)).sort()).toEqual(["same.txt", "weights.bin"]);
    expect(await scene.pending(ROOT, { prune: true }), "ours from now on").toBe(undefined);
});

test("the content of another object is refused, the same bytes too, and taken over with adopt", async () => {
    await scene.write("weights.bin", "weights");
    const state = await scene.store(ROOT, {}, other);
    await expectRefused(/holds 1 object .*\(weights.bin\)\n.*\n.*made by "llama" of the stack pulumi\/other/);
    expect(await scene.pending(ROOT, {}, { adopt: true })).toMatchObject({ files: 0 });
    const ours = await scene.store(ROOT, {}, { adopt: true });
    expect(ours.contentDigest).toBe(state.contentDigest);
    expect(await scene.pending(ROOT)).toBe(undefined);
    await expect(scene.pending(ROOT, {}, other), "no longer the other's").rejects.toThrow("not stored");
    expect((await scene.read(ROOT, state, other)).contentDrift).toEqual([
        expect.stringMatching(/^it belongs now to an object that was made by .*, in the cluster here$/),
    ]);
});

test("a resource that moves to another cluster keeps its content", async () => {
    await scene.write("weights.bin", "weights");
    await scene.store(ROOT, {}, other);
    const { cluster, resource } = other.owner;
    const moved = { resources: [{ cluster, resource }] };
    expect(await scene.pending(ROOT, {}, moved)).toBe(undefined);
    await scene.write("weights.bin", "changed");
    await scene.store(ROOT, {}, moved);
    expect(readManifest(await manifest()).owner).toMatchObject({ cluster: "here", uid: "1" });
    const stranger = { resources: [{ cluster, resource: "pulumi/third::llmos:Model::llama" }] };
    await expect(scene.pending(ROOT, {}, { ...stranger, owner: other.owner })).rejects.toThrow("not stored");
});

test("what is not declared follows its object to another cluster, and is not deleted with the former one", async () => {
    await put(`${ROOT}/page.bin`, "put there on the LLMOS page");
    const { cluster, resource } = other.owner;
    await scene.keep(ROOT, {
        resources: [
            { cluster: "here", resource },
            { cluster, resource },
        ],
    });
    expect(await scene.holder(ROOT, other)).toContain("in the cluster here");
    expect(await scene.holder(ROOT, {})).toBe(undefined);
});

test("what LLMOS has copied is left by prune, also when its source is gone since", async () => {
    await put("datasets/source/labels.csv", "labels");
    await put(`${ROOT}/labels.csv`, "labels");
    const copy = { copyOf: "datasets/source" };
    await scene.keep(ROOT, copy);
    await scene.outside.s3.send(
        new DeleteObjectCommand({ Bucket: scene.bucket, Key: "datasets/source/labels.csv" }),
    );
    await scene.write("a.bin", "a");
    await scene.store(ROOT, { prune: true }, copy);
    expect(Object.keys(await scene.downloaded(ROOT)).sort()).toEqual(["a.bin", "labels.csv"]);
});

test("an object that was deleted or restored since is no other owner of the resource's content", async () => {
    await scene.write("a.bin", "a");
    const again = { owner: { cluster: "here", uid: "2", resource: "p/s/llama" } };
    await scene.store(ROOT, {}, again);
    const resources = [{ cluster: "here", resource: "p/s/llama" }];
    expect(await scene.holder(ROOT, { resources })).toBe(undefined);
    await scene.write("a.bin", "b");
    await scene.store(ROOT, {}, { resources });
    expect(await scene.pending(ROOT)).toBe(undefined);
});

test("a file that is older than its clock is stored once", async () => {
    await scene.write("a.bin", "a");
    await utimes(join(scene.folder, "a.bin"), -1_000, -1_000);
    await scene.store(ROOT);
    expect(await scene.pending(ROOT)).toBe(undefined);
});

test("a proxy that drops the ETag of an answer makes nobody else a writer", async () => {
    await scene.write("a.bin", "a");
    scene.recorder.faults.set(
        ({ response, forward }) =>
            forward((answer) => {
                const { etag: _etag, ...headers } = answer.headers;
                response.writeHead(answer.statusCode ?? 0, headers);
                answer.pipe(response);
            }),
        Number.POSITIVE_INFINITY,
        /^PUT /,
    );
    await scene.store(ROOT);
    scene.recorder.faults.heal();
    expect(await scene.pending(ROOT)).toBe(undefined);
});

test("what a first run that was killed has left is its own", async () => {
    await scene.write("a.bin", "a");
    await scene.write("b.bin", "b");
    let early = "";
    scene.recorder.faults.set(
        ({ forward }) =>
            void manifest()
                .then(
                    (text) => (early ||= text),
                    () => undefined,
                )
                .then(() => forward()),
        1,
        /^PUT .*llama\/[ab]\.bin/,
    );
    await scene.store(ROOT);
    scene.recorder.faults.heal();
    const { owner, files } = readManifest(early);
    expect(owner, "before the first object").toMatchObject({ cluster: "here", uid: "1" });
    expect([...files]).toEqual([]);
    // What the next run finds: one object has arrived, another one is of a former content.
    await put(manifestKey(ROOT), early);
    await put(`${ROOT}/b.bin`, "c");
    expect(await scene.pending(ROOT)).toMatchObject({ files: 1, bytes: 1 });
    await scene.store(ROOT);
    expect(await scene.pending(ROOT)).toBe(undefined);
});

test("who has taken the place meanwhile is not overwritten", async () => {
    await scene.write("a.bin", "a");
    const theirs = JSON.stringify({ version: 2, owner: other.owner, files: [], copied: [] });
    scene.recorder.faults.set(
        ({ forward }) => void put(manifestKey(ROOT), theirs).then(() => forward()),
        1,
        /^PUT .*llama\/a\.bin/,
    );
    await expect(scene.store(ROOT)).rejects.toThrow("of the stack pulumi/other");
    expect(await manifest()).toBe(theirs);
});

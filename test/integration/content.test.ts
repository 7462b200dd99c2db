/** Content on its way into a bucket: what is sent, what is not, and what becomes of it when something fails. */
import { createHash } from "node:crypto";
import { rm, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { manifestKey } from "../../provider/content/manifest";
import { PART_BYTES } from "../../provider/content/parts";
import { Sender } from "../../provider/s3/sender";
import { ContentScene } from "../support/contentScene";
import { instead, reworded, s3Error } from "../support/faults";

const sandbox = inject("sandbox");
const MIB = 1024 * 1024;
const ROOT = "models/default/llama";

let scene: ContentScene;
let count = 0;
beforeEach(async () => {
    count += 1;
    scene = await ContentScene.open(sandbox, `content-${process.pid}-${count}`);
});
afterEach(() => scene.close());

/** Puts an object past the provider. */
async function putOutside(key: string, body: string): Promise<void> {
    await scene.outside.s3.send(new PutObjectCommand({ Bucket: scene.bucket, Key: key, Body: body }));
}

test("names of all kinds, empty files and several parts come back as they are here", async () => {
    const names = [
        "with space.txt",
        "ünïcode 模型.bin",
        "a+b%20c.txt",
        "deep/er/(x) !'*~.json",
        "__proto__",
        "🦙",
    ];
    for (const [index, name] of names.entries()) {
        await scene.fill(name, 100 + index, index);
    }
    await scene.write("empty.txt", "");
    await scene.fill("exactly-one-part.bin", PART_BYTES, 7);
    await scene.fill("three-parts.bin", 2 * PART_BYTES + 1, 8);
    const all = [...names, "empty.txt", "exactly-one-part.bin", "three-parts.bin"];
    const state = await scene.store(ROOT);
    expect(await scene.downloaded(ROOT)).toEqual(await scene.hashes(...all));
    expect(state).toMatchObject({ fileCount: all.length, contentDrift: [] });
    expect(await scene.pending(ROOT)).toBe(undefined);
});

test("the digest is the one that sha256sum gives", async () => {
    await scene.write("b.txt", "b");
    await scene.write("a.txt", "a");
    const { contentDigest } = await scene.store(ROOT);
    const sum = (text: string) => createHash("sha256").update(text).digest("hex");
    expect(contentDigest).toBe(sum(`${sum("a")}  a.txt\n${sum("b")}  b.txt\n`));
});

test("without a change one listing and the manifest are asked for", async () => {
    await scene.fill("weights.bin", PART_BYTES + 1);
    await scene.store(ROOT);
    scene.asked(ROOT);
    expect(await scene.pending(ROOT)).toBe(undefined);
    expect(scene.asked(ROOT).sort()).toEqual([
        "GET /.pulumi-llmos/manifests/models/default/llama.json?x-id=GetObject",
        "GET /?list-type=2&prefix=models%2Fdefault%2Fllama%2F",
    ]);
});

test("other bytes of the same size and time are seen on a machine that has read the file; elsewhere verify has them read", async () => {
    const writeAt = async (content: string) => {
        const time = new Date("2026-01-01");
        await scene.write("config.json", content);
        await utimes(join(scene.folder, "config.json"), time, time);
    };
    await writeAt("{}");
    await scene.store(ROOT);
    await writeAt("[]");
    const changed = { files: 1, bytes: 2, removals: 0, changes: 1 };
    expect(await scene.pending(ROOT)).toEqual(changed);
    scene.moveToOtherMachine();
    expect(await scene.pending(ROOT), "size and time are all that another machine has").toBe(undefined);
    expect(await scene.pending(ROOT, { verify: "content" })).toEqual(changed);
    await scene.store(ROOT, { verify: "content" });
    expect(await scene.downloaded(ROOT)).toEqual(await scene.hashes("config.json"));
    // Replaced by a file with another inode, as archives are unpacked.
    await rm(join(scene.folder, "config.json"));
    await writeAt("??");
    expect(await scene.pending(ROOT)).toEqual(changed);
});

test("only what changed is sent; a file that was only touched is not", async () => {
    await scene.fill("weights.bin", PART_BYTES + 1);
    await scene.write("config.json", "{}");
    await scene.write("card.md", "old");
    await scene.store(ROOT);
    await scene.touch("weights.bin");
    await scene.write("card.md", "new");
    await scene.touch("card.md");
    expect(await scene.pending(ROOT)).toEqual({ files: 1, bytes: 3, removals: 0, changes: 1 });
    scene.asked(ROOT);
    await scene.store(ROOT);
    const puts = scene.asked(ROOT).filter((line) => line.startsWith("PUT"));
    expect(puts).toEqual(["PUT /…/card.md", "PUT /.pulumi-llmos/manifests/models/default/llama.json"]);
});

test("another machine, which has other times of modification, reads and agrees", async () => {
    await scene.fill("weights.bin", PART_BYTES + 1);
    await scene.store(ROOT);
    await scene.touch("weights.bin");
    expect(await scene.pending(ROOT)).toBe(undefined);
});

test("a server that lists no ETags is asked for each: what lies there is known without a manifest, and drift is seen", async () => {
    await scene.fill("weights.bin", PART_BYTES + 1);
    await scene.write("a.txt", "a");
    scene.recorder.faults.set(
        reworded((text) => text.replace(/<ETag>[^<]*<\/ETag>/g, "")),
        Number.POSITIVE_INFINITY,
        /^GET .*list-type=2/,
    );
    expect(await scene.store(ROOT)).toMatchObject({ fileCount: 2, contentDrift: [] });
    await putOutside(`${ROOT}/a.txt`, "b");
    expect(await scene.pending(ROOT)).toEqual({ files: 1, bytes: 1, removals: 0, changes: 0 });
    await putOutside(`${ROOT}/a.txt`, "a");
    await scene.outside.s3.send(new DeleteObjectCommand({ Bucket: scene.bucket, Key: manifestKey(ROOT) }));
    expect(await scene.pending(ROOT), "the manifest alone").toEqual({
        files: 0,
        bytes: 0,
        removals: 0,
        changes: 0,
    });
});

test("what vanished here is kept there and told, and removed with prune", async () => {
    await scene.write("a.txt", "a");
    await scene.write("b.txt", "b");
    await scene.store(ROOT);
    await rm(join(scene.folder, "b.txt"));
    const kept = await scene.store(ROOT);
    expect(scene.lines.join("\n")).toContain("kept 1 object that the content does not have (b.txt)");
    expect(kept).toMatchObject({ fileCount: 2, contentDrift: ["added: b.txt"] });
    expect(await scene.pending(ROOT), "kept, and nothing to do").toBe(undefined);
    expect(await scene.pending(ROOT, { prune: true })).toEqual({
        files: 0,
        bytes: 0,
        removals: 1,
        changes: 1,
    });
    const pruned = await scene.store(ROOT, { prune: true });
    expect(pruned).toMatchObject({ fileCount: 1, contentDrift: [] });
    expect(Object.keys(await scene.downloaded(ROOT))).toEqual(["a.txt"]);
});

test("an object changed, missing or of another size there is sent again", async () => {
    for (const name of ["a", "b", "c", "d"]) {
        await scene.write(name, `content of ${name}`);
    }
    await scene.store(ROOT);
    await putOutside(`${ROOT}/a`, "Content of a");
    await putOutside(`${ROOT}/b`, "longer than before");
    await scene.outside.remove(scene.bucket, `${ROOT}/c`);
    expect(await scene.pending(ROOT), "as it was stored").toMatchObject({ files: 3, changes: 0 });
    for (const name of ["a", "c"]) {
        await scene.touch(name);
    }
    await scene.write("b", "changed");
    expect(await scene.pending(ROOT), "but for b").toMatchObject({ files: 3, changes: 1 });
    const order: string[] = [];
    scene.asked(ROOT);
    const beforeChange = async () => void order.push(...scene.asked(ROOT));
    await scene.store(ROOT, {}, { beforeChange });
    expect(order, "nothing is sent before").not.toContainEqual(expect.stringMatching(/^(PUT|POST)/));
    expect(order).not.toEqual([]);
    expect(await scene.downloaded(ROOT)).toEqual(await scene.hashes("a", "b", "c", "d"));
});

test("without a manifest, what lies there already is found by its content", async () => {
    await scene.fill("weights.bin", PART_BYTES + 4 * MIB);
    await scene.write("config.json", "{}");
    await scene.store(ROOT);
    await scene.outside.remove(scene.bucket, `.pulumi-llmos/manifests/${ROOT}.json`);
    expect(await scene.pending(ROOT)).toEqual({ files: 0, bytes: 0, removals: 0, changes: 0 });
    await putOutside(
        `.pulumi-llmos/manifests/${ROOT}.json`,
        '{"version":2,"files":[{"path":"weights.bin"}],"copied":[]}',
    );
    expect(await scene.pending(ROOT), "nor from one that is damaged").toMatchObject({ files: 0 });
});

test("a symbolic link is an error, unless it is to be followed", async () => {
    await scene.write("real/weights.bin", "weights");
    await symlink(join(scene.folder, "real", "weights.bin"), join(scene.folder, "weights.bin"));
    await expect(scene.store(ROOT)).rejects.toThrow(/"\S+weights.bin" is a symbolic link/);
    await scene.store(ROOT, { followSymlinks: true, ignore: ["real/"] });
    expect(Object.keys(await scene.downloaded(ROOT))).toEqual(["weights.bin"]);
    await symlink(scene.folder, join(scene.folder, "real", "round"));
    await expect(scene.store(ROOT, { followSymlinks: true })).rejects.toThrow("a folder that it lies in");
});

test("what cannot be stored as it is meant is refused at preview and at up, before anything is sent", async () => {
    await scene.write("a.bin", "a");
    await scene.write(
        "weights.bin",
        `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 5\n`,
    );
    const refused = "1 file of the content is a pointer of Git LFS";
    await expect(scene.pending(ROOT)).rejects.toThrow(refused);
    await expect(scene.pendingWithoutStore(ROOT), "where the bucket is still to be made").rejects.toThrow(
        refused,
    );
    await expect(scene.store(ROOT)).rejects.toThrow(refused);
    expect(await scene.downloaded(ROOT)).toEqual({});
    await scene.store(ROOT, { ignore: ["weights.bin"] });
    expect(Object.keys(await scene.downloaded(ROOT))).toEqual(["a.bin"]);
});

test("patterns leave out what .gitignore would, and .git always", async () => {
    for (const name of [".git/HEAD", "a.bin", "a.tmp", "logs/x.txt", "keep/a.tmp"]) {
        await scene.write(name, name);
    }
    await scene.store(ROOT, { ignore: ["*.tmp", "!keep/*.tmp", "/logs"] });
    expect(Object.keys(await scene.downloaded(ROOT)).sort()).toEqual(["a.bin", "keep/a.tmp"]);
});

test("a folder without a file is an error: one that is not mounted would empty the bucket's", async () => {
    await scene.write("a.txt", "a");
    await scene.store(ROOT);
    await rm(join(scene.folder, "a.txt"));
    await expect(scene.store(ROOT, { prune: true })).rejects.toThrow("holds no file");
    await scene.write("Data/a.txt", "a");
    await expect(scene.store(ROOT, { ignore: ["Data"] })).rejects.toThrow("holds no file");
    await scene.store(ROOT, { ignore: ["data"] });
    expect(Object.keys(await scene.downloaded(ROOT))).toEqual(["Data/a.txt", "a.txt"]);
});

test("the content type is that of the name's ending, whatever folders are called", async () => {
    for (const name of ["v1.0/LICENSE", "a.最新/weights", "card.md"]) {
        await scene.write(name, name);
    }
    await scene.store(ROOT);
    const typeOf = async (name: string) => {
        const Key = `${ROOT}/${name}`;
        return (await scene.outside.s3.send(new HeadObjectCommand({ Bucket: scene.bucket, Key })))
            .ContentType;
    };
    expect(await typeOf("v1.0/LICENSE")).toBe("application/octet-stream");
    expect(await typeOf("a.最新/weights")).toBe("application/octet-stream");
    expect(await typeOf("card.md")).toBe("text/markdown; charset=utf-8");
});

test("a server whose clock is an hour ahead is signed for by its own clock, by all requests at once", async () => {
    const ahead = 3_600_000;
    // No real server of the sandbox has another clock than this machine.
    scene.recorder.faults.set((exchange) => {
        const compact = /^(....)(..)(..)T(..)(..)(..)Z$/;
        const signed = Date.parse(
            String(exchange.incoming.headers["x-amz-date"]).replace(compact, "$1-$2-$3T$4:$5:$6Z"),
        );
        const isRight = Math.abs(signed - Date.now() - ahead) < 900_000;
        const date = new Date(Date.now() + ahead).toUTCString();
        (isRight
            ? instead(200, "text/plain", "", { etag: '"x"' })
            : s3Error(403, "RequestTimeTooSkewed", { date }))(exchange);
    });
    const sender = await Sender.open(scene.connection);
    const put = (key: string) =>
        sender.put({
            bucket: scene.bucket,
            key,
            body: Buffer.from("content"),
            headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
            signal: new AbortController().signal,
        });
    const answers = await Promise.all(["a", "b", "c", "d"].map(put));
    expect(answers.map(({ etag }) => etag)).toEqual(['"x"', '"x"', '"x"', '"x"']);
});

test("one file is stored under its own name", async () => {
    await scene.fill("model.gguf", PART_BYTES + 1);
    await scene.store(ROOT, { content: join(scene.folder, "model.gguf") });
    expect(await scene.downloaded(ROOT)).toEqual(await scene.hashes("model.gguf"));
});

test("10,000 small files", async () => {
    for (let index = 0; index < 10_000; index += 1) {
        await scene.write(`${index % 100}/${index}.txt`, `file ${index}`);
    }
    expect(await scene.store(ROOT)).toMatchObject({ fileCount: 10_000, contentDrift: [] });
    expect(await scene.pending(ROOT)).toBe(undefined);
});

import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { LocalFile } from "../../../provider/content/localFiles";
import { refuseUnsendable } from "../../../provider/content/sendable";

let folder: string;
beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sendable-"));
    return () => rm(folder, { recursive: true });
});

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 5\n`;

async function written(path: string, content: string): Promise<LocalFile> {
    const file = join(folder, String(path.length));
    await writeFile(file, content);
    const { size, mtimeMs, ctimeMs, ino } = await stat(file);
    return { path, file, size, mtimeMs, ctimeMs, inode: ino };
}

test("pointers of Git LFS are named, with what fetches the files", async () => {
    const files = [
        await written("a", POINTER),
        await written("ab", "version of something else"),
        await written("abc", POINTER),
        await written("abcd", ""),
        await written("abcde", POINTER + "x".repeat(1_024)),
    ];
    await expect(refuseUnsendable(files, "models/default/llama/")).rejects.toMatchObject({
        finding: {
            code: "content-unusable",
            property: "content",
            found: "2 files of the content are pointers of Git LFS, and not what the pointer stands for (a, abc)",
            next: "Run `git lfs pull` in the repository, or leave them out with an ignore pattern.",
        },
    });
});

test("all files that cannot be read are told at once, however large they are", async () => {
    const [small, large] = [await written("a", "small"), await written("ab", "x".repeat(2_000))];
    await rm(small.file);
    await rm(large.file);
    await expect(refuseUnsendable([small, large, await written("abc", "there")], "")).rejects.toThrow(
        "2 files of the content cannot be read (a: ENOENT, ab: ENOENT)",
    );
});

test("a path fits into the key with what stands before it, to the byte", async () => {
    const root = "datasets/default/reviews/v1/";
    const room = 1_024 - root.length;
    const fits = await written(`ü${"x".repeat(room - 2)}`, "content");
    await refuseUnsendable([fits], root);
    const over = await written(`ü${"x".repeat(room - 1)}`, "content");
    await expect(refuseUnsendable([fits, over], root)).rejects.toThrow(
        /1 file of the content has a path for which an object's key has no room: with "datasets\/default\/reviews\/v1\/" it would be longer than 1024 bytes/,
    );
});

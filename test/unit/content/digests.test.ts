import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { compare } from "../../../provider/content/comparison";
import { Digests } from "../../../provider/content/digests";
import type { LocalFile } from "../../../provider/content/localFiles";
import { digestsOf } from "../../../provider/content/parts";

let folder: string;
beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "digests-"));
    return () => rm(folder, { recursive: true });
});

const TIME = new Date("2026-01-01");

/** Writes the file, always with the same time of modification. */
async function written(content: string): Promise<LocalFile> {
    const file = join(folder, "weights.bin");
    await writeFile(file, content);
    await utimes(file, TIME, TIME);
    const { size, mtimeMs, ctimeMs, ino } = await stat(file);
    return { path: "weights.bin", file, size, mtimeMs, ctimeMs, inode: ino };
}

const open = (verify?: "time" | "content") =>
    Digests.open(join(folder, "cache"), { content: folder, ...(verify && { verify }) });

test("the next run does not read a file that is as it was", async () => {
    const file = await written("abc");
    const first = await open();
    const read = await first.of(file, true, undefined);
    expect(read).toEqual(await digestsOf(file.file, 3, true));
    await first.save([file]);
    await rm(file.file);
    const next = await open();
    expect(await next.of(file, true, undefined), "nothing is there to be read").toEqual(read);
    expect(next.trustsTimes(file), "what it holds is known").toBe(false);
    await expect((await open("content")).of(file, true, undefined)).rejects.toThrow("ENOENT");
});

test("what one resource leaves out of a folder, another one still knows", async () => {
    const file = await written("abc");
    const ignoring = (ignore: string[]) => Digests.open(join(folder, "cache"), { content: folder, ignore });
    const one = await ignoring(["*.txt"]);
    await one.of(file, true, undefined);
    await one.save([file]);
    const other = await ignoring(["*.bin"]);
    other.note({ ...file, path: "notes.txt" });
    await other.save([{ ...file, path: "notes.txt" }]);
    expect((await ignoring(["*.txt"])).trustsTimes(file), "it is known by what it holds").toBe(false);
});

test("a file that was written since is read, whatever its size and time of modification say", async () => {
    const first = await open();
    const before = await written("abc");
    expect(first.trustsTimes(before), "nothing else is known").toBe(true);
    first.note(before);
    expect(first.trustsTimes(before), "as before").toBe(true);
    await first.save([before]);
    const after = await written("xyz");
    expect([after.size, after.mtimeMs]).toEqual([before.size, before.mtimeMs]);
    const next = await open();
    expect(next.trustsTimes(after)).toBe(false);
    expect(await next.of(after, false, undefined)).toEqual(await digestsOf(after.file, 3, false));
    expect((await open("content")).trustsTimes(before)).toBe(false);
    expect((await open()).trustsTimes(before)).toBe(true);
});

test("what a file holds is known better by who has read it than by its times", async () => {
    const file = await written("abc");
    const digests = await open();
    digests.note(file, { sha256: "of abc" });
    const stored = { size: 3, mtimeMs: Math.floor(file.mtimeMs), sha256: "of others", etag: "answered" };
    const there = new Map([[file.path, { size: 3, etag: "answered" }]]);
    const { send } = await compare(
        [{ ...file, mtimeMs: stored.mtimeMs }],
        new Map([[file.path, stored]]),
        there,
        digests,
    );
    expect(send.map(({ path }) => path)).toEqual([file.path]);
});

test("an ETag that is asked for is never missing", async () => {
    const file = await written("abc");
    const digests = await open();
    expect((await digests.of(file, false, undefined)).etag).toBe(undefined);
    expect((await digests.of(file, true, undefined)).etag).toBeDefined();
});

test("what is no cache of this version is none, and one that cannot be written is none either", async () => {
    const file = await written("abc");
    const digests = await open();
    await digests.of(file, false, undefined);
    await digests.save([file]);
    const [name = ""] = await readdir(join(folder, "cache", "digests"));
    for (const content of [
        "",
        "null",
        "[]",
        '{"version":1}',
        '{"version":2,"files":[]}',
        '{"version":1,"files":[{}]}',
    ]) {
        await writeFile(join(folder, "cache", "digests", name), content);
        expect((await open()).trustsTimes({ ...file, ctimeMs: 1 })).toBe(true);
    }
    const nowhere = await Digests.open(file.file, { content: folder });
    await nowhere.of(file, false, undefined);
    await nowhere.save([file]);
});

test("what is no longer in the content is forgotten", async () => {
    const file = await written("abc");
    const digests = await open();
    digests.note(file, { sha256: "x" });
    digests.note({ ...file, path: "gone" }, { sha256: "y" });
    await digests.save([file]);
    const next = await open();
    expect(next.trustsTimes({ ...file, ctimeMs: 1 })).toBe(false);
    expect(next.trustsTimes({ ...file, path: "gone", ctimeMs: 1 })).toBe(true);
});

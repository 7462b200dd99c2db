import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compare } from "../../../provider/content/comparison";
import { Digests } from "../../../provider/content/digests";
import type { LocalFile } from "../../../provider/content/localFiles";

/** Whoever reads one of these fails: nothing is there. */
const file = (path: string, more: Partial<LocalFile> = {}): LocalFile => ({
    path,
    file: join(tmpdir(), "no-such-folder", path),
    size: 3,
    mtimeMs: 1_000,
    ctimeMs: 2_000,
    inode: 1,
    ...more,
});
const stored = { size: 3, mtimeMs: 1_000, sha256: "of the file", etag: "answered" };
const there = { size: 3, etag: "answered" };

test("no file is read that has the size and time of what was stored, or that another size tells from it", async () => {
    const digests = await Digests.open(join(tmpdir(), "no-such-cache"), { content: "no-such-folder" });
    const local = [file("same"), file("larger", { size: 4 }), file("new"), file("missing")];
    const files = new Map([
        ["same", stored],
        ["larger", stored],
        ["missing", stored],
    ]);
    const listed = new Map([
        ["same", there],
        ["larger", there],
        ["kept", there],
        ["copied", there],
    ]);
    const copied = new Map([["copied", there]]);
    const compared = await compare(local, files, listed, digests, undefined, copied);
    expect(compared.send.map(({ path }) => path)).toEqual(["larger", "new", "missing"]);
    expect([...compared.same]).toEqual([["same", stored]]);
    expect(compared.restored, "what is missing there is here as it was stored").toBe(1);
    expect(compared.extra).toEqual(["kept"]);
});

test("another time of modification, or verify, has the file read", async () => {
    const open = (verify: "time" | "content") =>
        Digests.open(join(tmpdir(), "no-such-cache"), { content: "no-such-folder", verify });
    const [files, listed] = [new Map([["a", stored]]), new Map([["a", there]])];
    const touched = compare([file("a", { mtimeMs: 2_000 })], files, listed, await open("time"));
    await expect(touched).rejects.toThrow("ENOENT");
    await expect(compare([file("a")], files, listed, await open("content"))).rejects.toThrow("ENOENT");
});

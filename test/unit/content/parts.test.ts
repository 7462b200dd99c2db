import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it, test } from "vitest";
import {
    bytesOfPart,
    digestsOf,
    isComparable,
    md5,
    PART_BYTES,
    partBytes,
    partCount,
    readWhole,
} from "../../../provider/content/parts";

const TIB = 1024 ** 4;

test("parts make up the file, within the limits of S3", () => {
    fc.assert(
        fc.property(fc.integer({ min: 1, max: 5 * TIB }), (size) => {
            const count = partCount(size);
            expect(count).toBeLessThanOrEqual(10_000);
            expect((count - 1) * partBytes(size) + bytesOfPart(size, count)).toBe(size);
            expect(bytesOfPart(size, count)).toBeGreaterThan(0);
            expect(bytesOfPart(size, count)).toBeLessThanOrEqual(partBytes(size));
        }),
    );
});

const MIB = 1024 * 1024;

test.each([
    [0, PART_BYTES, 1],
    [PART_BYTES, PART_BYTES, 1],
    [PART_BYTES + 1, PART_BYTES, 2],
    [10_000 * PART_BYTES, PART_BYTES, 10_000],
    // One byte more, and the parts grow by a whole MiB.
    [10_000 * PART_BYTES + 1, PART_BYTES + MIB, 9_412],
])("a file of %i bytes is cut into parts of %i: %i of them", (size, bytes, count) => {
    expect([partBytes(size), partCount(size)]).toEqual([bytes, count]);
});

describe("digests of a file", () => {
    let folder: string;
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "parts-"));
        return () => rm(folder, { recursive: true });
    });

    /** As S3 makes it, from a file that is in memory as a whole. */
    function etagOf(content: Buffer): string {
        const parts = Array.from({ length: partCount(content.length) }, (_, index) =>
            content.subarray(index * PART_BYTES, (index + 1) * PART_BYTES),
        );
        const hashes = parts.map((part) => createHash("md5").update(part).digest());
        return content.length <= PART_BYTES ? md5(content) : `${md5(Buffer.concat(hashes))}-${parts.length}`;
    }

    it.each([0, 1, MIB + 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES])(
        "of %i bytes are those of the same bytes at once",
        async (size) => {
            const content = Buffer.alloc(size, "some text, of a length that no part is a multiple of");
            const file = join(folder, "file");
            await writeFile(file, content);
            expect(await digestsOf(file, size, true)).toEqual({
                sha256: createHash("sha256").update(content).digest("hex"),
                etag: etagOf(content),
            });
        },
    );

    it("has no ETag where none is asked for, and is of what is there when the file has shrunk", async () => {
        const file = join(folder, "file");
        await writeFile(file, "abc");
        expect(await digestsOf(file, 1_000, false)).toEqual({
            sha256: createHash("sha256").update("abc").digest("hex"),
            etag: undefined,
        });
    });

    it("is of the beginning when the file has grown", async () => {
        const file = join(folder, "file");
        await writeFile(file, "abcdef");
        expect(await digestsOf(file, 3, true)).toEqual({
            sha256: createHash("sha256").update("abc").digest("hex"),
            etag: md5(Buffer.from("abc")),
        });
    });

    it("ends at once when nobody waits for it any more, and in words when the file cannot be read", async () => {
        const file = join(folder, "file");
        await writeFile(file, "abc");
        const ended = AbortSignal.abort(new Error("interrupted"));
        await expect(digestsOf(file, 3, true, ended)).rejects.toThrow("interrupted");
        await expect(digestsOf(join(folder, "none"), 3, true)).rejects.toThrow("cannot be read (ENOENT)");
    });
});

test("an ETag is compared only where it is made of the MD5s of the same parts", () => {
    const md5 = "d41d8cd98f00b204e9800998ecf8427e";
    expect(isComparable(md5, 1_000)).toBe(true);
    expect(isComparable(md5, PART_BYTES)).toBe(true);
    expect(isComparable(`${md5}-2`, PART_BYTES + 1)).toBe(true);
    expect(isComparable(`${md5}-3`, PART_BYTES + 1)).toBe(false);
    expect(isComparable(md5, PART_BYTES + 1)).toBe(false);
    expect(isComparable(`${md5}-1`, 1_000)).toBe(false);
    expect(isComparable("encrypted", 1_000)).toBe(false);
    expect(isComparable(`${md5}-12`, 12 * PART_BYTES)).toBe(true);
    expect(isComparable(`0${md5}`, 1_000)).toBe(false);
    expect(isComparable(`${md5}0`, 1_000)).toBe(false);
});

test("a file that grew is told from what was to be read of it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parts-"));
    try {
        for (const size of [6, 100_000]) {
            await writeFile(join(folder, "file"), Buffer.alloc(size));
            const read = (bytes: number) => readWhole(join(folder, "file"), Buffer.alloc(bytes));
            expect((await read(size))?.size).toBe(size);
            expect((await read(size / 2))?.size, "grown").toBe(size);
            expect(await read(size + 1), "shrunk").toBe(undefined);
        }
        await expect(readWhole(join(folder, "none"), Buffer.alloc(1))).rejects.toThrow(
            "cannot be read (ENOENT)",
        );
    } finally {
        await rm(folder, { recursive: true });
    }
});

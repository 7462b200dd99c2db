import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
    bytesOfPart,
    isComparable,
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

test("an ETag is compared only where it is made of the MD5s of the same parts", () => {
    const md5 = "d41d8cd98f00b204e9800998ecf8427e";
    expect(isComparable(md5, 1_000)).toBe(true);
    expect(isComparable(md5, PART_BYTES)).toBe(true);
    expect(isComparable(`${md5}-2`, PART_BYTES + 1)).toBe(true);
    expect(isComparable(`${md5}-3`, PART_BYTES + 1)).toBe(false);
    expect(isComparable(md5, PART_BYTES + 1)).toBe(false);
    expect(isComparable(`${md5}-1`, 1_000)).toBe(false);
    expect(isComparable("encrypted", 1_000)).toBe(false);
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

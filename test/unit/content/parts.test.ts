import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfPart, isComparable, PART_BYTES, partBytes, partCount } from "../../../provider/content/parts";

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

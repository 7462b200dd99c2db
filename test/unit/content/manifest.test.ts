import fc from "fast-check";
import { expect, test } from "vitest";
import { driftOf } from "../../../provider/content/comparison";
import {
    contentDigest,
    readManifest,
    type StoredFile,
    writeManifest,
} from "../../../provider/content/manifest";

const file: fc.Arbitrary<StoredFile> = fc.record({
    size: fc.nat(),
    mtimeMs: fc.nat(),
    sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
    etag: fc.string(),
});
const path = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("__proto__", "constructor", "a/b"));
const manifest = fc.array(fc.tuple(path, file)).map((rows) => new Map(rows));

test("a manifest that was written is read as it was, whatever the files are called", () => {
    fc.assert(
        fc.property(manifest, (written) => {
            expect([...readManifest(writeManifest(written))]).toEqual([...written]);
        }),
    );
});

test("any other text is no manifest, and never an error", () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant(undefined));
    fc.assert(fc.property(text, (content) => readManifest(content) instanceof Map));
    expect(readManifest('{"version":2,"files":[]}').size).toBe(0);
    const halfway = writeManifest(new Map([["a", { size: 1, mtimeMs: 1, sha256: "x", etag: "y" }]]));
    expect(readManifest(halfway.replace('"sha256":"x",', "")).size).toBe(0);
});

test("the digest depends on paths and content alone, not on order, time or server", () => {
    fc.assert(
        fc.property(manifest, fc.nat(), (one, time) => {
            const rows = [...one].reverse();
            const other = new Map(
                rows.map(([name, row]) => [name, { ...row, mtimeMs: time, etag: "other" }]),
            );
            expect(contentDigest(other)).toBe(contentDigest(one));
        }),
    );
});

test("a content that lies there as it was stored has no drift, and every change is one", () => {
    fc.assert(
        fc.property(manifest, fc.nat(), (stored, chance) => {
            const listed = new Map([...stored].map(([name, { size, etag }]) => [name, { size, etag }]));
            expect(driftOf(stored, listed)).toEqual([]);
            const [name, there] = [...listed][chance % Math.max(listed.size, 1)] ?? ["new", undefined];
            listed.set(name, { size: there?.size ?? 0, etag: `${there?.etag}*` });
            expect(driftOf(stored, listed)).toEqual([`${there ? "changed" : "added"}: ${name}`]);
            if (listed.delete(name) && there) {
                expect(driftOf(stored, listed)).toEqual([`missing: ${name}`]);
            }
        }),
    );
});

import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { driftOf } from "../../../provider/content/comparison";
import {
    contentDigest,
    manifestKey,
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
    const newer = writeManifest(new Map([["a", { size: 1, mtimeMs: 1, sha256: "x", etag: "y" }]]));
    expect(readManifest(newer.replace('"version":1', '"version":2')).size).toBe(0);
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

const stored = (sha256: string): StoredFile => ({ size: 1, mtimeMs: 1, sha256, etag: "e" });

test("the digest is that of what sha256sum prints, in the order of the paths' bytes", () => {
    // The second comes after the first as bytes, and before it as JavaScript compares texts.
    const paths = ["a/b", "\uffee", "\u{1f600}"];
    const manifest = new Map(paths.toReversed().map((name) => [name, stored("ab")]));
    const printed = paths.map((name) => `ab  ${name}\n`).join("");
    expect(contentDigest(manifest)).toBe(createHash("sha256").update(printed).digest("hex"));
    expect(contentDigest(new Map())).toBe(createHash("sha256").update("").digest("hex"));
});

test("the manifest lies below our own prefix, which LLMOS neither shows nor copies", () => {
    expect(manifestKey("models/default/llama")).toBe(".pulumi-llmos/manifests/models/default/llama.json");
});

test("a manifest is one line of JSON with its version", () => {
    expect(writeManifest(new Map([["a", stored("x")]]))).toBe(
        '{"version":1,"files":[{"path":"a","size":1,"mtimeMs":1,"sha256":"x","etag":"e"}]}\n',
    );
});

test.each(["null", "[]", "7", '{"version":1}', '{"version":1,"files":{}}', '{"files":[]}', "{"])(
    "%s is no manifest",
    (content) => {
        expect(readManifest(content).size).toBe(0);
    },
);

test.each(["path", "size", "mtimeMs", "sha256", "etag"])(
    "a file without %s makes none of the files count",
    (name) => {
        const { [name]: _gone, ...rest } = { path: "b", ...stored("x") } as Record<string, unknown>;
        const files = [{ path: "a", ...stored("x") }, rest];
        expect(readManifest(JSON.stringify({ version: 1, files })).size).toBe(0);
        expect(readManifest(JSON.stringify({ version: 1, files: files.slice(0, 1) })).size).toBe(1);
    },
);

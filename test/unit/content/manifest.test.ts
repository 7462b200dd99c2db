import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { driftOf } from "../../../provider/content/comparison";
import {
    type ContentOwner,
    contentDigest,
    type Manifest,
    manifestKey,
    NO_MANIFEST,
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
const files = fc.array(fc.tuple(path, file)).map((rows) => new Map(rows));
const owner: fc.Arbitrary<ContentOwner | undefined> = fc.constantFrom(
    undefined,
    { cluster: "c", uid: "u" },
    { cluster: "c", uid: "u", resource: "p/s/r" },
);
const seen = fc.record({ size: fc.nat(), etag: fc.string() });
const copied = fc.array(fc.tuple(path, seen)).map((rows) => new Map(rows));
const manifest: fc.Arbitrary<Manifest> = fc.record({ owner, files, copied });

/** A manifest of these files alone. */
const of = (...rows: [string, StoredFile][]): Manifest => ({
    owner: undefined,
    files: new Map(rows),
    copied: new Map(),
});

test("a manifest that was written is read as it was, whatever the files are called", () => {
    fc.assert(
        fc.property(manifest, (written) => {
            expect(readManifest(writeManifest(written))).toEqual(written);
        }),
    );
});

test("any other text is no manifest, and never an error", () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant(undefined));
    fc.assert(fc.property(text, (content) => readManifest(content).files instanceof Map));
    const newer = writeManifest(of(["a", { size: 1, mtimeMs: 1, sha256: "x", etag: "y" }]));
    expect(readManifest(newer.replace('"version":2', '"version":3')).files.size).toBe(0);
    const halfway = writeManifest(of(["a", { size: 1, mtimeMs: 1, sha256: "x", etag: "y" }]));
    expect(readManifest(halfway.replace('"sha256":"x",', "")).files.size).toBe(0);
});

test("the digest depends on paths and content alone, not on order, time or server", () => {
    fc.assert(
        fc.property(files, fc.nat(), (one, time) => {
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
        fc.property(files, copied, fc.nat(), (sent, others, chance) => {
            const stored = { files: sent, copied: others };
            const listed = new Map(
                [...others, ...sent].map(([name, { size, etag }]) => [name, { size, etag }]),
            );
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

const storedFile = (sha256: string): StoredFile => ({ size: 1, mtimeMs: 1, sha256, etag: "e" });

test("the digest is that of what sha256sum prints, in the order of the paths' bytes", () => {
    // The second comes after the first as bytes, and before it as JavaScript compares texts.
    const paths = ["a/b", "\uffee", "\u{1f600}"];
    const stored = new Map(paths.toReversed().map((name) => [name, storedFile("ab")]));
    const printed = paths.map((name) => `ab  ${name}\n`).join("");
    expect(contentDigest(stored)).toBe(createHash("sha256").update(printed).digest("hex"));
    expect(contentDigest(new Map())).toBe(createHash("sha256").update("").digest("hex"));
});

test("the manifest lies below our own prefix, which LLMOS neither shows nor copies", () => {
    expect(manifestKey("models/default/llama")).toBe(".pulumi-llmos/manifests/models/default/llama.json");
});

test("a manifest is one line of JSON with its version", () => {
    const manifest = of(["a", storedFile("x")]);
    expect(writeManifest({ ...manifest, owner: { cluster: "c", uid: "u" } })).toBe(
        '{"version":2,"owner":{"cluster":"c","uid":"u"},"files":[{"path":"a","size":1,"mtimeMs":1,"sha256":"x","etag":"e"}],"copied":[]}\n',
    );
});

test.each([
    "null",
    "[]",
    "7",
    '{"version":2}',
    '{"version":2,"files":{},"copied":[]}',
    '{"version":2,"owner":{"cluster":"c"},"files":[],"copied":[]}',
    '{"files":[],"copied":[]}',
    "{",
])("%s is no manifest", (content) => {
    expect(readManifest(content)).toEqual(NO_MANIFEST);
});

test.each(["path", "size", "mtimeMs", "sha256", "etag"])(
    "a file without %s makes none of the files count",
    (name) => {
        const { [name]: _gone, ...rest } = { path: "b", ...storedFile("x") } as Record<string, unknown>;
        const files = [{ path: "a", ...storedFile("x") }, rest];
        expect(readManifest(JSON.stringify({ version: 2, files, copied: [] })).files.size).toBe(0);
        expect(
            readManifest(JSON.stringify({ version: 2, files: files.slice(0, 1), copied: [] })).files.size,
        ).toBe(1);
    },
);

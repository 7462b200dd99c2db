/** Whatever stands in a state, reading it gives an outcome or a clear error, and never a guess. */

import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Fields } from "../../../provider/description/fields";
import { diff, read, remove, update } from "../../../provider/pulumi/dynamic";
import { LIFECYCLES } from "../../../provider/resources";

vi.mock("../../../provider/pulumi/engineLog", () => ({
    engineLog: { info: async () => {}, warn: async () => {} },
}));

const credentials = { accessKeyId: "AKIA", secretAccessKey: "hunter2" };
const server = { endpoint: "s3.registry.com:5000", credentials };
const allowedOrigins = ["https://llmos.example.com"];
const checks = [{ name: "keys", outcome: "passed", detail: "d", at: "2026-01-01T00:00:00.000Z" }];
const conditions = [{ type: "accessible", status: "True" }];
const written = { uid: "u", instance: "i", salt: "s", checks, schemaVersion: 1 };

const object = { name: "llama", namespace: "default", adopt: false };
const stored = {
    uid: "u",
    instance: "i",
    registryName: "models",
    path: "models/default/llama",
    storageUri: "s3://models/models/default/llama",
    conditions,
    schemaVersion: 1,
};
const content = { size: 0, fileCount: 0, contentDigest: "", contentDrift: [] };

/** A sound state of each type, and the names of what the provider has computed in it. */
const states: Record<string, { inputs: Record<string, unknown>; computed: Record<string, unknown> }> = {
    Bucket: {
        inputs: { ...server, name: "models", existing: false, forceDestroy: false, adopt: false },
        computed: {
            url: "https://s3.registry.com:5000/models",
            managed: true,
            instance: "i",
            schemaVersion: 1,
        },
    },
    BucketCors: {
        inputs: { ...server, bucket: "models", allowedOrigins, adopt: false },
        computed: { storedRules: [], writtenRules: [], enforcedBy: "bucket", checks, schemaVersion: 1 },
    },
    CredentialSecret: {
        inputs: { ...credentials, name: "keys", namespace: "llmos-system", adopt: false, proveWriting: true },
        computed: { ...written, adopted: false, digest: "d" },
    },
    RegistryObject: {
        inputs: { name: "models", endpoint: "s3.registry.com:5000", bucket: "models", secretName: "keys" },
        computed: {
            ...written,
            conditions,
            state: "Active",
            operatorVerdict: "fresh",
            operatorVerdictAt: "2026-01-01T00:00:00.000Z",
            provedDigest: "p",
            seenDigest: "p",
        },
    },
    DefaultRegistry: {
        inputs: { registry: "models" },
        computed: { isDefault: true, otherDefaults: [], instance: "i", schemaVersion: 1 },
    },
    Model: { inputs: { ...object, registry: "models" }, computed: { ...stored, ...content } },
    Dataset: { inputs: { ...object, registry: "models" }, computed: stored },
    DatasetVersion: {
        inputs: { ...object, dataset: "reviews", version: "v1" },
        computed: { ...stored, ...content, publishPhase: "" },
    },
};

test("every kind is here, with all that the provider computes for it", () => {
    const computed = Object.entries(states).map(([type, state]) => [
        type,
        Object.keys(state.computed).sort(),
    ]);
    const declared = Object.values(LIFECYCLES).map(({ type, computed: fields }) => [
        type,
        [
            ...Object.entries(fields as Fields<Record<string, unknown>>).flatMap(([name, field]) =>
                field.presence !== "optional" ? [name] : [],
            ),
            "schemaVersion",
        ].sort(),
    ]);
    expect(Object.fromEntries(computed)).toEqual(Object.fromEntries(declared));
});

test.each(Object.keys(states))("a sound state of a %s is read", async (type) => {
    const { inputs, computed } = states[type]!;
    await expect(diff(type, "id", { ...inputs, ...computed }, inputs)).resolves.toHaveProperty("changes");
});

test.each(Object.keys(states))(
    "a %s without something that the provider wrote is refused in words",
    async (type) => {
        const { inputs, computed } = states[type]!;
        for (const name of Object.keys(computed)) {
            const { [name]: _gone, ...rest } = { ...inputs, ...computed };
            const acts = [
                () => diff(type, "id", rest, inputs),
                () => read(type, "id", rest),
                () => update(type, "id", rest, inputs),
                () => remove(type, "id", rest),
            ];
            for (const act of acts) {
                await expect(act().catch((error) => error.message)).resolves.toMatch(
                    `The stack's state of this ${type} cannot be read: "${name}" is `,
                );
            }
        }
    },
);

test("any state gives an outcome or a clear error", async () => {
    const cases = fc.constantFrom(...Object.keys(states)).chain((type) => {
        const { inputs, computed } = states[type]!;
        const changed = fc.dictionary(fc.constantFrom(...Object.keys(computed)), fc.jsonValue());
        return fc.record({
            type: fc.constant(type),
            inputs: fc.constant(inputs),
            computed: fc.constant(computed),
            changed,
        });
    });
    await fc.assert(
        fc.asyncProperty(cases, async ({ type, inputs, computed, changed }) => {
            const outcome = await diff(type, "id", { ...inputs, ...computed, ...changed }, inputs).catch(
                (error) => error.finding?.code ?? error,
            );
            expect(outcome).toSatisfy(
                (one) =>
                    one === "state-unreadable" || one === "state-newer" || typeof one.changes === "boolean",
            );
        }),
    );
});

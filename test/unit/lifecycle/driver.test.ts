import { describe, expect, it, test, vi } from "vitest";
import type { Fields } from "../../../provider/description/fields";
import { failure } from "../../../provider/finding";
import { type AnyLifecycle, type Context, PartialFailure } from "../../../provider/lifecycle";
import { create, diff, read, remove, update, withoutUndefined } from "../../../provider/lifecycle/driver";
import { History } from "../../../provider/lifecycle/history";
import { Questions, WRITTEN } from "../../../provider/lifecycle/questions";
import { present } from "../../../provider/reading";
import { LIFECYCLES } from "../../../provider/resources";

/** What a change of each argument does. `message`: no argument, and no change. */
const EFFECTS: Record<string, Record<string, string>> = {
    Bucket: {
        replace: "name",
        write: "endpoint region addressing caBundle credentials existing owner",
        store: "forceDestroy registry relocate cluster clusterId reachability adopt",
        message: "awaits",
    },
    BucketCors: {
        replace: "bucket",
        write: "endpoint region addressing caBundle credentials allowedOrigins rules owner adopt",
        store: "registry cluster clusterId reachability",
        message: "awaits",
    },
    CredentialSecret: {
        replace: "name namespace clusterId",
        write: "accessKeyId secretAccessKey keyRevision proveWriting owner",
        store: "target cluster reachability adopt",
        message: "awaits",
    },
    RegistryObject: {
        replace: "name clusterId",
        write: "description endpoint bucket secretName namespace keyRevision proveWriting owner",
        store: "region addressing caBundle relocate awaitVerdict timeouts cluster reachability adopt",
        message: "awaits",
    },
    DefaultRegistry: {
        replace: "clusterId",
        write: "registry",
        store: "cluster reachability owner",
        message: "awaits",
    },
    Model: {
        replace: "name namespace clusterId registry",
        write: "cardText metadata owner",
        store: "region addressing caBundle timeouts cluster reachability adopt registryName card cardFile content ignore followSymlinks prune verify",
        message: "awaits pending",
    },
    Dataset: {
        replace: "name namespace clusterId registry",
        write: "cardText metadata owner",
        store: "region addressing caBundle timeouts cluster reachability adopt registryName card cardFile",
        message: "awaits",
    },
    DatasetVersion: {
        replace: "name namespace clusterId dataset version copyFrom",
        write: "publish owner",
        store: "region addressing caBundle timeouts cluster reachability adopt registryName republish content ignore followSymlinks prune verify",
        message: "awaits pending unpublished",
    },
};

test("every argument of every kind changes something, or is stored", () => {
    const declared = Object.values(LIFECYCLES).map(({ type, fields }) => {
        const entries = Object.entries(fields as Fields<Record<string, unknown>>);
        const effects = ["replace", "write", "store", "message"].map((effect) => [
            effect,
            entries
                .flatMap(([name, { onChange = "message" }]) => (onChange === effect ? [name] : []))
                .sort()
                .join(" "),
        ]);
        return [type, Object.fromEntries(effects)];
    });
    const expected = Object.entries(EFFECTS).map(([type, effects]) => [
        type,
        Object.fromEntries(
            Object.entries(effects).map(([effect, names]) => [effect, names.split(" ").sort().join(" ")]),
        ),
    ]);
    expect(Object.fromEntries(declared)).toEqual(Object.fromEntries(expected));
});

const bucket = LIFECYCLES["Bucket"] as AnyLifecycle;
const inputs = {
    name: "models",
    endpoint: "s3.registry.com:5000",
    credentials: { accessKeyId: "AKIA", secretAccessKey: "secret" },
    existing: false,
    adopt: false,
    forceDestroy: false,
    clusterId: "cluster-1",
};
const outputs = {
    ...inputs,
    url: "https://s3.registry.com:5000/models",
    managed: true,
    instance: "i",
    timeouts: "what is no argument is kept",
    schemaVersion: 1,
};
const nobody = new Proxy({} as Context, {
    get: (_target, name) => {
        throw new Error(`${String(name)} was used`);
    },
});

/** What a write touches by itself. */
const context = { questions: new Questions() } as Context;

describe("an update that only stores", () => {
    it("calls no server, and every argument that was declared is in the outputs", async () => {
        const { forceDestroy: _default, clusterId: _notAsked, ...rest } = inputs;
        const news = { ...rest, registry: "models", cluster: { kubeconfig: "rotated" }, reachability: "off" };
        const stored = { ...outputs, relocate: true };
        expect(diff(bucket, stored, news).changes.map(({ effect }) => effect)).toEqual(
            Array(4).fill("store"),
        );
        const updated = await update(bucket, nobody, "models", stored, news);
        expect(updated).toEqual({
            ...outputs,
            registry: "models",
            cluster: { kubeconfig: "rotated" },
            reachability: "off",
        });
        expect(diff(bucket, updated, news).changes).toEqual([]);
    });

    it("is none when a change beside it concerns a server", async () => {
        const spy = vi.spyOn(bucket, "update").mockResolvedValue(outputs);
        await update(bucket, context, "models", outputs, { ...inputs, registry: "models", existing: true });
        expect(spy).toHaveBeenCalledOnce();
        spy.mockRestore();
    });
});

describe("what a failure has left halfway", () => {
    const reason = failure("access-denied", { found: "f", where: "w", why: "y", next: "n" });

    it("is a change until an update has come to its end, whatever a refresh finds", async () => {
        const spy = vi
            .spyOn(bucket, "update")
            .mockRejectedValueOnce(new PartialFailure("models", outputs, reason));
        const failed = await update(bucket, context, "models", outputs, { ...inputs, existing: true }).catch(
            (error: PartialFailure<Record<string, unknown>>) => error.state,
        );
        expect(diff(bucket, failed, inputs).changes).toEqual([{ name: "unfinished", effect: "write" }]);

        const look = vi.spyOn(bucket, "read").mockResolvedValue(present(outputs));
        const seen = await read(bucket, nobody, "models", failed);
        expect(diff(bucket, seen?.outputs ?? {}, inputs).changes).toHaveLength(1);
        look.mockRestore();

        spy.mockResolvedValueOnce(outputs);
        const mended = await update(bucket, context, "models", seen?.outputs ?? {}, inputs);
        expect(spy).toHaveBeenCalledTimes(2);
        expect(diff(bucket, mended, inputs).changes).toEqual([]);
        spy.mockRestore();
    });
});

describe("what was asked before a write", () => {
    const reason = failure("access-denied", { found: "f", where: "w", why: "y", next: "n" });
    const driven = { ...context, history: new History() } as unknown as Context;

    test.each<["create" | "update" | "delete", () => Promise<unknown>]>([
        ["create", () => create(bucket, driven, inputs)],
        ["update", () => update(bucket, driven, "models", outputs, { ...inputs, create: false })],
        ["delete", () => remove(bucket, driven, "models", outputs)],
    ])("is asked again after a %s, even one that failed", async (verb, write) => {
        let asked = 0;
        const ask = () => context.questions.once(`${WRITTEN}${verb}`, async () => (asked += 1));
        const spy = vi.spyOn(bucket, verb as "create").mockRejectedValue(reason);
        expect([await ask(), await ask()]).toEqual([1, 1]);
        await expect(write()).rejects.toThrow("f");
        expect(await ask()).toBe(2);
        spy.mockRestore();
    });
});

test("nothing that goes to an engine holds undefined, at any depth", () => {
    const sent = withoutUndefined({
        name: "a",
        gone: undefined,
        nothing: null,
        rules: [undefined, { id: undefined, allowedOrigins: ["b", undefined] }],
        inner: { gone: undefined, deeper: { gone: undefined, kept: 0 } },
    });
    expect(sent).toStrictEqual({
        name: "a",
        nothing: null,
        rules: [{ allowedOrigins: ["b"] }],
        inner: { deeper: { kept: 0 } },
    });
});

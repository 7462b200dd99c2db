import type * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Finding, failure } from "../../../provider/finding";
import { PartialFailure } from "../../../provider/lifecycle";
import { check, configure, create, diff, read, remove, update } from "../../../provider/pulumi/dynamic";
import { absent, present } from "../../../provider/reading";
import type { BucketInputs, BucketState } from "../../../provider/resources/bucket/description";
import { bucket } from "../../../provider/resources/bucket/lifecycle";

const told = vi.hoisted(() => ({ info: [] as string[], warn: [] as string[] }));
vi.mock("../../../provider/pulumi/engineLog", () => ({
    engineLog: {
        info: async (message: string) => void told.info.push(message),
        warn: async (message: string) => void told.warn.push(message),
    },
}));

const SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const credentials = { accessKeyId: "AKIA", secretAccessKey: "hunter2" };
const given = { name: "models", endpoint: "https://s3.registry.com:5000", credentials, __provider: "code" };
const inputs: BucketInputs = {
    name: "models",
    endpoint: "s3.registry.com:5000",
    credentials,
    existing: false,
    adopt: false,
    forceDestroy: false,
};
const state: BucketState = {
    ...inputs,
    url: "https://s3.registry.com:5000/models",
    managed: true,
    instance: "first",
};
const stored = { ...state, schemaVersion: 1, __provider: "code" };

const finding: Finding = {
    code: "unknown-key",
    severity: "error",
    found: "The S3 server does not know the access key id",
    where: "https://s3.registry.com:5000",
    why: "It would be refused.",
    next: "Check accessKeyId.",
    property: "credentials.secretAccessKey",
};
const TEXT = `The S3 server does not know the access key id
  where: https://s3.registry.com:5000
  why:   It would be refused.
  next:  Check accessKeyId.`;

beforeEach(() => {
    told.info = [];
    told.warn = [];
});
afterEach(() => void vi.restoreAllMocks());

describe("check", () => {
    it("normalises, fills in defaults and keeps the engine's own key", async () => {
        vi.spyOn(bucket, "preflight").mockResolvedValue([]);
        expect(await check("Bucket", {}, given)).toStrictEqual({
            inputs: { ...inputs, __provider: "code" },
            failures: [],
        });
    });

    it("tells each wrong argument by its path, names no property and asks nobody", async () => {
        const preflight = vi.spyOn(bucket, "preflight");
        const wrong = {
            ...given,
            endpoint: "http://s3.registry.com",
            credentials: { accessKeyId: "AKIA", secretAccessKey: "hunter2\n" },
            forceDestory: true,
        };
        const { inputs: same, failures = [] } = await check("Bucket", {}, wrong);
        expect(same).toEqual(wrong);
        expect(failures.map(({ property }) => property)).toEqual(["", "", ""]);
        expect(failures.map(({ reason }) => reason.split(/[;,.] /)[0])).toEqual([
            "endpoint uses http",
            "credentials.secretAccessKey ends with white space or a newline",
            "forceDestory unknown argument",
        ]);
        expect(JSON.stringify(failures)).not.toContain("hunter2");
        expect(preflight).not.toHaveBeenCalled();
    });

    it("tells what was found, without the name of a property", async () => {
        vi.spyOn(bucket, "preflight").mockResolvedValue([finding]);
        const { failures = [] } = await check("Bucket", {}, given);
        expect(failures).toStrictEqual([{ property: "", reason: TEXT }]);
    });

    it("tells a failed question as what was found", async () => {
        vi.spyOn(bucket, "preflight").mockRejectedValue(failure("unknown-key", finding));
        expect((await check("Bucket", {}, given)).failures).toStrictEqual([{ property: "", reason: TEXT }]);
    });

    it("lets a programming error through", async () => {
        vi.spyOn(bucket, "preflight").mockRejectedValue(new TypeError("x is not a function"));
        await expect(check("Bucket", {}, given)).rejects.toThrow("x is not a function");
    });

    it("only warns of a warning", async () => {
        vi.spyOn(bucket, "preflight").mockResolvedValue([{ ...finding, severity: "warning" }]);
        expect((await check("Bucket", {}, given)).failures).toEqual([]);
        expect(told.warn).toEqual([TEXT]);
    });

    it('only warns of a failed question with reachability "warn"', async () => {
        vi.spyOn(bucket, "preflight").mockResolvedValue([finding]);
        expect((await check("Bucket", {}, { ...given, reachability: "warn" })).failures).toEqual([]);
        expect(told.warn).toEqual([TEXT]);
    });

    it('asks nobody with reachability "off"', async () => {
        const preflight = vi.spyOn(bucket, "preflight").mockResolvedValue([finding]);
        expect((await check("Bucket", {}, { ...given, reachability: "off" })).failures).toEqual([]);
        expect(preflight).not.toHaveBeenCalled();
    });

    it("holds to the rules between arguments whatever reachability says", async () => {
        const cors = { bucket: "models", endpoint: "s3.registry.com", credentials, reachability: "off" };
        const rules = [{ allowedOrigins: ["https://a.example.com"], allowedMethods: ["GET"] }];
        const { failures = [] } = await check(
            "BucketCors",
            {},
            { ...cors, rules, allowedOrigins: ["https://a.example.com"] },
        );
        expect(failures.map(({ property, reason }) => [property, reason.split("\n")[0]])).toEqual([
            ["", "Both allowedOrigins and rules are given"],
        ]);
    });

    it("hands unknown values back to the engine as they came, asks without them and says so", async () => {
        const preflight = vi.spyOn(bucket, "preflight").mockResolvedValue([]);
        const unknown = {
            ...given,
            name: SENTINEL,
            credentials: { accessKeyId: "AKIA", secretAccessKey: SENTINEL },
            owner: "project/stack::llmos:index:Bucket::models-bucket",
        };
        expect((await check("Bucket", {}, unknown)).inputs).toStrictEqual({
            ...unknown,
            endpoint: "s3.registry.com:5000",
            existing: false,
            adopt: false,
            forceDestroy: false,
        });
        expect(preflight.mock.calls[0]?.[1]).toStrictEqual({
            endpoint: "s3.registry.com:5000",
            existing: false,
            adopt: false,
            forceDestroy: false,
            owner: "project/stack::llmos:index:Bucket::models-bucket",
        });
        expect(told.info).toEqual([
            "Bucket models-bucket: not checked at preview, because not known yet: name, secretAccessKey.",
        ]);
    });

    it.each<[string, Record<string, unknown> | undefined, BucketInputs | undefined]>([
        ["none", undefined, undefined],
        ["only the engine's own key", { __provider: "code" }, undefined],
        ["the inputs of before", { ...inputs, __provider: "code" }, inputs],
    ])("compares with the resource that is there: %s", async (_title, olds, prior) => {
        const preflight = vi.spyOn(bucket, "preflight").mockResolvedValue([]);
        await check("Bucket", olds, given);
        expect(preflight.mock.calls[0]?.[2]).toEqual(prior);
    });

    it("knows the stack's configuration", async () => {
        const values: Record<string, string> = { "llmos:namespace": "elsewhere" };
        const config = { get: (key: string) => values[key] } as unknown as pulumi.dynamic.Config;
        await configure("CredentialSecret", { config });
        const secret = { name: "models-credentials", ...credentials, reachability: "off" };
        expect((await check("CredentialSecret", {}, secret)).inputs).toMatchObject({
            namespace: "elsewhere",
        });
    });
});

describe("diff", () => {
    it.each<[string, object, pulumi.dynamic.DiffResult]>([
        ["nothing", {}, { changes: false, replaces: [] }],
        ["an argument", { forceDestroy: true }, { changes: true, replaces: [] }],
        ["the name", { name: "others" }, { changes: true, replaces: ["name"] }],
        ["a name that is unknown", { name: SENTINEL }, { changes: true, replaces: [] }],
        [
            "half a credential that is unknown",
            { credentials: { accessKeyId: "AKIA", secretAccessKey: SENTINEL } },
            { changes: true, replaces: [] },
        ],
    ])("of %s", async (_title, change, expected) => {
        expect(await diff("Bucket", "id", stored, { ...inputs, ...change })).toStrictEqual(expected);
    });
});

describe("what is returned holds the schema version and no undefined:", () => {
    const holed = { ...state, region: undefined, cluster: { context: undefined } } as unknown as BucketState;
    const outs = { ...state, cluster: {}, schemaVersion: 1 };

    it("create", async () => {
        const spy = vi.spyOn(bucket, "create").mockResolvedValue({ id: "the-id", state: holed });
        expect(await create("Bucket", given)).toStrictEqual({ id: "the-id", outs });
        expect(spy.mock.calls[0]?.[1]).toStrictEqual(inputs);
    });

    it("update", async () => {
        const spy = vi.spyOn(bucket, "update").mockResolvedValue(holed);
        expect(await update("Bucket", "the-id", stored, given)).toStrictEqual({ outs });
        expect(spy.mock.calls[0]?.slice(1)).toStrictEqual(["the-id", state, inputs]);
    });

    it("read, with the inputs as well", async () => {
        vi.spyOn(bucket, "read").mockResolvedValue(present(holed));
        expect(await read("Bucket", "the-id", stored)).toStrictEqual({
            id: "the-id",
            props: outs,
            inputs: { ...inputs, cluster: {} },
        });
    });
});

describe("read", () => {
    it("of what is gone for certain gives no id", async () => {
        vi.spyOn(bucket, "read").mockResolvedValue(absent);
        expect(await read("Bucket", "the-id", stored)).toStrictEqual({ id: "", props: {} });
    });

    it("that could not find out fails, so that the state stays as it was", async () => {
        vi.spyOn(bucket, "read").mockResolvedValue({
            outcome: "unknown",
            error: failure("unknown-key", finding),
        });
        await expect(read("Bucket", "the-id", stored)).rejects.toThrow(TEXT);
    });
});

describe("an explained failure", () => {
    it.each<[string, () => Promise<unknown>]>([
        ["create", () => create("Bucket", given)],
        ["update", () => update("Bucket", "the-id", stored, given)],
        ["read", () => read("Bucket", "the-id", stored)],
        // Another name: what was checked before is declared, and not deleted in the same process.
        ["delete", () => remove("Bucket", "the-id", { ...stored, name: "undeclared" })],
    ])("of %s is shown without a stack", async (method, act) => {
        vi.spyOn(bucket, method as "create").mockRejectedValue(failure("unknown-key", finding));
        await expect(act()).rejects.toMatchObject({ message: TEXT, stack: "the reason follows" });
    });

    const partial = new PartialFailure(
        "the-id",
        { ...state, region: undefined, cluster: { context: undefined } },
        failure("unknown-key", finding),
    );
    it.each<["create" | "update", () => Promise<unknown>]>([
        ["create", () => create("Bucket", given)],
        ["update", () => update("Bucket", "the-id", stored, given)],
    ])("of %s that left something behind carries it to the engine", async (method, act) => {
        vi.spyOn(bucket, method).mockRejectedValue(partial);
        const error = await act().catch((thrown: unknown) => thrown as Record<string, unknown>);
        expect(error).toMatchObject({ message: TEXT });
        const { id, properties, reasons } = error as Record<string, unknown>;
        expect({ id, properties, reasons }).toStrictEqual({
            id: "the-id",
            // With the serialised provider: without it, nothing could refresh or delete what was left behind.
            properties: { ...state, cluster: {}, schemaVersion: 1, unfinished: true, __provider: "code" },
            reasons: [TEXT],
        });
    });
});

describe("a state that a newer release wrote is refused, and nothing is done, by", () => {
    const newer = { ...stored, schemaVersion: 2 };
    it.each<[string, "subject" | "read" | "update" | "delete", () => Promise<unknown>]>([
        ["diff", "subject", () => diff("Bucket", "id", newer, given)],
        ["read", "read", () => read("Bucket", "id", newer)],
        ["update", "update", () => update("Bucket", "id", newer, given)],
        ["remove", "delete", () => remove("Bucket", "id", newer)],
    ])("%s", async (_title, method, act) => {
        const spy = vi.spyOn(bucket, method);
        await expect(act()).rejects.toMatchObject({
            message: `The stack was written by a newer release of pulumi-llmos (schema version 2)
  where: this release reads up to schema version 1
  why:   An older release could misread it.
  next:  Install the newer release: npm install pulumi-llmos@latest`,
        });
        expect(spy).not.toHaveBeenCalled();
    });
});

it.each<[string, () => Promise<unknown>]>([
    ["check", () => check("ModelService", {}, given)],
    ["diff", () => diff("ModelService", "id", stored, given)],
    ["create", () => create("ModelService", given)],
    ["read", () => read("ModelService", "id", stored)],
    ["update", () => update("ModelService", "id", stored, given)],
    ["remove", () => remove("ModelService", "id", stored)],
])("%s refuses a type that it does not know", async (_title, act) => {
    await expect(act()).rejects.toThrow(
        'This release of pulumi-llmos knows no resource type "ModelService"; a newer one wrote this stack.',
    );
});

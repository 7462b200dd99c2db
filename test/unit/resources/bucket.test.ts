import { describe, expect, it } from "vitest";
import { type BucketInputs, type BucketState, bucket } from "../../../provider/resources/bucket";

const inputs: BucketInputs = {
    name: "models",
    endpoint: "s3.registry.com:5000",
    credentials: { accessKeyId: "AKIA", secretAccessKey: "secret" },
    create: true,
    adopt: false,
    forceDestroy: false,
};
const state: BucketState = { ...inputs, url: "https://s3.registry.com:5000/models", managed: true };
const none = new Set<string>();

describe("diff of a Bucket", () => {
    it.each<[string, Partial<BucketInputs>, string[], string[]]>([
        ["nothing", {}, [], []],
        ["name", { name: "others" }, ["name"], ["name"]],
        ["endpoint", { endpoint: "s3.registry.com" }, ["endpoint"], []],
        ["keys", { credentials: { accessKeyId: "AKIA", secretAccessKey: "new" } }, ["credentials"], []],
        ["keys to a Secret", { credentials: { secretName: "s" } }, ["credentials"], []],
        ["region", { region: "eu-central-1" }, ["region"], []],
        ["addressing", { addressing: "path" }, ["addressing"], []],
        ["caBundle", { caBundle: "PEM" }, ["caBundle"], []],
        ["create", { create: false }, ["create"], []],
        ["forceDestroy", { forceDestroy: true }, ["forceDestroy"], []],
        [
            "what leaves nothing to do",
            { reachability: "off", owner: "p/s/r", awaits: ["name"], adopt: true, cluster: { context: "c" } },
            [],
            [],
        ],
    ])("with a change of %s", (_title, change, changes, replaces) => {
        expect(bucket.diff(state, { ...inputs, ...change }, none)).toEqual({ changes, replaces });
    });

    it("does not replace for a name or an endpoint that is still unknown", () => {
        const { name: _name, endpoint: _endpoint, ...rest } = inputs;
        expect(bucket.diff(state, rest, new Set(["name", "endpoint"]))).toEqual({
            changes: ["name", "endpoint"],
            replaces: [],
        });
    });
});

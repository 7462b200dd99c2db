import { describe, expect, it } from "vitest";
import type { BucketInputs, BucketState } from "../../../provider/resources/bucket/description";
import { bucket } from "../../../provider/resources/bucket/lifecycle";
import { diffOf } from "../../support/difference";

const inputs: BucketInputs = {
    name: "models",
    endpoint: "s3.registry.com:5000",
    credentials: { accessKeyId: "AKIA", secretAccessKey: "secret" },
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
const none = new Set<string>();

describe("diff of a Bucket", () => {
    it.each<[string, Partial<BucketInputs>, string[], string[], string[]?]>([
        ["nothing", {}, [], []],
        ["name", { name: "others" }, ["name"], ["name"]],
        ["endpoint", { endpoint: "s3.registry.com" }, ["endpoint"], []],
        ["keys", { credentials: { accessKeyId: "AKIA", secretAccessKey: "new" } }, ["credentials"], []],
        ["keys to a Secret", { credentials: { secretName: "s" } }, ["credentials"], []],
        ["region", { region: "eu-central-1" }, ["region"], []],
        ["addressing", { addressing: "path" }, ["addressing"], []],
        ["caBundle", { caBundle: "PEM" }, ["caBundle"], []],
        ["existing", { existing: true }, ["existing"], []],
        ["its owner", { owner: "p/s/r" }, ["owner"], []],
        [
            "what refresh and delete go by",
            {
                forceDestroy: true,
                registry: "r",
                relocate: true,
                reachability: "off",
                awaits: ["name"],
                adopt: true,
                cluster: { context: "c" },
            },
            [],
            [],
            ["forceDestroy", "registry", "relocate", "cluster", "reachability", "adopt"],
        ],
    ])("with a change of %s", (_title, change, changes, replaces, stores = []) => {
        expect(diffOf(bucket, state, { ...inputs, ...change }, none)).toEqual({ changes, stores, replaces });
    });

    it("does not replace for a name or an endpoint that is still unknown", () => {
        const { name: _name, endpoint: _endpoint, ...rest } = inputs;
        expect(diffOf(bucket, state, rest, new Set(["name", "endpoint"]))).toEqual({
            changes: ["name", "endpoint"],
            replaces: [],
            stores: [],
        });
    });
});

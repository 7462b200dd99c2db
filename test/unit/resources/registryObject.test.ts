import { describe, expect, it } from "vitest";
import type {
    RegistryObjectInputs,
    RegistryObjectState,
} from "../../../provider/resources/registryObject/description";
import { registryObject } from "../../../provider/resources/registryObject/lifecycle";
import { diffOf } from "../../support/difference";

const inputs: RegistryObjectInputs = {
    name: "models",
    description: "Shared model store",
    endpoint: "s3.registry.com:5000",
    bucket: "models",
    secretName: "models-credentials",
    namespace: "llmos-system",
    keyRevision: 1,
    relocate: false,
    proveWriting: true,
    awaitVerdict: true,
    adopt: false,
    clusterId: "cluster-1",
};
const state: RegistryObjectState = {
    ...inputs,
    uid: "u1",
    instance: "first",
    state: "Active",
    conditions: [],
    operatorVerdict: "fresh",
    operatorVerdictAt: "2026-01-01T00:00:00.000Z",
    checks: [],
    salt: "salt",
    provedDigest: "proved",
    seenDigest: "proved",
};
const none = new Set<string>();

describe("diff of a RegistryObject", () => {
    it("does not let an Inactive registry pass for done, unless nobody waits for the verdict", () => {
        const inactive: RegistryObjectState = { ...state, state: "Inactive" };
        expect(diffOf(registryObject, inactive, inputs, none).changes).toEqual(["state"]);
        expect(diffOf(registryObject, inactive, { ...inputs, awaitVerdict: false }, none).changes).toEqual(
            [],
        );
    });

    it.each<[string, Partial<RegistryObjectInputs>, string[], string[], string[]?]>([
        ["nothing", {}, [], []],
        ["name", { name: "others" }, ["name"], ["name"]],
        ["cluster", { clusterId: "cluster-2" }, ["clusterId"], ["clusterId"]],
        ["description", { description: "Another" }, ["description"], []],
        ["endpoint", { endpoint: "s3.registry.com" }, ["endpoint"], []],
        ["bucket", { bucket: "others" }, ["bucket"], []],
        ["Secret", { secretName: "others" }, ["secretName"], []],
        ["namespace", { namespace: "others" }, ["namespace"], []],
        ["keys in the Secret", { keyRevision: 2 }, ["keyRevision"], []],
        ["what is to be proved", { proveWriting: false }, ["proveWriting"], []],
        [
            "what refresh and delete go by",
            {
                relocate: true,
                awaitVerdict: false,
                timeouts: { graceSeconds: 1 },
                caBundle: "PEM",
                region: "eu-central-1",
                addressing: "path",
                reachability: "off",
                awaits: ["name"],
                adopt: true,
                cluster: { kubeconfig: "rotated" },
            },
            [],
            [],
            [
                "relocate",
                "awaitVerdict",
                "timeouts",
                "region",
                "addressing",
                "caBundle",
                "cluster",
                "reachability",
                "adopt",
            ],
        ],
    ])("with a change of %s", (_title, change, changes, replaces, stores = []) => {
        expect(diffOf(registryObject, state, { ...inputs, ...change }, none)).toEqual({
            changes,
            stores,
            replaces,
        });
    });

    it("sees that somebody took the description away", () => {
        const { description: _gone, ...drifted } = state;
        expect(diffOf(registryObject, drifted, inputs, none).changes).toEqual(["description"]);
    });

    it.each(["missing", "another digest"])(
        "sees that the keys in the Secret were changed (%s)",
        (seenDigest) => {
            expect(diffOf(registryObject, { ...state, seenDigest }, inputs, none)).toEqual({
                changes: ["seenDigest"],
                replaces: [],
                stores: [],
            });
        },
    );

    it("does not replace for what is still unknown", () => {
        const { name: _name, keyRevision: _digest, ...rest } = inputs;
        expect(diffOf(registryObject, state, rest, new Set(["name", "keyRevision"]))).toEqual({
            changes: ["name", "keyRevision"],
            replaces: [],
            stores: [],
        });
    });

    it("does not take a cluster that was not asked for another one", () => {
        const { clusterId: _id, ...rest } = inputs;
        expect(diffOf(registryObject, state, rest, none)).toEqual({ changes: [], stores: [], replaces: [] });
    });
});

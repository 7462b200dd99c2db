import { describe, expect, it } from "vitest";
import type { RegistryObjectInputs, RegistryObjectState } from "../../../provider/resources/registryInputs";
import { registryObject } from "../../../provider/resources/registryObject";

const inputs: RegistryObjectInputs = {
    name: "models",
    description: "Shared model store",
    endpoint: "s3.registry.com:5000",
    bucket: "models",
    secretName: "models-credentials",
    namespace: "llmos-system",
    credentialDigest: "digest-1",
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
        expect(registryObject.diff(inactive, inputs, none).changes).toEqual(["awaitVerdict"]);
        expect(registryObject.diff(inactive, { ...inputs, awaitVerdict: false }, none).changes).toEqual([]);
    });

    it.each<[string, Partial<RegistryObjectInputs>, string[], string[]]>([
        ["nothing", {}, [], []],
        ["name", { name: "others" }, ["name"], ["name"]],
        ["cluster", { clusterId: "cluster-2" }, ["clusterId"], ["clusterId"]],
        ["description", { description: "Another" }, ["description"], []],
        ["endpoint", { endpoint: "s3.registry.com" }, ["endpoint"], []],
        ["bucket", { bucket: "others" }, ["bucket"], []],
        ["Secret", { secretName: "others" }, ["secretName"], []],
        ["namespace", { namespace: "others" }, ["namespace"], []],
        ["keys in the Secret", { credentialDigest: "digest-2" }, ["credentialDigest"], []],
        [
            "what leaves nothing to do",
            {
                relocate: true,
                proveWriting: false,
                awaitVerdict: false,
                timeouts: { graceSeconds: 1 },
                caBundle: "PEM",
                region: "eu-central-1",
                addressing: "path",
                reachability: "off",
                owner: "p/s/r",
                awaits: ["name"],
                adopt: true,
                cluster: { kubeconfig: "rotated" },
            },
            [],
            [],
        ],
    ])("with a change of %s", (_title, change, changes, replaces) => {
        expect(registryObject.diff(state, { ...inputs, ...change }, none)).toEqual({ changes, replaces });
    });

    it("sees that somebody took the description away", () => {
        const { description: _gone, ...drifted } = state;
        expect(registryObject.diff(drifted, inputs, none).changes).toEqual(["description"]);
    });

    it.each(["missing", "another digest"])(
        "sees that the keys in the Secret were changed (%s)",
        (seenDigest) => {
            expect(registryObject.diff({ ...state, seenDigest }, inputs, none)).toEqual({
                changes: ["secretName"],
                replaces: [],
            });
        },
    );

    it("does not replace for what is still unknown", () => {
        const { name: _name, credentialDigest: _digest, ...rest } = inputs;
        expect(registryObject.diff(state, rest, new Set(["name", "credentialDigest"]))).toEqual({
            changes: ["name", "credentialDigest"],
            replaces: [],
        });
    });

    it("does not take a cluster that was not asked for another one", () => {
        const { clusterId: _id, ...rest } = inputs;
        expect(registryObject.diff(state, rest, none)).toEqual({ changes: [], replaces: [] });
    });
});

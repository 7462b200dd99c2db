import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
    type CredentialSecretInputs,
    type CredentialSecretState,
    credentialSecret,
} from "../../../provider/resources/credentialSecret";

const inputs: CredentialSecretInputs = {
    name: "models-credentials",
    namespace: "llmos-system",
    accessKeyId: "AKIA",
    secretAccessKey: "secret",
    target: { endpoint: "s3.registry.com:5000", bucket: "models" },
    proveWriting: true,
    adopt: false,
    clusterId: "cluster-1",
};
const state: CredentialSecretState = {
    ...inputs,
    uid: "u1",
    instance: "first",
    salt: "salt",
    digest: createHmac("sha256", "salt").update('["AKIA","secret"]').digest("hex"),
    checks: [],
};
const none = new Set<string>();

describe("diff of a CredentialSecret", () => {
    it.each<[string, Partial<CredentialSecretInputs>, string[], string[]]>([
        ["nothing", {}, [], []],
        ["name", { name: "others" }, ["name"], ["name"]],
        ["namespace", { namespace: "others" }, ["namespace"], ["namespace"]],
        ["cluster", { clusterId: "cluster-2" }, ["clusterId"], ["clusterId"]],
        ["secret access key", { secretAccessKey: "new" }, ["secretAccessKey"], []],
        ["access key id", { accessKeyId: "AKIB" }, ["accessKeyId"], []],
        ["both keys", { accessKeyId: "AKIB", secretAccessKey: "new" }, ["accessKeyId"], []],
        [
            "what leaves nothing to do",
            {
                target: { endpoint: "s3.registry.com", bucket: "others" },
                proveWriting: false,
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
        expect(credentialSecret.diff(state, { ...inputs, ...change }, none)).toEqual({ changes, replaces });
    });

    it.each(["incomplete", "another digest"])("sees that the Secret was changed (%s)", (digest) => {
        expect(credentialSecret.diff({ ...state, digest }, inputs, none)).toEqual({
            changes: ["secretAccessKey"],
            replaces: [],
        });
    });

    it("does not replace for what is still unknown", () => {
        const { name: _name, namespace: _namespace, secretAccessKey: _key, ...rest } = inputs;
        const unknowns = new Set(["name", "namespace", "secretAccessKey"]);
        expect(credentialSecret.diff(state, rest, unknowns)).toEqual({
            changes: ["name", "namespace", "secretAccessKey"],
            replaces: [],
        });
    });

    it("does not take a cluster that was not asked for another one", () => {
        const { clusterId: _id, ...rest } = inputs;
        expect(credentialSecret.diff(state, rest, none)).toEqual({ changes: [], replaces: [] });
    });
});

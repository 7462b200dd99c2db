import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type {
    CredentialSecretInputs,
    CredentialSecretState,
} from "../../../provider/resources/credentialSecret/description";
import { credentialSecret } from "../../../provider/resources/credentialSecret/lifecycle";
import { diffOf } from "../../support/difference";

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
    adopted: false,
    salt: "salt",
    digest: createHmac("sha256", "salt").update('["AKIA","secret"]').digest("hex"),
    checks: [],
};
const none = new Set<string>();

describe("diff of a CredentialSecret", () => {
    it.each<[string, Partial<CredentialSecretInputs>, string[], string[], string[]?]>([
        ["nothing", {}, [], []],
        ["name", { name: "others" }, ["name"], ["name"]],
        ["namespace", { namespace: "others" }, ["namespace"], ["namespace"]],
        ["cluster", { clusterId: "cluster-2" }, ["clusterId"], ["clusterId"]],
        ["secret access key", { secretAccessKey: "new" }, ["secretAccessKey"], []],
        ["access key id", { accessKeyId: "AKIB" }, ["accessKeyId"], []],
        ["both keys", { accessKeyId: "AKIB", secretAccessKey: "new" }, ["accessKeyId"], []],
        ["what is to be proved", { proveWriting: false }, ["proveWriting"], []],
        [
            "what refresh and delete go by",
            {
                target: { endpoint: "s3.registry.com", bucket: "others" },
                reachability: "off",
                awaits: ["name"],
                adopt: true,
                cluster: { kubeconfig: "rotated" },
            },
            [],
            [],
            ["target", "cluster", "reachability", "adopt"],
        ],
    ])("with a change of %s", (_title, change, changes, replaces, stores = []) => {
        expect(diffOf(credentialSecret, state, { ...inputs, ...change }, none)).toEqual({
            changes,
            stores,
            replaces,
        });
    });

    it.each(["incomplete", "another digest"])("sees that the Secret was changed (%s)", (digest) => {
        expect(diffOf(credentialSecret, { ...state, digest }, inputs, none)).toEqual({
            changes: ["secretAccessKey"],
            replaces: [],
            stores: [],
        });
    });

    it("does not replace for what is still unknown", () => {
        const { name: _name, namespace: _namespace, secretAccessKey: _key, ...rest } = inputs;
        const unknowns = new Set(["name", "namespace", "secretAccessKey"]);
        expect(diffOf(credentialSecret, state, rest, unknowns)).toEqual({
            changes: ["name", "namespace", "secretAccessKey"],
            replaces: [],
            stores: [],
        });
    });

    it("does not take a cluster that was not asked for another one", () => {
        const { clusterId: _id, ...rest } = inputs;
        expect(diffOf(credentialSecret, state, rest, none)).toEqual({
            changes: [],
            stores: [],
            replaces: [],
        });
    });
});

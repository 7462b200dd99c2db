import { beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../../provider/lifecycle";
import type {
    DefaultRegistryInputs,
    DefaultRegistryState,
} from "../../../provider/resources/defaultRegistry/description";
import { defaultRegistry } from "../../../provider/resources/defaultRegistry/lifecycle";
import { diffOf } from "../../support/difference";

const inputs: DefaultRegistryInputs = {
    registry: "models",
    clusterId: "cluster-1",
    owner: "p/s/models-default",
};
const state: DefaultRegistryState = { ...inputs, isDefault: true, otherDefaults: [], instance: "first" };
const none = new Set<string>();

describe("diff of a DefaultRegistry", () => {
    it.each<[string, Partial<DefaultRegistryInputs>, string[], string[], string[]?]>([
        ["nothing", {}, [], []],
        ["registry", { registry: "others" }, ["registry"], []],
        ["cluster", { clusterId: "cluster-2" }, ["clusterId"], ["clusterId"]],
        [
            "what refresh and delete go by",
            { reachability: "off", owner: "p/s/r", awaits: ["name"], cluster: { kubeconfig: "rotated" } },
            [],
            [],
            ["owner", "cluster", "reachability"],
        ],
    ])("with a change of %s", (_title, change, changes, replaces, stores = []) => {
        expect(diffOf(defaultRegistry, state, { ...inputs, ...change }, none)).toEqual({
            changes,
            stores,
            replaces,
        });
    });

    it("sees, once, that somebody else has become the default", () => {
        const taken: DefaultRegistryState = { ...state, isDefault: false, otherDefaults: ["others"] };
        expect(diffOf(defaultRegistry, taken, inputs, none).changes).toEqual(["registry"]);
        expect(diffOf(defaultRegistry, taken, { ...inputs, registry: "third" }, none).changes).toEqual([
            "registry",
        ]);
    });

    it("does not replace for what is still unknown, or was not asked", () => {
        expect(diffOf(defaultRegistry, state, { owner: "p/s/r" }, new Set(["registry"]))).toEqual({
            changes: ["registry"],
            replaces: [],
            stores: ["owner"],
        });
    });
});

describe("create of a DefaultRegistry", () => {
    it("takes the flag from nobody when its own registry does not exist", async () => {
        const merged: string[] = [];
        const marked = {
            metadata: { name: "others", annotations: { "ml.llmos.ai/is-default-registry": "true" } },
        };
        const cluster = {
            server: "https://cluster",
            identity: async () => "cluster-1",
            read: async () => ({ outcome: "absent" }),
            list: async () => [marked],
            merge: async (path: string) => merged.push(path),
        };
        const context = { cluster: async () => cluster } as unknown as Context;
        await expect(defaultRegistry.create(context, inputs)).rejects.toThrow(
            'The Registry "models" does not exist and cannot be made the default',
        );
        expect(merged).toEqual([]);
    });
});

describe("two defaults in one program", () => {
    let context: Context;
    beforeEach(() => {
        context = { history: { created: new Set(), defaultClaims: new Map() } } as unknown as Context;
    });
    const found = (claim: DefaultRegistryInputs) =>
        defaultRegistry
            .acrossProgram?.(context, claim)
            .map(({ code, severity, found }) => [code, severity, found]);
    const rival = { ...inputs, registry: "others", owner: "p/s/others-default" };

    it("are an error that names both", () => {
        expect(found(inputs)).toEqual([]);
        expect(found(rival)).toEqual([
            [
                "two-defaults",
                "error",
                'Two registries of this program want to be the default: "models" and "others"',
            ],
        ]);
    });

    it("are none when the same resource is checked again, or has moved on", () => {
        expect([found(inputs), found(inputs), found({ ...inputs, registry: "others" })]).toEqual([
            [],
            [],
            [],
        ]);
    });

    it("are none in two clusters, known or only named", () => {
        const { clusterId: _id, ...unasked } = rival;
        expect([
            found(inputs),
            found({ ...rival, clusterId: "cluster-2" }),
            found({ ...unasked, cluster: { context: "a" } }),
            found({ ...unasked, cluster: { context: "b" }, owner: "p/s/third-default" }),
        ]).toEqual([[], [], [], []]);
    });

    it("are an error where the cluster cannot be asked, too", () => {
        const { clusterId: _one, ...unasked } = inputs;
        const { clusterId: _two, ...unaskedRival } = rival;
        expect(found(unasked)).toEqual([]);
        expect(found(unaskedRival)).toHaveLength(1);
    });
});

/** What the plugin answers without a server of S3 or of a cluster. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { failure } from "../../../../provider/finding";
import { PartialFailure } from "../../../../provider/lifecycle";
import { Empty } from "../../../../provider/pulumi/plugin/protocol";
import { packed, unpacked } from "../../../../provider/pulumi/plugin/values";
import { LIFECYCLES } from "../../../../provider/resources";
import { PluginClient, partialOf, urnOf } from "../../../support/pluginClient";
import { ROOT } from "../../../support/processes";

const bucket = LIFECYCLES["Bucket"]!;
const credentials = { accessKeyId: "AKIA", secretAccessKey: "hunter2" };
const given = { name: "models", endpoint: "s3.registry.com", credentials, reachability: "off" };
const reason = failure("unknown-key", { found: "No such key", where: "there", why: "So.", next: "Do." });

let plugin: PluginClient;
beforeAll(async () => {
    plugin = await PluginClient.start();
});
afterAll(() => plugin.stop());
afterEach(() => {
    vi.restoreAllMocks();
});

test("it tells the schema and the version of the package", async () => {
    const schema = await plugin.call<messages.GetSchemaResponse>(
        "getSchema",
        new messages.GetSchemaRequest(),
    );
    expect(schema.getSchema()).toBe(readFileSync(join(ROOT, "plugin", "schema.json"), "utf8"));
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect((await plugin.call<{ getVersion(): string }>("getPluginInfo", new Empty())).getVersion()).toBe(
        version,
    );
});

test("a configuration keeps its kubeconfig secret, and its faults are told without naming a property", async () => {
    const check = (news: object) =>
        plugin.call<messages.CheckResponse>(
            "checkConfig",
            new messages.CheckRequest().setNews(packed({ version: "0.1.0", ...news })),
        );
    const checked = await check({ kubeconfig: "apiVersion: v1" });
    expect(checked.getFailuresList()).toEqual([]);
    const { version, kubeconfig } = unpacked(checked.getInputs());
    expect(version).toBe("0.1.0");
    expect(kubeconfig).toMatchObject({ value: "apiVersion: v1" });
    const refused = (await check({ caBundle: "/etc/ca.pem", namespace: "Models" })).getFailuresList();
    expect(refused.map((each) => each.getProperty())).toEqual(["", ""]);
    expect(refused.map((each) => each.getReason()).join("\n")).toMatch(
        /^caBundle holds no PEM.*\nnamespace "Models"/s,
    );
});

test("another configuration is a change, and never another resource", async () => {
    const diff = async (olds: object, news: object) => {
        const request = new messages.DiffRequest().setOlds(packed({ ...olds })).setNews(packed({ ...news }));
        const response = await plugin.call<messages.DiffResponse>("diffConfig", request);
        return [response.getChanges(), response.getDiffsList(), response.getReplacesList()];
    };
    const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
    expect(await diff({ context: "a", version: "1" }, { context: "a", version: "2" })).toEqual([
        DIFF_NONE,
        [],
        [],
    ]);
    expect(await diff({ context: "a" }, { context: "b" })).toEqual([DIFF_SOME, ["context"], []]);
});

test("what a create or an update has left halfway goes along with its failure, its keys as secrets", async () => {
    const { inputs } = await plugin.check("Bucket", "models", given);
    const state = { ...given, url: "https://s3.registry.com/models", managed: true, instance: "i" };
    const partial = new PartialFailure("the-id", state, reason);
    vi.spyOn(bucket, "create").mockRejectedValue(partial);
    vi.spyOn(bucket, "update").mockRejectedValue(partial);
    const held = {
        kind: "Bucket",
        name: "models",
        id: "the-id",
        inputs,
        outputs: { ...state, schemaVersion: 1 },
    };
    for (const act of [
        () => plugin.create("Bucket", "models", given),
        () => plugin.update(held, { ...given, forceDestroy: true, region: "r", addressing: "path" }),
    ]) {
        const error = await act().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ details: reason.message });
        const left = partialOf(error);
        expect(left).toMatchObject({ id: "the-id", reasons: [reason.message] });
        expect(left?.outputs).toMatchObject({
            unfinished: true,
            credentials: { secretAccessKey: { value: "hunter2" } },
        });
    }
});

test.each(["create", "read", "delete"] as const)(
    "an explained failure of %s is told as it is",
    async (verb) => {
        vi.spyOn(bucket, verb).mockRejectedValue(reason);
        const { inputs } = await plugin.check("Bucket", "models", given);
        const outputs = {
            ...inputs,
            name: "undeclared",
            url: "",
            managed: true,
            instance: "i",
            schemaVersion: 1,
        };
        const held = { kind: "Bucket", name: "models", id: "models", inputs, outputs };
        const calls = {
            create: () => plugin.create("Bucket", "models", given),
            read: () => plugin.read(held, held),
            delete: () => plugin.delete(held),
        };
        await expect(calls[verb]()).rejects.toMatchObject({ details: reason.message });
    },
);

test("a type that it does not know, and a call that it does not have, are said to be that", async () => {
    const request = new messages.CheckRequest().setUrn(urnOf("ModelService", "m"));
    await expect(plugin.call("check", request)).rejects.toMatchObject({
        details: expect.stringContaining('knows no resource type "ModelService"'),
    });
    await expect(plugin.call("getMapping", new messages.GetMappingRequest())).rejects.toMatchObject({
        code: 12,
    });
});

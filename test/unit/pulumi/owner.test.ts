/** How a resource is named in the marks of what it makes. */
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { Bucket, Model } from "../../../provider";
import { nameOf, ownerOf, ownerWords } from "../../../provider/lifecycle/owner";
import { registrations } from "../../support/registrations";

const args = {
    name: "models",
    endpoint: "s3.registry.com",
    credentials: { accessKeyId: "AKIA", secretAccessKey: "secret" },
};

test("no two resources of a program share one: kind and parents are part of it", async () => {
    const declared: unknown[] = [];
    const program = () => {
        const team = new pulumi.ComponentResource("acme:index:Team", "team");
        const other = new pulumi.ComponentResource("acme:index:Other", "other", {}, { parent: team });
        new Bucket("models", args);
        new Model("models", { registry: "models" });
        new Bucket("models", args, { parent: team });
        new Bucket("models", args, { parent: other });
    };
    await registrations(program, false, async (_kind, name, inputs) => {
        declared.push(inputs["owner"]);
        return { id: name, state: inputs };
    });
    expect(declared.sort()).toEqual([
        "project/dev::acme:index:Team$acme:index:Other$llmos:index:Bucket::models",
        "project/dev::acme:index:Team$llmos:index:Bucket::models",
        "project/dev::llmos:index:Bucket::models",
        "project/dev::llmos:index:Model::models",
    ]);
});

test.each(["models", "a::b", "with/slash"])("the name %s is told with its stack", (name) => {
    const owner = ownerOf("shop", "prod", "llmos:index:Registry$llmos:index:Bucket", name);
    expect(nameOf(owner)).toBe(name);
    expect(ownerWords(owner, [])).toBe(`"${name}" of the stack shop/prod`);
    const moved = ownerOf("shop", "prod", "llmos:index:Bucket", name);
    expect(ownerWords(owner, [moved])).toBe(
        `"${name}" (llmos:index:Registry$llmos:index:Bucket) of this stack`,
    );
});

test("a mark that is none of ours is told as it is", () => {
    expect(nameOf("somebody")).toBe("somebody");
    expect(ownerWords("somebody", [])).toBe('"somebody"');
});

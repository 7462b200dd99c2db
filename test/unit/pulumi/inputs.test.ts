import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { Bucket } from "../../../provider";
import { registrations } from "../../support/registrations";

test.each([undefined, null])("credentials that come to %s leave the program whole", async (nothing) => {
    const declared: unknown[] = [];
    const program = () => {
        const credentials = pulumi.output<never>(nothing as never);
        new Bucket("models", { name: "models", endpoint: "s3.registry.com", credentials });
    };
    await registrations(program, false, async (_kind, name, inputs) => {
        declared.push(inputs["credentials"] ?? undefined);
        return { id: name, state: inputs };
    });
    expect(declared).toEqual([undefined]);
});

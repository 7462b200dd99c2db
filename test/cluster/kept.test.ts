/** What is replaced by itself, has another resource name, or was adopted as it was, stays what and where it is. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { BucketCors, Registry, type RegistryArgs } from "../../provider";
import { Outside } from "../support/outside";
import { Registries } from "../support/registries";
import { StackStandIn, type StandInRun } from "../support/stackStandIn";

const sandbox = inject("cluster");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
const credentials = { accessKeyId, secretAccessKey };
const REGISTRY = "/apis/ml.llmos.ai/v1/registries";
const DEFAULT = "ml.llmos.ai/is-default-registry";
const timeouts = { settleSeconds: 0.5 };

let outside: Outside;
const stack = new StackStandIn(sandbox);

const program = () =>
    void new Registry("made", {
        endpoint,
        bucket: { name: "kept-bucket", adopt: true },
        credentials,
        cors: { allowedOrigins: ["https://llmos.example.com"] },
        default: true,
        timeouts,
    });

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    await stack.succeeds(stack.up(program));
});
afterAll(async () => {
    await outside?.clear();
    outside?.s3.destroy();
});

test("a replacement that is forced leaves the same registry in place, and everything below it", async () => {
    const registry = await outside.registry("made");
    const secret = await outside.secret("made-credentials");
    const parts = ["bucket", "secret", "cors", "registry", "default"].map((part) => `made-${part}`);
    const run = await stack.succeeds(stack.up(program, ...parts));
    expect(run.done.filter((each) => each.startsWith("created replacement"))).toHaveLength(5);
    expect(run.done.filter((each) => each.startsWith("deleted original"))).toHaveLength(5);
    const after = await outside.registry("made");
    expect(after.metadata.uid).toBe(registry.metadata.uid);
    expect(after.metadata.annotations[DEFAULT]).toBe("true");
    expect(await outside.secret("made-credentials")).toEqual(secret);
    expect(await outside.origins("kept-bucket")).toEqual(["https://llmos.example.com"]);
    expect((await stack.refresh()).done).toEqual([]);
    expect((await stack.up(program)).done).toEqual([]);
});

describe("what was adopted as it was", () => {
    const adopter = new StackStandIn(sandbox);

    /** Adopts the Registry `kept`; with `failing`, the program ends badly after that. */
    const adopting = (resource: string, more: Partial<RegistryArgs> = {}, failing = false) => {
        return () => {
            const registry = new Registry(resource, {
                name: "kept",
                endpoint,
                bucket: { name: "kept-bucket", existing: true },
                credentials: { secretName: "made-credentials", existing: true },
                cors: { unmanaged: true },
                default: true,
                adopt: true,
                timeouts,
                ...more,
            });
            if (failing) {
                const keys = { endpoint, bucket: "nowhere", credentials };
                const cors = { ...keys, allowedOrigins: ["https://llmos.example.com"] };
                new BucketCors("failing", cors, { dependsOn: registry });
            }
        };
    };

    async function setDefault(name: string, value: string): Promise<void> {
        const metadata = { annotations: { [DEFAULT]: value } };
        await outside.expect(200, "PATCH", `${REGISTRY}/${name}`, { metadata });
    }

    /** Runs, and the Registry is the very same afterwards. */
    async function expectKept(running: () => Promise<StandInRun>): Promise<StandInRun> {
        const { metadata } = await outside.registry("kept");
        const run = await running();
        expect((await outside.registry("kept"))?.metadata, run.told.join("\n")).toEqual(metadata);
        return run;
    }

    beforeAll(async () => {
        const { spec } = await outside.registry("made");
        const head = { apiVersion: "ml.llmos.ai/v1", kind: "Registry", metadata: { name: "kept" } };
        await outside.expect(201, "POST", REGISTRY, { ...head, spec });
        await new Registries(outside.ask).settled("kept", "True", 60_000);
        await setDefault("made", "false");
        await setDefault("kept", "true");
        await expectKept(() => adopter.succeeds(adopter.up(adopting("first"))));
    });

    test("outlives a replacement that is forced", async () => {
        const run = await expectKept(() =>
            adopter.succeeds(adopter.up(adopting("first"), "first-registry", "first-default")),
        );
        expect(run.done.filter((each) => each.startsWith("deleted original"))).toHaveLength(2);
    });

    test("outlives another name of its resource, also when the up ended before the old resource was gone", async () => {
        await expectKept(() => adopter.succeeds(adopter.up(adopting("second"))));
        const failed = await expectKept(() => adopter.up(adopting("third", {}, true)));
        expect(failed.failed).toBe(true);
        expect(failed.done).toEqual([
            "created third-bucket",
            "created third-registry",
            "created third-default",
        ]);
        const again = await expectKept(() => adopter.succeeds(adopter.up(adopting("third"))));
        expect(again.done).toContain("deleted second-registry");
    });

    test("is deleted by the stack that has it in the end, whichever has marked it", async () => {
        const own = adopting("third", { description: "Ours" });
        await adopter.succeeds(adopter.up(own));
        // Like `pulumi state delete`.
        for (const name of ["third-registry", "third-default"]) {
            expect(adopter.resources.delete(name)).toBe(true);
        }
        await adopter.succeeds(adopter.up(own));
        await adopter.succeeds(adopter.destroy());
        expect((await outside.named("")).registries).toEqual(["made"]);
    });
});

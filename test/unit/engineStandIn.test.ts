/** The stand-in of the engine is no kinder than the engine. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { failure } from "../../provider/finding";
import { LIFECYCLES } from "../../provider/resources";
import { bucket } from "../../provider/resources/bucket/lifecycle";
import { credentialSecret } from "../../provider/resources/credentialSecret/lifecycle";
import { registryObject } from "../../provider/resources/registryObject/lifecycle";
import { EngineStandIn, registries } from "../support/engineStandIn";

const secretAccessKey = "hunter2-hunter2";
const engine = new EngineStandIn({ kubeconfigFile: "/nowhere" }, { secrets: [secretAccessKey] });
const program = registries({
    models: {
        endpoint: "s3.registry.com:5000",
        bucket: { name: "models", existing: true },
        credentials: { accessKeyId: "AKIA", secretAccessKey },
        cors: { unmanaged: true },
    },
});

beforeEach(() => {
    for (const lifecycle of Object.values(LIFECYCLES)) {
        vi.spyOn(lifecycle, "preflight").mockResolvedValue([]);
        if (lifecycle.complete) {
            vi.spyOn(lifecycle as Required<typeof lifecycle>, "complete").mockResolvedValue({});
        }
    }
});
afterEach(() => void vi.restoreAllMocks());

test.each([secretAccessKey, Buffer.from(secretAccessKey).toString("base64")])(
    "it fails when a key is reported: %s",
    async (found) => {
        const words = { found, where: "there", why: "It is so.", next: "Do it." };
        vi.spyOn(bucket, "preflight").mockRejectedValue(failure("unknown-key", words));
        await expect(engine.preview(program)).rejects.toThrow("A key was found in the words of preview");
    },
);

test("it fails on a fault of the provider", async () => {
    vi.spyOn(bucket, "preflight").mockRejectedValue(new TypeError("x is not a function"));
    await expect(engine.preview(program)).rejects.toThrow("x is not a function");
});

test("preview creates nothing, and what would be computed is unknown", async () => {
    const creates = [bucket, credentialSecret, registryObject].map((each) => vi.spyOn(each, "create"));
    expect(await engine.preview(program)).toEqual([]);
    const [, inputs] = vi.mocked(registryObject.preflight).mock.calls[0] ?? [];
    expect(inputs).toMatchObject({ secretName: "models-credentials" });
    expect(inputs).not.toHaveProperty("keyRevision");
    for (const create of creates) {
        expect(create).not.toHaveBeenCalled();
    }
});

test("up hands on what was computed, and ends with the first failure", async () => {
    vi.spyOn(bucket, "create").mockResolvedValue({ id: "models", state: {} as never });
    const state = { keyRevision: 7 } as never;
    vi.spyOn(credentialSecret, "create").mockResolvedValue({ id: "models-credentials", state });
    const words = { found: "No", where: "there", why: "It is so.", next: "Do it." };
    const failing = vi.spyOn(registryObject, "create").mockRejectedValue(failure("unknown-key", words));
    expect(await engine.up(program)).toEqual([
        "RegistryObject models-registry: error: No\n  where: there\n  why:   It is so.\n  next:  Do it.",
    ]);
    expect(failing.mock.calls[0]?.[1]).toMatchObject({ keyRevision: 7 });
});

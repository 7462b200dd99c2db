/**
 * The examples whose other provider is a plugin that cannot be run here: their types are checked against that
 * provider's package, and they run under Pulumi's mocks.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeAll, expect, test } from "vitest";
import { installed, runIn } from "../support/ownPackage";
import { ROOT } from "../support/processes";

const FOREIGN = join(ROOT, "test", "foreign");
const COMPILED = join(FOREIGN, "node_modules", ".cache", "examples");
const load = createRequire(__filename);

interface Declared {
    readonly type: string;
    readonly inputs: Record<string, unknown>;
}

/** What the program under test has declared, by name. */
const declared = new Map<string, Declared>();

beforeAll(() => {
    installed(FOREIGN);
    runIn(FOREIGN, process.execPath, join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", ".");
});
afterEach(() => declared.clear());

test("aws-bucket: the registry is on the bucket that AWS named", async () => {
    const outputs = await program("aws-bucket", AWS_CONFIG);
    expect(await settled(outputs.bucketName)).toBe("models-4f2a9c1");
    expect(declared.get("models-bucket")?.inputs).toMatchObject({ name: "models-4f2a9c1", existing: true });
    expect(declared.get("models-cors")?.inputs).toMatchObject({ bucket: "models-4f2a9c1" });
    expect(declared.get("models-registry")?.inputs).toMatchObject({
        bucket: "models-4f2a9c1",
        endpoint: "s3.eu-central-1.amazonaws.com",
        region: "eu-central-1",
    });
});

test("aws-bucket: at preview, the name that AWS will give is awaited", async () => {
    await program("aws-bucket", AWS_CONFIG, "preview");
    const { inputs } = declared.get("models-bucket") ?? {};
    expect(inputs).toMatchObject({ awaits: ["name"], endpoint: "s3.eu-central-1.amazonaws.com" });
    expect(inputs?.["name"]).not.toBe("models-4f2a9c1");
});

test("kubernetes-secret: LLMOS is given the Secret, and the registry waits for it", async () => {
    const outputs = await program("kubernetes-secret", {
        "project:kubeconfig": "kubeconfig",
        "project:endpoint": "s3.registry.example.com:5000",
        ...KEYS,
    });
    expect(await settled(outputs.secretName)).toBe("models-keys");
    expect(declared.get("models-keys")).toMatchObject({
        type: "kubernetes:core/v1:Secret",
        inputs: { metadata: { name: "models-keys", namespace: "llmos-system" } },
    });
    expect(declared.get("models-registry")?.inputs).toMatchObject({
        secretName: "models-keys",
        awaits: ["secretName"],
    });
    expect(declared.get("models-bucket")?.inputs).toMatchObject({
        credentials: { secretName: "models-keys" },
        awaits: ["credentials"],
    });
    expect([...declared.keys()]).not.toContain("models-secret");
});

const KEYS = { "project:accessKeyId": "AKIAEXAMPLE", "project:secretAccessKey": "example" };
const AWS_CONFIG = { "aws:region": "eu-central-1", ...KEYS };

/** What a provider adds to what the program says; at preview, it does not know yet. */
const ADDED: Record<string, Record<string, unknown>> = {
    "aws:s3/bucket:Bucket": { bucket: "models-4f2a9c1" },
};

/** Runs a compiled example, to the end of its last registration. */
async function program(
    example: string,
    config: Record<string, string>,
    kind: "preview" | "up" = "up",
): Promise<Record<string, pulumi.Output<unknown>>> {
    pulumi.runtime.setAllConfig(config);
    await pulumi.runtime.setMocks(
        {
            newResource({ name, type, inputs }) {
                declared.set(name, { type, inputs });
                const added = kind === "up" ? ADDED[type] : undefined;
                return { id: kind === "up" ? `${name}-id` : undefined, state: { ...inputs, ...added } };
            },
            call: ({ inputs }) => inputs,
        },
        "project",
        "test",
        kind === "preview",
    );
    const file = join(COMPILED, example, "index.js");
    delete load.cache[file];
    const outputs = load(file);
    await pulumi.runtime.disconnect();
    return outputs;
}

function settled(output: pulumi.Output<unknown> | undefined): Promise<unknown> {
    return new Promise((resolve) => output?.apply(resolve));
}

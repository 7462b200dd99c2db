/** The operator says no: what was made is kept in the engine's state, and repaired from there. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Outside } from "../support/outside";
import { Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const keys = { accessKeyId, secretAccessKey };

const program = `
new llmos.Registry("refused", {
    endpoint: values.endpoint,
    bucket: { name: "refused-bucket" },
    credentials: values.keys,
    cors: { unmanaged: true },
    namespace: values.namespace,
    timeouts: { graceSeconds: 0.5, settleSeconds: 0.5 },
});
`;
const SAID =
    "check registry accessibility failed: get access key failed: secret refused-credentials not found in llmos-system namespace";

let outside: Outside;
let project: Project;

beforeAll(async () => {
    outside = await Outside.of(sandbox);
    project = await Project.create(sandbox, {
        program,
        // The operator reads Secrets of llmos-system only.
        values: { endpoint, keys, namespace: "default" },
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
});
afterAll(async () => {
    await project?.remove();
    outside?.s3.destroy();
});

test("a refused new registry is kept with the operator's words, and the next up repairs it", async () => {
    const failed = await project.up();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(`The LLMOS operator cannot use the registry. It says: ${SAID}`);
    const kept = (await project.resources()).get("refused-registry");
    expect(kept?.id).toBe("refused");
    expect(kept?.initErrors?.join()).toContain(SAID);
    expect(kept?.outputs["state"]).toBe("Inactive");
    const { uid } = (await outside.registry("refused")).metadata;
    await project.exportState();
    const again = await project.up();
    expect(again.exitCode, "an up that changes nothing may not end well with an Inactive registry").not.toBe(
        0,
    );
    expect(again.output).toContain(SAID);

    await project.setValues({ endpoint, keys });
    const repaired = await project.up();
    expect(repaired.exitCode, repaired.output).toBe(0);
    const registry = (await project.resources()).get("refused-registry");
    expect(registry?.initErrors).toBe(undefined);
    expect(registry?.outputs).toMatchObject({ state: "Active", operatorVerdict: "fresh", uid });
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await outside.named("refused")).toEqual({ registries: [], secrets: [], buckets: [] });
});

/** The operator says no, or nothing: what was made is kept in the state, and is repaired or cleaned up from there. */
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { startSandbox } from "../../examples/sandbox";
import { Outside } from "../support/outside";
import { expectSettled } from "../support/plan";
import { Project } from "../support/project";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
const keys = { accessKeyId, secretAccessKey };

let outside: Outside;
const projects: Project[] = [];

async function projectOf(program: string, values: Record<string, unknown>, box = sandbox): Promise<Project> {
    const project = await Project.create(box, {
        program,
        values: { endpoint: box.s3.endpoint, ...values },
        config: { "llmos:caBundle": box.s3.caBundle },
        secrets: [box.s3.accessKeyId, box.s3.secretAccessKey],
    });
    projects.push(project);
    return project;
}

beforeAll(async () => {
    outside = await Outside.of(sandbox);
});
afterEach(async () => {
    for (const project of projects) {
        await project.exportState();
    }
});
afterAll(async () => {
    await Promise.all(projects.map((project) => project.remove()));
    outside?.s3.destroy();
});

test("a refused new registry is kept with the operator's words, and the next up repairs it", async () => {
    const program = `
new llmos.Registry("refused", {
    endpoint: values.endpoint,
    bucket: { name: "refused-bucket" },
    credentials: values.keys,
    cors: false,
    namespace: values.namespace,
    timeouts: { graceSeconds: 0.5 },
});
`;
    const said =
        "check registry accessibility failed: get access key failed: secret refused-credentials not found in llmos-system namespace";
    // The operator reads Secrets of llmos-system only.
    const project = await projectOf(program, { keys, namespace: "default" });
    const failed = await project.up();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(`The LLMOS operator cannot use the registry. It says: ${said}`);
    const kept = (await project.resources()).get("refused-registry");
    expect(kept?.id).toBe("refused");
    expect(kept?.initErrors?.join()).toContain(said);
    expect(kept?.outputs["state"]).toBe("Inactive");
    const { uid } = (await outside.registry("refused")).metadata;
    const refreshed = await project.refresh();
    expect(refreshed.exitCode, refreshed.output).toBe(0);
    const again = await project.up();
    expect(again.exitCode, "an up that changes nothing may not end well with an Inactive registry").not.toBe(
        0,
    );
    expect(again.output).toContain(said);

    await project.setValues({ endpoint, keys });
    const repaired = await project.up();
    expect(repaired.exitCode, repaired.output).toBe(0);
    const registry = (await project.resources()).get("refused-registry");
    expect(registry?.initErrors).toBe(undefined);
    expect(registry?.outputs).toMatchObject({ state: "Active", operatorVerdict: "fresh", uid });
    await expectSettled(project);
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await outside.named("refused")).toEqual({ registries: [], secrets: [], buckets: [] });
});

test("a registry that turns False by a change is kept, and destroy cleans it up", async () => {
    const program = `
new llmos.Registry("turned", {
    endpoint: values.endpoint,
    bucket: values.bucket,
    credentials: { secretName: "turned-keys" },
    adminCredentials: values.keys,
    namespace: "default",
    cors: false,
    timeouts: { graceSeconds: 0.5, settleSeconds: 2 },
});
`;
    for (const Bucket of ["turned-one", "turned-two"]) {
        await outside.s3.send(new CreateBucketCommand({ Bucket }));
    }
    const data = { accessKeyID: accessKeyId, accessKeySecret: secretAccessKey };
    const made = { metadata: { name: "turned-keys" }, stringData: data };
    const [ours, theirs] = ["default", "llmos-system"].map((each) => `/api/v1/namespaces/${each}/secrets`);
    await outside.expect(201, "POST", `${ours}`, made);
    await outside.expect(201, "POST", `${theirs}`, made);
    const project = await projectOf(program, { keys, bucket: "turned-one" });
    const up = await project.up();
    expect(up.exitCode, up.output).toBe(0);
    expect((await project.resources()).get("turned-registry")?.outputs["operatorVerdict"]).toBe("fresh");

    // Only the operator's copy of the keys goes bad: our own proof, with the other one, passes.
    const bad = { stringData: { accessKeySecret: "not-the-secret" } };
    await outside.expect(200, "PATCH", `${theirs}/turned-keys`, bad);
    await project.setValues({ endpoint, keys, bucket: "turned-two" });
    const failed = await project.up();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(
        "The LLMOS operator cannot use the registry. It says: check registry accessibility failed: failed to check if bucket turned-two exists: ",
    );
    const kept = (await project.resources()).get("turned-registry");
    expect(kept?.initErrors?.length).toBe(1);
    expect(kept?.outputs).toMatchObject({ bucket: "turned-two", state: "Inactive" });
    const destroyed = await project.destroy();
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect((await outside.named("turned")).registries).toEqual([]);
});

test("an operator that says nothing is waited for as long as asked, then destroy cleans up", async () => {
    const own = await startSandbox({ operator: false });
    const there = await Outside.of(own);
    try {
        const program = `
new llmos.Registry("silent", {
    endpoint: values.endpoint,
    bucket: { name: "silent-bucket" },
    credentials: values.keys,
    cors: false,
    timeouts: { verdictSeconds: 1 },
});
`;
        const { accessKeyId, secretAccessKey } = own.s3;
        const project = await projectOf(program, { keys: { accessKeyId, secretAccessKey } }, own);
        const failed = await project.up();
        expect(failed.exitCode).not.toBe(0);
        expect(failed.output).toContain("The LLMOS operator gave no verdict within 1 s");
        expect((await project.resources()).get("silent-registry")?.initErrors?.length).toBe(1);
        const destroyed = await project.destroy();
        expect(destroyed.exitCode, destroyed.output).toBe(0);
        expect(await there.named("silent")).toEqual({ registries: [], secrets: [], buckets: [] });
        await project.exportState();
        projects.splice(projects.indexOf(project), 1);
        await project.remove();
    } finally {
        there.s3.destroy();
        await own.stop();
    }
});

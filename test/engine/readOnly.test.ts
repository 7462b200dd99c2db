/** Preview and refresh only read: seen by proxies in front of both sides, through which everything goes. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Project } from "../support/project";
import { Recorder } from "../support/recorder";
import { REGISTRIES_PROGRAM, rightArgs } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

/** Asks whether this user may do what is to come, and stores nothing: a question in the form of a POST. */
const REVIEW = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

let project: Project;
let s3: Recorder;
let cluster: Recorder;

const registry = () => ({
    ...rightArgs(sandbox, "readonly-bucket"),
    endpoint: `localhost:${s3.port}`,
    description: "First",
    default: false,
});

beforeAll(async () => {
    s3 = await Recorder.beforeS3(sandbox);
    const before = await Recorder.beforeCluster(sandbox);
    cluster = before.recorder;
    project = await Project.create(sandbox, {
        program: REGISTRIES_PROGRAM,
        values: { registries: { readonly: registry() } },
        config: { "llmos:caBundle": caBundle, "llmos:kubeconfig": before.kubeconfig },
        secrets: [accessKeyId, secretAccessKey],
    });
});

afterAll(async () => {
    await project?.remove();
    await s3?.stop();
    await cluster?.stop();
});

test("previews and refreshes ask both sides, and change neither", async () => {
    const steps = [
        { what: "preview of a new registry", run: () => project.preview() },
        {
            what: "up, which shows that writing would be seen",
            run: () => project.up(),
            s3: ["DELETE", "GET", "HEAD", "OPTIONS", "PUT"],
            cluster: ["GET", "PATCH"],
        },
        { what: "preview without changes", run: () => project.preview(), s3: ["HEAD"] },
        // OPTIONS: what a browser asks.
        { what: "refresh", run: () => project.refresh(), s3: ["GET", "HEAD", "OPTIONS"] },
        {
            what: "preview with a refresh",
            run: () => project.preview("--refresh"),
            s3: ["GET", "HEAD", "OPTIONS"],
        },
        {
            what: "preview of changes to every part",
            run: async () => {
                const changed = {
                    ...registry(),
                    description: "Second",
                    bucket: { name: "readonly-bucket-2" },
                    cors: { allowedOrigins: ["https://other.example.com"] },
                    credentials: { accessKeyId, secretAccessKey, name: "readonly-other" },
                    default: true,
                };
                await project.setValues({ registries: { readonly: changed } });
                return await project.preview();
            },
        },
        {
            what: "preview of the end",
            run: async () => {
                await project.setValues({ registries: {} });
                return await project.preview();
            },
            // Nothing is declared any more: nothing to check, and the engine asks nobody before it deletes.
            s3: [],
            cluster: [],
        },
        {
            what: "destroy",
            run: () => project.destroy(),
            s3: ["DELETE", "GET", "HEAD"],
            cluster: ["DELETE", "GET"],
        },
    ];
    for (const step of steps) {
        const done = await step.run();
        expect(done.exitCode, `${step.what}: ${done.output}`).toBe(0);
        cluster.requests.splice(0, Infinity, ...cluster.requests.filter((line) => line !== REVIEW));
        const seen = { s3: s3.methods(), cluster: cluster.methods() };
        const { s3: store = ["GET", "HEAD"], cluster: api = ["GET"] } = step;
        expect(seen, step.what).toEqual({ s3: store, cluster: api });
    }
});

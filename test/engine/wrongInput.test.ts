/**
 * The way from a finding to the terminal, with one wrong input of each kind: its words are those of the driver, printed
 * once and whole. The words of all others: integration/wrong*.
 */
import { DeleteBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { closedPort } from "../support/closedPort";
import { Outside } from "../support/outside";
import { type EngineRun, Project } from "../support/project";
import { readOnlyKeys } from "../support/readOnlyKeys";
import { bothSides, REGISTRIES_PROGRAM, rightArgs, told } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
const READER = { accessKeyId: "WRONGREADER", secretAccessKey: "what-a-wrong-reader-signs-with" };

let project: Project;
let outside: Outside;
let closed: string;

beforeAll(async () => {
    closed = `localhost:${await closedPort()}`;
    outside = await Outside.of(sandbox);
    await readOnlyKeys(sandbox, outside, "wrong-readable", READER);
    project = await Project.create(sandbox, {
        program: REGISTRIES_PROGRAM,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey, READER.accessKeyId, READER.secretAccessKey],
    });
});

afterAll(async () => {
    await project?.remove();
    await outside?.s3.send(new DeleteBucketCommand({ Bucket: "wrong-readable" }));
});

async function declare(args: object): Promise<void> {
    await project.setValues({ registries: { wrong: { ...rightArgs(sandbox, "wrong-bucket"), ...args } } });
}

async function expectRefusal(run: EngineRun, entries: readonly string[]): Promise<void> {
    const places = { [sandbox.apiServerUrl]: "<cluster>", [endpoint]: "<s3>", [closed]: "<closed>" };
    expect(told(run, places).sort(), run.output).toEqual(entries);
    expect(run.exitCode).not.toBe(0);
    expect(await bothSides(outside, "wrong")).toEqual(["Bucket wrong-readable"]);
}

test.each([
    {
        what: "an address: a port where nothing listens",
        args: () => ({ endpoint: closed }),
        commands: ["preview", "up --yes --skip-preview"],
        message: `Bucket wrong-bucket: error: The S3 endpoint refuses the connection: nothing listens there
  where: https://<closed> (ECONNREFUSED)
  why:   LLMOS stores models and datasets there, and needs it reachable over HTTPS.
  next:  Check the port, and that the server runs.`,
    },
    {
        what: "a bucket that does not exist",
        args: () => ({ bucket: { name: "wrong-nowhere", existing: true } }),
        commands: ["preview"],
        message: `Bucket wrong-bucket: error: The bucket "wrong-nowhere" does not exist
  where: https://<s3>
  why:   The registry stores models and datasets in it.
  next:  Correct the name, or leave out existing: true to have it made.`,
    },
    {
        what: "a cluster: a namespace that does not exist",
        args: () => ({ namespace: "wrong-nowhere" }),
        // With its own preview: an update alone would make the bucket before it comes to the Secret.
        commands: ["up --yes"],
        message: `CredentialSecret wrong-secret: error: The namespace "wrong-nowhere" does not exist
  where: <cluster>
  why:   The LLMOS operator looks for credential Secrets there.
  next:  Correct the namespace ("namespace" or the stack configuration "llmos:namespace"); the LLMOS operator reads llmos-system only.`,
    },
])("$what, by $commands", async ({ args, commands, message }) => {
    await declare(args());
    for (const command of commands) {
        await expectRefusal(await project.pulumi(...command.split(" ")), [message]);
    }
});

test("keys that may only read, which only create can find out, by up", async () => {
    await declare({
        bucket: { name: "wrong-readable", existing: true },
        cors: { unmanaged: true },
        credentials: READER,
        adminCredentials: { accessKeyId, secretAccessKey },
    });
    const preview = await project.pulumi("preview");
    expect(told(preview), preview.output).toEqual([]);
    expect(preview.exitCode).toBe(0);
    await expectRefusal(await project.up(), [
        `CredentialSecret wrong-secret: error: The S3 server denies s3:PutObject to these keys
  where: https://<s3>, bucket "wrong-readable" (AccessDenied, status 403)
  why:   LLMOS and this provider need that right on the bucket.
  next:  Grant s3:PutObject to the keys, or give keys that have it.`,
        "Stack: error: update failed",
    ]);
    await project.exportState();
});

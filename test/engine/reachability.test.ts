/** How much preview asks: enforce, warn and off; what is not known yet; and each endpoint once a process. */
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { Authority } from "../../examples/sandbox";
import { closedPort } from "../support/closedPort";
import { Project } from "../support/project";
import { REGISTRIES_PROGRAM, rightArgs, told } from "../support/wrongInput";

const sandbox = inject("sandbox");
const { caBundle, accessKeyId, secretAccessKey } = sandbox.s3;

let project: Project;
const servers: Server[] = [];

beforeAll(async () => {
    project = await Project.create(sandbox, {
        program: REGISTRIES_PROGRAM,
        config: { "llmos:caBundle": caBundle },
        secrets: [accessKeyId, secretAccessKey],
    });
});

beforeEach(() => project.setProgram(REGISTRIES_PROGRAM));

afterAll(async () => {
    await project?.remove();
    for (const server of servers) {
        server.close();
    }
});

async function listening(server: Server): Promise<string> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `localhost:${(server.address() as AddressInfo).port}`;
}

test("warn lets preview pass, with the words of the failure, once", async () => {
    const closed = `localhost:${await closedPort()}`;
    const args = { ...rightArgs(sandbox, "reach-bucket"), endpoint: closed, reachability: "warn" };
    await project.setValues({ registries: { reach: args } });
    const preview = await project.pulumi("preview");
    expect(preview.exitCode, preview.output).toBe(0);
    expect(told(preview, { [closed]: "<closed>" })).toEqual([
        `Stack: warning: The S3 endpoint refuses the connection: nothing listens there
  where: https://<closed> (ECONNREFUSED)
  why:   LLMOS stores models and datasets there, and needs it reachable over HTTPS.
  next:  Check the port, and that the server runs.`,
    ]);
});

test("off asks neither side anything", async () => {
    let connections = 0;
    const server = createTcpServer((socket) => {
        connections += 1;
        socket.destroy();
    });
    const place = await listening(server);
    const kubeconfig = JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "counted",
        clusters: [{ name: "counted", cluster: { server: `https://${place}` } }],
        users: [{ name: "counted", user: {} }],
        contexts: [{ name: "counted", context: { cluster: "counted", user: "counted" } }],
    });
    const args = {
        ...rightArgs(sandbox, "reach-bucket"),
        endpoint: place,
        cluster: { kubeconfig },
        default: true,
    };
    await project.setValues({ registries: { reach: { ...args, reachability: "off" } } });
    const off = await project.pulumi("preview");
    expect(off.exitCode, off.output).toBe(0);
    expect(told(off)).toEqual([]);
    expect(connections).toBe(0);

    // The server does count: the same program asks both sides as soon as it may.
    await project.setValues({ registries: { reach: { ...args, reachability: "warn" } } });
    expect((await project.pulumi("preview")).exitCode).toBe(0);
    expect(connections).toBeGreaterThanOrEqual(2);
});

test("an endpoint that is not known yet is not asked, and preview says so", async () => {
    await project.setProgram(`
const store = new llmos.Bucket("reach-store", values.store);
new llmos.Registry("reach", { ...values.registry, endpoint: store.url.apply((url) => new URL(url).host) });
`);
    const { bucket: _bucket, cors: _cors, ...storage } = rightArgs(sandbox, "");
    await project.setValues({
        store: { ...storage, name: "reach-store" },
        registry: rightArgs(sandbox, "reach-bucket"),
    });
    const preview = await project.pulumi("preview");
    expect(preview.exitCode, preview.output).toBe(0);
    const lines = told(preview)
        .flatMap((entry) => entry.split("\n"))
        .sort();
    expect(lines).toEqual([
        "BucketCors reach-cors: not checked at preview, because not known yet: endpoint.",
        "CredentialSecret reach-secret: not checked at preview, because not known yet: endpoint.",
        "RegistryObject reach-registry: not checked at preview, because not known yet: endpoint.",
        "Stack: Bucket reach-bucket: not checked at preview, because not known yet: endpoint.",
    ]);
    const up = await project.up();
    expect(up.exitCode, up.output).toBe(0);
    const destroy = await project.destroy();
    expect(destroy.exitCode, destroy.output).toBe(0);
});

test("three registries on one endpoint ask it once", async () => {
    const authority = await Authority.create("counting");
    const { certificate, key } = await authority.server({ hosts: ["localhost"] });
    const requests: string[] = [];
    const endpoint = await listening(
        createServer({ cert: certificate, key }, ({ method, url }, response) => {
            requests.push(`${method} ${url}`);
            response.writeHead(403).end();
        }),
    );
    const registry = (bucket: string) => ({
        ...rightArgs(sandbox, bucket),
        endpoint,
        caBundle: authority.certificate,
        reachability: "warn",
    });
    const registries = {
        "reach-1": registry("one"),
        "reach-2": registry("two"),
        "reach-3": registry("three"),
    };
    await project.setValues({ registries });
    const preview = await project.pulumi("preview");
    expect(preview.exitCode, preview.output).toBe(0);
    expect(requests.filter((line) => line === "HEAD /")).toEqual(["HEAD /"]);
    // And the questions with keys are asked once for each bucket.
    expect(requests.filter((line) => line !== "HEAD /").sort()).toEqual([
        "GET /one/?cors=",
        "GET /one/?list-type=2&max-keys=1",
        "GET /three/?cors=",
        "GET /three/?list-type=2&max-keys=1",
        "GET /two/?cors=",
        "GET /two/?list-type=2&max-keys=1",
        "HEAD /one/",
        "HEAD /three/",
        "HEAD /two/",
    ]);
});

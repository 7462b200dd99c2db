/** How much preview asks: enforce, warn and off; what is not known yet; and each endpoint once a process. */
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterAll, expect, inject, test } from "vitest";
import { Authority } from "../../examples/sandbox";
import { Bucket, Registry, type RegistryArgs } from "../../provider";
import { closedPort } from "../support/closedPort";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
const credentials = { accessKeyId, secretAccessKey };
const args: RegistryArgs = {
    endpoint,
    bucket: { name: "reach-bucket" },
    credentials,
    cors: { allowedOrigins: ["https://llmos.example.com"] },
};

const stack = new StackStandIn(sandbox);
const servers: Server[] = [];

afterAll(() => {
    for (const server of servers) {
        server.close();
    }
});

const registry = (more: Partial<RegistryArgs>) => () => void new Registry("reach", { ...args, ...more });

async function listening(server: Server): Promise<string> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `localhost:${(server.address() as AddressInfo).port}`;
}

test("warn lets preview pass, with the words of the failure", async () => {
    const closed = `localhost:${await closedPort()}`;
    const preview = await stack.succeeds(stack.preview(registry({ endpoint: closed, reachability: "warn" })));
    // The engine shows a message once, however often it is logged.
    expect([...new Set(preview.told)]).toEqual([
        `warning: The S3 endpoint refuses the connection: nothing listens there
  where: https://${closed} (ECONNREFUSED)
  why:   LLMOS stores models and datasets there, and needs it reachable over HTTPS.
  next:  Check the port, and that the server runs.`,
    ]);
});

test("off asks neither side anything", async () => {
    let connections = 0;
    const place = await listening(
        createTcpServer((socket) => {
            connections += 1;
            socket.destroy();
        }),
    );
    const kubeconfig = JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "counted",
        clusters: [{ name: "counted", cluster: { server: `https://${place}` } }],
        users: [{ name: "counted", user: {} }],
        contexts: [{ name: "counted", context: { cluster: "counted", user: "counted" } }],
    });
    const counted = { endpoint: place, cluster: { kubeconfig }, default: true };
    const off = await stack.succeeds(stack.preview(registry({ ...counted, reachability: "off" })));
    expect(off.told).toEqual([]);
    expect(connections).toBe(0);

    // The server does count: the same program asks both sides as soon as it may.
    await stack.succeeds(stack.preview(registry({ ...counted, reachability: "warn" })));
    expect(connections).toBeGreaterThanOrEqual(2);
});

test("an endpoint that is not known yet is not asked, and preview says so", async () => {
    const preview = await stack.succeeds(
        stack.preview(() => {
            const store = new Bucket("reach-store", { endpoint, credentials, name: "reach-store" });
            registry({ endpoint: store.url.apply((url) => new URL(url).host) })();
        }),
    );
    expect([...preview.told].sort()).toEqual([
        "info: Bucket reach-bucket: not checked at preview, because not known yet: endpoint.",
        "info: BucketCors reach-cors: not checked at preview, because not known yet: endpoint.",
        "info: CredentialSecret reach-secret: not checked at preview, because not known yet: endpoint.",
        "info: RegistryObject reach-registry: not checked at preview, because not known yet: endpoint.",
    ]);
});

test("three registries on one endpoint ask it once", async () => {
    const authority = await Authority.create("counting");
    const { certificate, key } = await authority.server({ hosts: ["localhost"] });
    const requests: string[] = [];
    const counting = await listening(
        createServer({ cert: certificate, key }, ({ method, url }, response) => {
            requests.push(`${method} ${url}`);
            response.writeHead(403).end();
        }),
    );
    const counted: Partial<RegistryArgs> = {
        endpoint: counting,
        caBundle: authority.certificate,
        reachability: "warn",
    };
    await stack.succeeds(
        stack.preview(() => {
            for (const name of ["one", "two", "three"]) {
                new Registry(`reach-${name}`, { ...args, ...counted, bucket: { name } });
            }
        }),
    );
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

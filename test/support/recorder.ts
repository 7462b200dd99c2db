/**
 * A proxy on loopback that speaks TLS to those who ask, writes down what is asked through it, and can be told to do harm
 * to it.
 */
import { readFile } from "node:fs/promises";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { createServer, request as secureRequest } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { Authority, type SandboxDetails } from "../../examples/sandbox";
import type { Certificate } from "../../examples/sandbox/certificates";
import { Faults } from "./faults";

/** Who stands behind the proxy, and how one is trusted by it. */
interface Behind {
    readonly url: string;
    /** Not needed where `url` is plain http. */
    readonly ca?: string;
    readonly client?: Certificate;
}

export class Recorder {
    private constructor(
        readonly port: number,
        /** Method and path of each request, in the order in which they came. */
        readonly requests: string[],
        /** None at first. */
        readonly faults: Faults,
        private readonly close: () => Promise<void>,
        private readonly listen: (port: number) => Promise<void>,
    ) {}

    /** In front of the sandbox's S3 server, with its certificate: whoever trusts it trusts the proxy. */
    static async beforeS3({ folder, s3 }: SandboxDetails): Promise<Recorder> {
        const [certificate, key] = await Promise.all(
            ["server.crt", "server.key"].map((name) => readFile(join(folder, "s3", name), "utf8")),
        );
        return await Recorder.start(
            { certificate: certificate!, key: key! },
            { url: s3.url, ca: s3.caBundle },
        );
    }

    /** In front of the sandbox's API server, as its administrator; gives the kubeconfig that leads through it. */
    static async beforeCluster(sandbox: SandboxDetails): Promise<{ recorder: Recorder; kubeconfig: string }> {
        const authority = await Authority.create("recorder");
        const own = await authority.server({ hosts: ["localhost"] });
        const recorder = await Recorder.start(own, await administrator(sandbox.kubeconfigFile));
        const cluster = {
            server: `https://localhost:${recorder.port}`,
            "certificate-authority-data": Buffer.from(authority.certificate).toString("base64"),
        };
        const kubeconfig = JSON.stringify({
            apiVersion: "v1",
            kind: "Config",
            "current-context": "recorded",
            clusters: [{ name: "recorded", cluster }],
            users: [{ name: "recorded", user: {} }],
            contexts: [{ name: "recorded", context: { cluster: "recorded", user: "recorded" } }],
        });
        return { recorder, kubeconfig };
    }

    /** In front of any server; this is how one that speaks no TLS is had over HTTPS. */
    static async start(own: Certificate, behind: Behind): Promise<Recorder> {
        const request = behind.url.startsWith("https:") ? secureRequest : plainRequest;
        const options = { ca: behind.ca, cert: behind.client?.certificate, key: behind.client?.key };
        const requests: string[] = [];
        const faults = new Faults();
        const connections = new Map<number, Socket>();
        const server = createServer({ cert: own.certificate, key: own.key }, (incoming, response) => {
            requests.push(`${incoming.method} ${incoming.url}`);
            const { method, headers } = incoming;
            const forward = (take: (answer: IncomingMessage) => void) => {
                // The host stays as it came: it is part of what S3 clients sign.
                const url = new URL(incoming.url ?? "/", behind.url);
                const outgoing = request(url, { ...options, method, headers }, take);
                outgoing.on("error", () => response.destroy());
                response.on("close", () => outgoing.destroy());
                incoming.pipe(outgoing);
            };
            const passOn = (answer: IncomingMessage) => {
                response.writeHead(answer.statusCode ?? 0, answer.headers);
                response.flushHeaders();
                answer.pipe(response);
            };
            const fault = faults.next(`${method} ${incoming.url}`);
            const { remotePort = 0 } = incoming.socket;
            const exchange = {
                incoming,
                response,
                forward: (take = passOn) => forward(take),
                reset: () => connections.get(remotePort)?.resetAndDestroy(),
            };
            fault ? fault(exchange) : forward(passOn);
        });
        // A TLS socket cannot be reset, but what carries it can.
        server.on("connection", (socket: Socket) => {
            const { remotePort = 0 } = socket;
            connections.set(remotePort, socket);
            socket.once("close", () => connections.delete(remotePort));
        });
        const listen = (port: number) =>
            new Promise<void>((resolve, reject) => {
                server.once("error", reject);
                server.listen(port, "127.0.0.1", resolve);
            });
        await listen(0);
        const close = async () => {
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
        };
        return new Recorder((server.address() as AddressInfo).port, requests, faults, close, listen);
    }

    /** The methods asked for since the last call, each once, sorted. */
    methods(): string[] {
        const asked = this.requests.splice(0).map((line) => line.split(" ")[0] ?? "");
        return [...new Set(asked)].sort();
    }

    stop(): Promise<void> {
        return this.close();
    }

    /** Listens again where it has stopped. */
    comeBack(): Promise<void> {
        return this.listen(this.port);
    }
}

async function administrator(kubeconfigFile: string): Promise<Behind> {
    const { KubeConfig: Config } = await import("@kubernetes/client-node");
    const config: KubeConfig = new Config();
    config.loadFromFile(kubeconfigFile);
    const cluster = config.getCurrentCluster();
    const user = config.getCurrentUser();
    const pem = (base64: string | undefined) => Buffer.from(base64 ?? "", "base64").toString();
    return {
        url: cluster?.server ?? "",
        ca: pem(cluster?.caData),
        client: { certificate: pem(user?.certData), key: pem(user?.keyData) },
    };
}

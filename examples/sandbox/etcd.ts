import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Authority, writeCertificate } from "./certificates";
import { answers } from "./connection";
import { type GuardedOptions, GuardedProcess } from "./guardedProcess";
import { freePorts, withFreshPorts } from "./ports";

/** What etcd needs to start. */
export interface EtcdOptions {
    readonly program: string;
    readonly folder: string;
    readonly orphanedFolder: string | undefined;
}

/** A running etcd, and how the API server reaches it. */
export interface Etcd {
    readonly process: GuardedProcess;
    readonly url: string;
    readonly caFile: string;
    readonly certificateFile: string;
    readonly keyFile: string;
}

const START_TIMEOUT = 60_000;

/**
 * Starts etcd. It talks TLS under an authority of its own, known to one sandbox only: an etcd of another sandbox that
 * has come to sit on the same port can then not be taken for this one.
 */
export async function startEtcd(options: EtcdOptions): Promise<Etcd> {
    const folder = join(options.folder, "etcd");
    await mkdir(folder, { mode: 0o700 });
    const authority = await Authority.create("sandbox etcd");
    const client = await authority.client({ commonName: "kube-apiserver" });
    const clientFiles = await writeCertificate(folder, "client", client);
    const server = await authority.server({ hosts: ["127.0.0.1"] });
    await writeCertificate(folder, "server", server);
    await writeCertificate(folder, "ca", { certificate: authority.certificate, key: "" });
    return withFreshPorts(async () => {
        const [clientPort] = await freePorts(1);
        const url = `https://127.0.0.1:${clientPort}`;
        const ready = () => answers(`${url}/health`, { caBundle: authority.certificate, client });
        const process = await GuardedProcess.startAndWait(
            program(options, folder, url),
            ready,
            START_TIMEOUT,
        );
        return { process, url, caFile: join(folder, "ca.crt"), ...clientFiles };
    });
}

function program(options: EtcdOptions, folder: string, url: string): GuardedOptions {
    // A single member has no peers: port 0 lets the kernel pick one that nobody can have taken.
    const peerUrl = "http://127.0.0.1:0";
    const args = [
        ["--name", "sandbox"],
        ["--data-dir", join(folder, "data")],
        ["--listen-client-urls", url],
        ["--advertise-client-urls", url],
        ["--listen-peer-urls", peerUrl],
        ["--initial-advertise-peer-urls", peerUrl],
        ["--initial-cluster", `sandbox=${peerUrl}`],
        ["--cert-file", join(folder, "server.crt")],
        ["--key-file", join(folder, "server.key")],
        ["--trusted-ca-file", join(folder, "ca.crt")],
        ["--client-cert-auth"],
        // Nothing here is meant to outlive a power failure, and waiting for the disk is most of what etcd does.
        ["--unsafe-no-fsync"],
        // A member without rivals need not wait long before it makes itself leader.
        ["--heartbeat-interval", "10"],
        ["--election-timeout", "50"],
        // The gateway would be a client of its own server, with a certificate that is not for clients.
        ["--enable-grpc-gateway=false"],
        ["--log-level", "warn"],
    ];
    return {
        name: "etcd",
        program: options.program,
        args: args.flat(),
        logFile: join(options.folder, "etcd.log"),
        orphanedFolder: options.orphanedFolder,
    };
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Authority, type Certificate, writeCertificate } from "./certificates";
import { answers } from "./connection";
import type { Etcd } from "./etcd";
import { type GuardedOptions, GuardedProcess } from "./guardedProcess";
import { freePorts, withFreshPorts } from "./ports";

/** What the API server needs to start. */
export interface ApiServerOptions {
    readonly program: string;
    readonly folder: string;
    readonly orphanedFolder: string | undefined;
    readonly etcd: Etcd;
}

/** A running API server. */
export interface ApiServer {
    process: GuardedProcess;
    /** Starts it anew, on the same port with the same data, after it has ended. */
    start(): Promise<GuardedProcess>;
    readonly url: string;
    /** Connects as an administrator of the cluster. */
    readonly kubeconfigFile: string;
}

const START_TIMEOUT = 120_000;
const HOSTS = ["127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

/** Starts kube-apiserver with RBAC, and writes a kubeconfig for it. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
    const folder = join(options.folder, "kubernetes");
    await mkdir(folder, { mode: 0o700 });
    const authority = await Authority.create("sandbox Kubernetes");
    const admin = await authority.client({ commonName: "sandbox-admin", organization: "system:masters" });
    await writeCertificate(folder, "server", await authority.server({ hosts: HOSTS }));
    await writeCertificate(folder, "ca", { certificate: authority.certificate, key: "" });
    // A key pair like any other: tokens of service accounts are signed with it.
    await writeCertificate(folder, "tokens", await authority.client({ commonName: "service-accounts" }));
    return withFreshPorts(async () => {
        const [port] = await freePorts(1);
        const url = `https://127.0.0.1:${port}`;
        const ready = () => answers(`${url}/readyz`, { caBundle: authority.certificate, client: admin });
        const guarded = program(options, folder, Number(port));
        const start = () => GuardedProcess.startAndWait(guarded, ready, START_TIMEOUT);
        const process = await start();
        const kubeconfigFile = join(options.folder, "kubeconfig");
        await writeFile(kubeconfigFile, kubeconfig(url, authority.certificate, admin), { mode: 0o600 });
        return { process, start, url, kubeconfigFile };
    });
}

function program(options: ApiServerOptions, folder: string, port: number): GuardedOptions {
    const { etcd } = options;
    const args = [
        ["--etcd-servers", etcd.url],
        ["--etcd-cafile", etcd.caFile],
        ["--etcd-certfile", etcd.certificateFile],
        ["--etcd-keyfile", etcd.keyFile],
        ["--bind-address", "127.0.0.1"],
        ["--advertise-address", "127.0.0.1"],
        ["--secure-port", String(port)],
        ["--tls-cert-file", join(folder, "server.crt")],
        ["--tls-private-key-file", join(folder, "server.key")],
        ["--client-ca-file", join(folder, "ca.crt")],
        ["--authorization-mode", "RBAC"],
        ["--service-account-issuer", "https://kubernetes.default.svc"],
        ["--service-account-signing-key-file", join(folder, "tokens.key")],
        ["--service-account-key-file", join(folder, "tokens.crt")],
        ["--service-cluster-ip-range", "10.0.0.0/24"],
        // No Service leads to this one server, and a loopback address is not allowed as an endpoint of one.
        ["--endpoint-reconciler-type", "none"],
        // Nothing here makes the service account that this asks of every Pod.
        ["--disable-admission-plugins", "ServiceAccount"],
        ["--profiling=false"],
    ];
    return {
        name: "kube-apiserver",
        program: options.program,
        args: args.flat(),
        logFile: join(options.folder, "kube-apiserver.log"),
        orphanedFolder: options.orphanedFolder,
    };
}

function kubeconfig(server: string, caBundle: string, client: Certificate): string {
    const base64 = (pem: string) => Buffer.from(pem).toString("base64");
    // JSON is YAML, and every reader of a kubeconfig takes it.
    return JSON.stringify(
        {
            apiVersion: "v1",
            kind: "Config",
            "current-context": "sandbox",
            clusters: [
                { name: "sandbox", cluster: { server, "certificate-authority-data": base64(caBundle) } },
            ],
            users: [
                {
                    name: "sandbox-admin",
                    user: {
                        "client-certificate-data": base64(client.certificate),
                        "client-key-data": base64(client.key),
                    },
                },
            ],
            contexts: [{ name: "sandbox", context: { cluster: "sandbox", user: "sandbox-admin" } }],
        },
        undefined,
        2,
    );
}

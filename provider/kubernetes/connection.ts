/** What the context of a kubeconfig comes to: an API server, how it is verified, and as whom it is asked. */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext } from "node:tls";
import { isLoopback, parseProxy } from "../network/proxy";
import {
    ANONYMOUS,
    type ClusterEntry,
    type Kubeconfig,
    quoted,
    Unusable,
    type UserEntry,
} from "./kubeconfig";
import { userRefusal } from "./login";

/** A way to an API server. */
export interface Connection {
    /** Address of the API server, without user, password and a final slash. */
    readonly server: string;
    /** `user:password` of the address, where it has them. */
    readonly addressLogin?: string;
    /** How its certificate is verified. */
    readonly tls: {
        readonly ca?: Buffer;
        readonly servername?: string;
        readonly checkServerIdentity?: typeof checkServerIdentity;
        readonly rejectUnauthorized?: false;
    };
    /** The proxy that the kubeconfig names for it; empty: none, whatever the environment says. */
    readonly proxyUrl?: string;
    /** Of the context; empty when it names none. */
    readonly namespace: string;
    /** Name of the user's entry; empty when the context names none. */
    readonly userName: string;
    readonly user: UserEntry;
    /** The entry itself, for an exec plugin. */
    readonly cluster: ClusterEntry;
}

/** Fails with `Unusable`, by the rules of kubectl, which looks at the chosen context alone. */
export function connectionOf(kubeconfig: Kubeconfig, contextName: string): Connection {
    if (!contextName) {
        throw new Unusable("it names no current context");
    }
    const context = kubeconfig.contexts.get(contextName);
    if (!context) {
        throw new Unusable(`its current context ${quoted(contextName)} is not in it`);
    }
    const cluster = kubeconfig.clusters.get(context.cluster);
    if (!cluster) {
        throw new Unusable(
            context.cluster
                ? `its context ${quoted(contextName)} names the cluster ${quoted(context.cluster)}, which is not in it`
                : `its context ${quoted(contextName)} names no cluster`,
        );
    }
    const user = context.user ? kubeconfig.users.get(context.user) : ANONYMOUS;
    if (!user) {
        throw new Unusable(
            `its context ${quoted(contextName)} names the user ${quoted(context.user)}, which is not in it`,
        );
    }
    const refused = userRefusal(user);
    if (refused !== undefined) {
        throw new Unusable(`its user ${quoted(context.user)} ${refused}`);
    }
    return {
        ...reachedBy(cluster, `its cluster ${quoted(context.cluster)}`),
        namespace: context.namespace,
        userName: context.user,
        user,
        cluster,
    };
}

/** The words name the entry only: what stands there in the place of an address may be a token. */
function reachedBy(
    cluster: ClusterEntry,
    name: string,
): Pick<Connection, "server" | "addressLogin" | "tls" | "proxyUrl"> {
    const url = serverOf(cluster.server, name);
    const proxyUrl = cluster["proxy-url"];
    if (proxyUrl && !parseProxy(proxyUrl)) {
        throw new Unusable(`the proxy-url of ${name} is no http://, https:// or socks5:// address`);
    }
    const ca = authorityOf(cluster, name);
    return {
        server: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
        ...((url.username || url.password) && {
            addressLogin: decodeURIComponent(`${url.username}:${url.password}`),
        }),
        tls: {
            ...(ca && { ca }),
            ...(cluster["tls-server-name"] && namedIn(cluster["tls-server-name"])),
            ...(cluster["insecure-skip-tls-verify"] && { rejectUnauthorized: false }),
        },
        ...((proxyUrl || isLoopback(url.href)) && { proxyUrl }),
    };
}

function serverOf(server: string, name: string): URL {
    if (!server) {
        throw new Unusable(`${name} has no server`);
    }
    if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(server)) {
        throw new Unusable(`the server of ${name} has no scheme: write https:// before it`);
    }
    const url = urlOf(server);
    if (!url || !/^https?:$/.test(url.protocol)) {
        throw new Unusable(`the server of ${name} is no https:// or http:// address`);
    }
    return url;
}

/** The name that the certificate must have. An address may not be sent in the handshake, and is compared all the same. */
function namedIn(name: string): Connection["tls"] {
    return isIP(name) === 0
        ? { servername: name }
        : { servername: "", checkServerIdentity: (_host, shown) => checkServerIdentity(name, shown) };
}

/** Undefined for what is none, or has half an escape in it. */
function urlOf(address: string): URL | undefined {
    try {
        const url = new URL(address);
        decodeURIComponent(`${url.username}:${url.password}`);
        return url;
    } catch {
        return undefined;
    }
}

function authorityOf(cluster: ClusterEntry, name: string): Buffer | undefined {
    const { "certificate-authority": file, "certificate-authority-data": data } = cluster;
    if (file && data.length > 0) {
        throw new Unusable(
            `${name} has both certificate-authority and certificate-authority-data: take one of them away`,
        );
    }
    const ca = file ? readBeside(file, `the certificate-authority of ${name}`) : data;
    if (ca.length === 0) {
        return undefined;
    }
    if (cluster["insecure-skip-tls-verify"]) {
        throw new Unusable(
            `${name} has both a certificate authority and insecure-skip-tls-verify: take one of them away`,
        );
    }
    if (!isAuthority(ca)) {
        throw new Unusable(`the certificate authority of ${name} is no PEM certificate`);
    }
    return ca;
}

function isAuthority(ca: Buffer): boolean {
    try {
        createSecureContext({ ca });
        return ca.includes("-----BEGIN ");
    } catch {
        return false;
    }
}

/** A file that a kubeconfig names. */
export function readBeside(file: string, what: string): Buffer {
    try {
        return readFileSync(file);
    } catch (error) {
        throw new Unusable(
            `${what} (${quoted(file)}) cannot be read (${(error as NodeJS.ErrnoException).code})`,
        );
    }
}

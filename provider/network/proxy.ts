/**
 * The way to S3 and to the API server through a proxy: HTTPS_PROXY, ALL_PROXY and NO_PROXY, in capitals or not, for both
 * sides alike.
 */
import { type Agent, Agent as HttpAgent } from "node:http";
import { type AgentOptions, Agent as HttpsAgent } from "node:https";
import { BlockList, isIP } from "node:net";
import { getProxyForUrl } from "proxy-from-env";
import { failure } from "../finding";
import { shownProxy } from "./causes";

/**
 * An agent that goes the way that the environment says; or through the proxy that is given (`proxy-url`), and directly where
 * that is empty.
 */
export async function agentFor(url: string, options: AgentOptions, given?: string): Promise<HttpsAgent> {
    const proxy = given ?? environmentProxy(url);
    if (!proxy) {
        const direct: Agent = url.startsWith("http:") ? new HttpAgent(options) : new HttpsAgent(options);
        return direct as HttpsAgent;
    }
    const parsed = parseProxy(proxy);
    if (!parsed) {
        throw unusableProxy(url);
    }
    // Loaded only where there is a proxy: everybody else's preview need not wait for it.
    const { SocksTunnel, Tunnel } = await import("./tunnel.js");
    const Way = parsed.protocol.startsWith("socks") ? SocksTunnel : Tunnel;
    return new Way(parsed, options) as unknown as HttpsAgent;
}

/** Undefined for what is no address of a proxy that can be used. */
export function parseProxy(proxy: string): URL | undefined {
    try {
        const url = new URL(proxy);
        // Half an escape in the user or the password is found here.
        decodeURIComponent(`${url.username}:${url.password}`);
        return /^(?:https?|socks5h?):$/.test(url.protocol) && url.hostname ? url : undefined;
    } catch {
        return undefined;
    }
}

/** For messages: ` through the proxy …`, or nothing. */
export function throughProxy(url: string, given?: string): string {
    const proxy = parseProxy(given ?? environmentProxy(url));
    return proxy ? ` through the proxy ${shownProxy(proxy)}` : "";
}

/** Whether this machine itself is meant: kubectl goes there directly, whatever the environment says. */
export function isLoopback(url: string): boolean {
    const { hostname } = new URL(url);
    return (
        hostname === "localhost" ||
        hostname === "[::1]" ||
        (isIP(hostname) === 4 && hostname.startsWith("127."))
    );
}

/** Where a proxy is named, in capitals or not. */
const VARIABLES = ["https_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);

/** An empty string for none. */
function environmentProxy(url: string): string {
    const proxy = URL.canParse(url) && isDirect(new URL(url).hostname) ? "" : getProxyForUrl(url);
    const asWritten = VARIABLES.some((name) => process.env[name] === proxy);
    // `host:port` alone means http to kubectl and curl; the library completes it with the scheme of what is asked for.
    return asWritten ? proxy : proxy.replace(/^https:/, "http:");
}

/** What NO_PROXY means to kubectl and curl, and not to `proxy-from-env`: networks, and the names below a name. */
function isDirect(hostname: string): boolean {
    const host = hostname.replace(/^\[|\]$/g, "");
    const entries = (process.env["no_proxy"] || process.env["NO_PROXY"] || "").toLowerCase().split(/[,\s]+/);
    return entries.some((entry) =>
        entry.includes("/") ? isWithin(host, entry) : entry !== "" && host.endsWith(`.${entry}`),
    );
}

function isWithin(host: string, network: string): boolean {
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const networks = new BlockList();
    try {
        networks.addSubnet(address, Number(bits), family);
    } catch {
        return false;
    }
    return isIP(host) !== 0 && networks.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
}

function unusableProxy(url: string): Error {
    return failure("argument-invalid", {
        found: "The proxy that is set cannot be used: it is no http://, https:// or socks5:// address",
        where: `HTTPS_PROXY or ALL_PROXY in the environment (or proxy-url in the kubeconfig), for ${url}`,
        why: "S3 and the cluster are reached through it.",
        next: "Write it as http://host:port, or name the host in NO_PROXY to go there directly.",
    });
}

/** A connection through a proxy (CONNECT or SOCKS 5), with TLS to the far side inside: the proxy sees names, never content. */
import type { ClientRequest } from "node:http";
import type { AgentOptions } from "node:https";
import { isIP, type Socket } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { HttpsProxyAgent } from "https-proxy-agent";
import { SocksProxyAgent } from "socks-proxy-agent";
import { ProxyFailure, shownProxy } from "./causes";

type Options = Parameters<HttpsProxyAgent<string>["connect"]>[1];

export class Tunnel extends HttpsProxyAgent<string> {
    private readonly shown: string;

    /** `options` are for the far side; the library takes what it is given itself for TLS with the proxy. */
    constructor(
        proxy: URL,
        private readonly farSide: AgentOptions,
    ) {
        super(proxy.href, { keepAlive: farSide.keepAlive === true });
        this.shown = shownProxy(proxy);
    }

    /** A refusal of the proxy is its own failure: the library would pass it on as the far side's answer. */
    override async connect(request: ClientRequest, options: Options): Promise<Socket> {
        let status = 200;
        request.once("proxyConnect", (answer: { statusCode: number }) => {
            status = answer.statusCode;
        });
        const asked = { ...options, ...this.farSide, ...verified(options) } as Options;
        const socket = await super.connect(request, asked).catch((error: Error) => {
            throw new ProxyFailure(this.shown, undefined, error);
        });
        if (status !== 200) {
            socket.destroy();
            throw new ProxyFailure(this.shown, status);
        }
        return socket;
    }
}

/** The proxy resolves the name of the far side, as with kubectl. */
export class SocksTunnel extends SocksProxyAgent {
    private readonly shown: string;

    /** `options` are for the far side. */
    constructor(
        proxy: URL,
        private readonly farSide: AgentOptions,
    ) {
        super(proxy.href.replace(/^socks5:/, "socks5h:"), { keepAlive: farSide.keepAlive === true });
        this.shown = shownProxy(proxy);
    }

    override async connect(
        request: ClientRequest,
        options: Parameters<SocksProxyAgent["connect"]>[1],
    ): Promise<Socket> {
        const asked = { ...options, ...this.farSide, ...verified(options) } as typeof options;
        return await super.connect(request, asked).catch((error: Error) => {
            // The library says what the proxy has answered, or repeats Node's words without their code.
            const [code] = /\bE[A-Z]{3,}\b/.exec(error.message) ?? [];
            const cause = code === undefined ? error : Object.assign(new Error(error.message), { code });
            throw new ProxyFailure(
                this.shown,
                error.message.startsWith("Socks5 ") ? error.message : undefined,
                cause,
            );
        });
    }
}

/** For an address instead of a name, the library leaves nothing to compare the certificate with. */
function verified({
    host,
    servername,
    checkServerIdentity: own,
}: {
    host?: string | undefined;
    servername?: string | undefined;
    checkServerIdentity?: unknown;
}): object {
    return host && isIP(host) && !servername && !own
        ? { checkServerIdentity: (_: string, shown: PeerCertificate) => checkServerIdentity(host, shown) }
        : {};
}

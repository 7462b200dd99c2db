import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import { type SecureContext, connect as secure, type TLSSocket } from "node:tls";
import { certificateMessage, dialMessage, handshakeMessage } from "./goErrors";

// Time limits of minio-go v7.0.89, transport.go, DefaultTransport.
const limits = { dial: 30_000, handshake: 10_000, headers: 60_000 };

/** Where to send a request: `trust` is absent for plain http. */
export interface Peer {
    hostname: string;
    port: number;
    trust: SecureContext | undefined;
    signal: AbortSignal;
}

export interface Answer {
    status: number;
    statusText: string;
    headers: IncomingHttpHeaders;
    body: string;
}

/**
 * One HTTP/1.1 request on a connection of its own. Dialling, handshake and answer are separate steps, because Go's
 * client, whose words the thrown errors borrow, names the step that failed.
 */
export async function exchange(
    peer: Peer,
    options: Pick<RequestOptions, "method" | "path" | "headers">,
): Promise<Answer> {
    const plain = connect({ host: peer.hostname, port: peer.port });
    const abort = () => plain.destroy(new Error("context canceled"));
    // An abort ends the socket with an error at any time, also when nobody listens any more.
    plain.on("error", () => {});
    peer.signal.addEventListener("abort", abort);
    try {
        await dialled(plain, peer);
        return await send(peer.trust ? await handshake(plain, peer, peer.trust) : plain, options);
    } finally {
        peer.signal.removeEventListener("abort", abort);
        plain.destroy();
    }
}

function dialled(socket: Socket, { hostname, port }: Peer): Promise<void> {
    return new Promise((resolve, reject) => {
        const refuse = (error: unknown) => reject(new Error(dialMessage(error, hostname)));
        const late = Object.assign(new Error(), { code: "ETIMEDOUT", address: hostname, port });
        socket.setTimeout(limits.dial, () => socket.destroy(late));
        socket.once("error", refuse);
        socket.once("connect", () => {
            socket.setTimeout(0);
            socket.off("error", refuse);
            resolve();
        });
    });
}

function handshake(plain: Socket, { hostname }: Peer, trust: SecureContext): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
        // Verified by hand below: Go asks other questions than Node, in another order.
        const socket = secure({
            socket: plain,
            servername: isIP(hostname) ? "" : hostname,
            secureContext: trust,
            rejectUnauthorized: false,
            checkServerIdentity: () => undefined,
        });
        const fail = (message: string) => {
            socket.destroy();
            reject(new Error(message));
        };
        const refuse = (error: Error) => fail(handshakeMessage(error));
        const timer = setTimeout(() => fail("net/http: TLS handshake timeout"), limits.handshake);
        socket.on("error", refuse);
        socket.once("secureConnect", () => {
            clearTimeout(timer);
            const against = certificateMessage(
                socket.getPeerCertificate(),
                hostname,
                socket.authorizationError,
            );
            if (against) fail(against);
            else resolve(socket);
        });
        socket.once("close", () => clearTimeout(timer));
    });
}

function send(socket: Socket, options: Pick<RequestOptions, "method" | "path" | "headers">): Promise<Answer> {
    return new Promise((resolve, reject) => {
        const outgoing = request({ ...options, setHost: false, createConnection: () => socket });
        outgoing.setTimeout(limits.headers, () =>
            outgoing.destroy(new Error("net/http: timeout awaiting response headers")),
        );
        // An abort can end it with a second error, which must not go unheard.
        outgoing.on("error", (error: NodeJS.ErrnoException) =>
            reject(error.code === "ECONNRESET" ? new Error("EOF") : error),
        );
        outgoing.once("response", (incoming) => {
            let body = "";
            incoming.setEncoding("utf8");
            incoming.on("data", (chunk: string) => {
                body += chunk;
            });
            incoming.once("error", reject);
            incoming.once("end", () =>
                resolve({
                    status: incoming.statusCode ?? 0,
                    statusText: incoming.statusMessage ?? "",
                    headers: incoming.headers,
                    body,
                }),
            );
        });
        outgoing.end();
    });
}

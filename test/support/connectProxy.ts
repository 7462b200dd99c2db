/**
 * An HTTP proxy on loopback, as a company has one: it connects (CONNECT) and carries what it cannot read. Names below
 * `.invalid` are this machine.
 */
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

export class ConnectProxy {
    /** Which host and port were asked for, in the order in which they came. */
    readonly asked: string[] = [];
    /** Status that every CONNECT is refused with. */
    refuses: number | undefined;
    /** Whether it leaves every CONNECT without an answer. */
    silent = false;
    /** `user:password` that is asked for. */
    credentials: string | undefined;

    private constructor(
        readonly port: number,
        private readonly close: () => Promise<void>,
    ) {}

    static async start(): Promise<ConnectProxy> {
        const server = createServer((_request, response) => {
            response.writeHead(405).end();
        });
        const open = new Set<Socket>();
        server.on("connect", ({ url = "", headers }, socket: Socket) => {
            proxy.asked.push(url);
            socket.on("error", () => {});
            if (proxy.silent) {
                open.add(socket);
                return;
            }
            const refused = proxy.refuses ?? proxy.challenge(headers["proxy-authorization"]);
            if (refused) {
                socket.end(`HTTP/1.1 ${refused} Refused\r\ncontent-length: 7\r\n\r\nrefused`);
                return;
            }
            const [host = "", port] = url.split(/:(?=\d+$)/);
            const name = host.endsWith(".invalid") ? "127.0.0.1" : host.replace(/^\[|\]$/g, "");
            const farSide = connect(Number(port), name, () => {
                socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
                farSide.pipe(socket).pipe(farSide);
            });
            for (const each of [socket, farSide]) {
                open.add(each);
                each.once("close", () => open.delete(each));
            }
            farSide.on("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const close = async () => {
            for (const each of open) {
                each.destroy();
            }
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
        };
        const proxy: ConnectProxy = new ConnectProxy((server.address() as AddressInfo).port, close);
        return proxy;
    }

    /** As it is written in HTTPS_PROXY; with the credentials, where it asks for some. */
    get url(): string {
        return `http://${this.credentials ? `${this.credentials}@` : ""}127.0.0.1:${this.port}`;
    }

    stop(): Promise<void> {
        return this.close();
    }

    private challenge(given: string | undefined): number | undefined {
        const wanted = `Basic ${Buffer.from(this.credentials ?? "").toString("base64")}`;
        return this.credentials === undefined || given === wanted ? undefined : 407;
    }
}

/** A SOCKS 5 proxy on loopback (RFC 1928 and 1929), as `ssh -D` is one. Names below `.invalid` are this machine. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export class SocksProxy {
    /** Which host and port were asked for, in the order in which they came. */
    readonly asked: string[] = [];
    /** `user:password` that is asked for. */
    credentials: string | undefined;
    /** Whether it connects to nothing. */
    refuses = false;

    private constructor(
        readonly port: number,
        private readonly close: () => Promise<void>,
    ) {}

    static async start(): Promise<SocksProxy> {
        const open = new Set<Socket>();
        const server = createServer((socket) => {
            open.add(socket);
            socket.on("error", () => {});
            proxy.serve(socket, open).catch(() => socket.destroy());
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const close = async () => {
            for (const each of open) {
                each.destroy();
            }
            await new Promise((resolve) => server.close(resolve));
        };
        const proxy: SocksProxy = new SocksProxy((server.address() as AddressInfo).port, close);
        return proxy;
    }

    get url(): string {
        return `socks5://${this.credentials ? `${this.credentials}@` : ""}127.0.0.1:${this.port}`;
    }

    stop(): Promise<void> {
        return this.close();
    }

    private async serve(socket: Socket, open: Set<Socket>): Promise<void> {
        const [, methods = 0] = await taken(socket, 2);
        await taken(socket, methods);
        socket.write(Buffer.from([5, this.credentials ? 2 : 0]));
        if (this.credentials) {
            const user = await texted(socket, 1);
            const right = this.credentials === `${user}:${await texted(socket, 0)}`;
            socket.write(Buffer.from([1, right ? 0 : 1]));
        }
        const [, , , type] = await taken(socket, 4);
        const host = type === 3 ? await texted(socket, 0) : [...(await taken(socket, 4))].join(".");
        const port = (await taken(socket, 2)).readUInt16BE();
        this.asked.push(`${host}:${port}`);
        const answer = (code: number) => socket.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
        if (this.refuses) {
            answer(2);
            return;
        }
        const farSide = connect(port, host.endsWith(".invalid") ? "127.0.0.1" : host, () => {
            answer(0);
            farSide.pipe(socket).pipe(farSide);
        });
        open.add(farSide);
        farSide.on("error", () => answer(5));
    }
}

async function taken(socket: Socket, size: number): Promise<Buffer> {
    for (;;) {
        const read = socket.read(size) as Buffer | null;
        if (read) {
            return read;
        }
        await once(socket, "readable");
    }
}

/** A text with its length before it, after so many other bytes. */
async function texted(socket: Socket, skipped: number): Promise<string> {
    if (skipped > 0) {
        await taken(socket, skipped);
    }
    const [size = 0] = await taken(socket, 1);
    return (await taken(socket, size)).toString("utf8");
}

/** A port where nothing listens, and nothing will. */
import { connect, createServer, type Socket } from "node:net";

/**
 * A free port that is given back may be somebody's a moment later; that of one end of a connection is taken, and refuses
 * whoever connects to it. The connection lasts as long as this process, which it does not keep.
 */
export async function closedPort(): Promise<number> {
    const server = createServer((far: Socket) => far.unref());
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const near = connect({ host: "127.0.0.1", port });
    await new Promise((connected) => near.once("connect", connected));
    server.unref();
    near.unref();
    return near.localPort ?? Number.NaN;
}

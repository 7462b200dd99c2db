/** Restarts of a sandbox's servers, asked for by the tests: they run in other processes than the one that started it. */
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Sandbox } from "../../../examples/sandbox";

type Server = Parameters<Sandbox["restart"]>[0];

/** Listens on loopback, at a port that is free. */
export async function startControl(
    sandbox: Pick<Sandbox, "restart">,
): Promise<{ url: string; stop(): Promise<void> }> {
    const listener = createServer((incoming, response) => {
        const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://localhost");
        sandbox.restart(pathname.slice(1) as Server, Number(searchParams.get("downFor"))).then(
            () => response.writeHead(204).end(),
            (error: Error) => response.writeHead(500).end(error.message),
        );
    });
    await new Promise<void>((listening) => listener.listen(0, "127.0.0.1", listening));
    return {
        url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
        async stop() {
            listener.closeAllConnections();
            await new Promise((closed) => listener.close(closed));
        },
    };
}

/** Ends a server as a crash would, and starts it again after so many milliseconds; settles when it is there again. */
export async function restart(control: string, server: Server, downFor: number): Promise<void> {
    await new Promise<void>((settle, reject) => {
        const asked = request(`${control}/${server}?downFor=${downFor}`, (answer) => {
            let said = "";
            answer.on("data", (chunk: Buffer) => {
                said += chunk.toString();
            });
            answer.on("end", () => (answer.statusCode === 204 ? settle() : reject(new Error(said))));
        });
        asked.on("error", reject);
        asked.end();
    });
}

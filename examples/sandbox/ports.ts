import { createServer, type Server } from "node:net";
import { SandboxProblem } from "./problem";

function listen(): Promise<Server> {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.once("error", reject);
        server.listen({ host: "127.0.0.1", port: 0 }, () => resolve(server));
    });
}

function portOf(server: Server): number {
    const address = server.address();
    if (address === null || typeof address === "string") {
        throw new Error("A listening TCP server must have a port.");
    }
    return address.port;
}

/** Free TCP ports of the loopback address, all different. Another process may still take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
    // All are held until the last is found: closing each at once could hand out the same port twice.
    const servers = await Promise.all(Array.from({ length: count }, listen));
    const ports = servers.map(portOf);
    await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
    return ports;
}

const PORT_TAKEN = /address already in use|EADDRINUSE/i;
const PORT_ATTEMPTS = 5;

/** Starts something again, on other ports, as long as another process has taken one of those that it was given. */
export async function withFreshPorts<Result>(start: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
        try {
            return await start();
        } catch (error) {
            const taken =
                error instanceof SandboxProblem && error.details.lastLines?.some((l) => PORT_TAKEN.test(l));
            if (!taken || attempt === PORT_ATTEMPTS) {
                throw error;
            }
        }
    }
}

import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { createInterface } from "node:readline";
import { json } from "node:stream/consumers";

/** A change that a watch tells of. */
export interface WatchEvent {
    /** `ADDED`, `MODIFIED` or `DELETED`; `ERROR` with a Status as its object. */
    readonly type: string;
    readonly object: unknown;
}

/** A request that an API server answered with a failure: its message, and the HTTP status. */
export class ApiFailure extends Error {
    constructor(
        message: string,
        readonly code: number,
    ) {
        super(message);
    }
}

/**
 * Bare requests to the API server of a sandbox. `@kubernetes/client-node` takes 0.6 s of processor time to load, which
 * each process of the sandbox would pay, and drops fields that its typed API does not know.
 */
export class ApiClient {
    private constructor(
        private readonly server: string,
        private readonly options: RequestOptions,
    ) {}

    /** Reads a kubeconfig that the sandbox wrote: JSON, with one cluster and one user. */
    static async of(kubeconfigFile: string): Promise<ApiClient> {
        const { clusters, users } = JSON.parse(await readFile(kubeconfigFile, "utf8"));
        const { server, ...cluster } = clusters[0].cluster;
        const { user } = users[0];
        const pem = (base64: string) => Buffer.from(base64, "base64").toString();
        const ca = pem(cluster["certificate-authority-data"]);
        const cert = pem(user["client-certificate-data"]);
        const key = pem(user["client-key-data"]);
        return new ApiClient(server, { ca, cert, key, agent: new Agent({ keepAlive: true, ca, cert, key }) });
    }

    /** Sends a request and gives the answer's document; fails with an `ApiFailure` when the server refuses. */
    async ask<T>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<T> {
        const incoming = await this.send(method, path, body);
        const answer = await documentOf(incoming);
        const { statusCode = 0 } = incoming;
        if (statusCode < 300) return answer as T;
        throw new ApiFailure((answer as { message?: string })?.message ?? `HTTP ${statusCode}`, statusCode);
    }

    /** Follows a watch until the server ends it, the connection breaks, or the signal comes. */
    async watch(path: string, onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
        try {
            const incoming = await this.send("GET", path, undefined, signal);
            for await (const line of createInterface({ input: incoming })) {
                const event = parsed(line);
                if (event !== undefined && !signal.aborted) onEvent(event as WatchEvent);
            }
        } catch (error) {
            if (!signal.aborted) throw error;
        }
    }

    private send(
        method: string,
        path: string,
        body: object | undefined,
        signal?: AbortSignal,
    ): Promise<IncomingMessage> {
        const content = body && JSON.stringify(body);
        const headers = {
            accept: "application/json",
            "content-type": "application/json",
            // Node sends none with DELETE, and the server would take the body for another request.
            ...(content !== undefined && { "content-length": Buffer.byteLength(content) }),
        };
        const options = { ...this.options, method, headers, ...(signal && { signal }) };
        return new Promise((resolve, reject) => {
            const outgoing = request(`${this.server}${path}`, options, resolve);
            outgoing.on("error", reject);
            outgoing.end(content);
        });
    }
}

/** What is asked for, unless there is no such thing. */
export async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
    try {
        return await asked;
    } catch (error) {
        if (isFailure(error, 404)) return undefined;
        throw error;
    }
}

/** Whether an API server answered with that HTTP status. */
export function isFailure(error: unknown, code: number): boolean {
    return error instanceof ApiFailure && error.code === code;
}

async function documentOf(incoming: IncomingMessage): Promise<unknown> {
    if (incoming.headers["content-type"]?.startsWith("application/json")) return json(incoming);
    incoming.resume();
    return undefined;
}

function parsed(line: string): unknown {
    try {
        return JSON.parse(line);
    } catch {
        return undefined;
    }
}

/**
 * One JSON request to the API server, with a deadline. The client library finds the kubeconfig and
 * authenticates; its requests take no deadline and its watch hides errors, and on both this provider's
 * promises rest, so sending is done here.
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { failure } from "../errors";
import { isTransient } from "../network";

export interface ApiRequest {
    readonly method: "GET" | "PATCH" | "DELETE";
    /** Path and query, for example `/api/v1/namespaces/kube-system`. */
    readonly path: string;
    readonly body?: unknown;
    readonly contentType?: string;
    readonly signal?: AbortSignal;
}

export interface ApiAnswer {
    readonly status: number;
    /** Parsed JSON; the text itself where it was none (an unknown path answers in plain text). */
    readonly body: unknown;
}

/** Longest time for one request, in milliseconds, where the caller set no deadline of its own. */
const REQUEST_DEADLINE_MS = 30_000;

/** Waits between the tries of a request that failed for a passing reason, in milliseconds. */
const RETRY_AFTER_MS = [200, 500, 1_000, 2_000];

/** Overloaded or starting up: the API server asks to be asked again. */
const BUSY = new Set([429, 500, 502, 503, 504]);

export class Transport {
    private options: Promise<RequestOptions> | undefined;

    /** @internal */
    constructor(
        private readonly config: KubeConfig,
        private readonly sleep: (milliseconds: number) => Promise<void>,
    ) {}

    /** Address of the API server. */
    get server(): string {
        return this.config.getCurrentCluster()?.server ?? "";
    }

    /** Sends, and again after a passing failure; every request made through here may safely be repeated. */
    async send(request: ApiRequest): Promise<ApiAnswer> {
        for (const pause of RETRY_AFTER_MS) {
            try {
                const answer = await this.sendOnce(request);
                if (!BUSY.has(answer.status)) {
                    return answer;
                }
            } catch (error) {
                if (!isTransient(error) || request.signal?.aborted) {
                    throw error;
                }
            }
            await this.sleep(pause);
        }
        return this.sendOnce(request);
    }

    private async sendOnce(request: ApiRequest): Promise<ApiAnswer> {
        const signal = request.signal ?? AbortSignal.timeout(REQUEST_DEADLINE_MS);
        const response = await this.open({ ...request, signal });
        const text = await textOf(response).catch((error) => {
            throw timeoutOr(error, signal);
        });
        return { status: response.statusCode ?? 0, body: parse(text) };
    }

    /** Sends once and gives the response when its head has come: for a watch, whose body has no end. */
    async open(request: ApiRequest): Promise<IncomingMessage> {
        this.options ??= this.authenticate();
        const { headers, ...options } = await this.options;
        const url = new URL(this.server.replace(/\/$/, "") + request.path);
        const body = request.body === undefined ? undefined : JSON.stringify(request.body);
        const ask = url.protocol === "http:" ? httpRequest : httpsRequest;
        return await new Promise((resolve, reject) => {
            const outgoing = ask(url, {
                ...options,
                method: request.method,
                headers: {
                    ...headers,
                    Accept: "application/json",
                    ...(body && {
                        "Content-Type": request.contentType ?? "application/json",
                        "Content-Length": Buffer.byteLength(body),
                    }),
                },
                ...(request.signal && { signal: request.signal }),
            });
            outgoing.on("response", resolve);
            outgoing.on("error", (error) => reject(timeoutOr(error, request.signal)));
            outgoing.end(body);
        });
    }

    private async authenticate(): Promise<RequestOptions> {
        const options: RequestOptions = {};
        try {
            await this.config.applyToHTTPSOptions(options);
        } catch (error) {
            this.options = undefined;
            throw unauthenticated(this.server, error);
        }
        // The library's agent makes a TLS handshake for each request, which costs more than the request.
        Object.assign(options.agent ?? {}, { keepAlive: true });
        return options;
    }
}

/** A plugin or a provider of tokens, named in the kubeconfig, that does not give one. */
function unauthenticated(server: string, cause: unknown): Error {
    const said = cause instanceof Error ? cause.message.split("\n", 1)[0] : "";
    return failure("cluster-unreachable", {
        found: `The kubeconfig's user cannot be authenticated: ${said}`,
        where: server,
        why: "The Registry object and its Secret live in that cluster.",
        next: "Check the user's entry in the kubeconfig (an exec plugin must be installed and logged in), for example with kubectl auth whoami.",
    });
}

/** An abort by a deadline says only "aborted"; the signal's reason says that time was up. */
function timeoutOr(error: Error, signal: AbortSignal | undefined): Error {
    return signal?.aborted && signal.reason instanceof Error ? signal.reason : error;
}

async function textOf(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of response) {
        chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

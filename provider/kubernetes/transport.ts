/**
 * One JSON request to the API server, within a deadline. The client library finds the kubeconfig and
 * authenticates; its requests take no deadline and its watch hides errors, and on both this provider's
 * promises rest, so sending is done here.
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { failure } from "../finding";
import { textOf } from "../network/body";
import { BrokenAnswer, isTransient } from "../network/causes";
import { agentFor, throughProxy } from "../network/proxy";
import {
    type Deadline,
    isBusy,
    type Outcome,
    type Patience,
    retryAfterMs,
    unlimited,
    withRetries,
} from "../network/retry";
import { forgetLogin } from "./connection";

export interface ApiRequest {
    readonly method: "GET" | "POST" | "PATCH" | "DELETE";
    /** Path and query, for example `/api/v1/namespaces/kube-system`. */
    readonly path: string;
    readonly body?: unknown;
    readonly contentType?: string;
}

export interface ApiAnswer {
    readonly status: number;
    /** Parsed JSON; the text itself where it was none (an unknown path answers in plain text). */
    readonly body: unknown;
}

export class Transport {
    private options: Promise<RequestOptions> | undefined;

    /** @internal */
    constructor(
        private config: KubeConfig,
        private readonly sleep: (milliseconds: number) => Promise<void>,
    ) {}

    /** Address of the API server. */
    get server(): string {
        return this.config.getCurrentCluster()?.server ?? "";
    }

    /** The proxy on the way there, for messages. */
    get through(): string {
        return throughProxy(this.server, this.config.getCurrentCluster()?.proxyUrl);
    }

    /** Sends, and again after a passing failure; every request made through here may safely be repeated. */
    async send(request: ApiRequest, deadline: Deadline = unlimited): Promise<ApiAnswer> {
        const { status, body } = await this.exchange(deadline, async (login, signal) => {
            const response = await this.ask(request, login, signal);
            return { ...headOf(response), body: bodyOf(await textOf(response), response) };
        });
        return { status, body };
    }

    /** The same for a watch: gives the response when its head has come, because its body has no end. */
    async stream(request: ApiRequest): Promise<IncomingMessage | ApiAnswer> {
        const opened = await this.exchange(unlimited, async (login, signal) => {
            const response = await this.ask(request, login, signal);
            return response.statusCode === 200
                ? { ...headOf(response), response }
                : { ...headOf(response), body: bodyOf(await textOf(response), response) };
        });
        return "response" in opened ? opened.response : { status: opened.status, body: opened.body };
    }

    /**
     * Sends with the login that there is; with a new one, once, when the API server no longer takes it. The time of a plugin
     * that logs in is not the server's.
     */
    private async exchange<T extends Head>(
        deadline: Deadline,
        attempt: (login: RequestOptions, signal: AbortSignal) => Promise<T>,
    ): Promise<T> {
        const send = (login: RequestOptions) =>
            deadline((signal) =>
                withRetries((each) => attempt(login, each), waitBeforeNext, { signal, sleep: this.sleep }),
            );
        this.options ??= this.authenticate();
        const used = this.options;
        const outcome = await send(await used);
        if (outcome.status !== 401 || !isRenewable(this.config)) {
            return outcome;
        }
        // Another request that was sent with the same login may have renewed it already.
        if (this.options === used || this.options === undefined) {
            this.options = this.renew();
        }
        return await send(await this.options);
    }

    private async ask(
        request: ApiRequest,
        { headers, ...options }: RequestOptions,
        signal: AbortSignal,
    ): Promise<IncomingMessage> {
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
                signal,
            });
            outgoing.on("response", resolve);
            outgoing.on("error", reject);
            outgoing.end(body);
        });
    }

    private async renew(): Promise<RequestOptions> {
        this.config = await forgetLogin(this.config);
        return await this.authenticate();
    }

    private async authenticate(): Promise<RequestOptions> {
        const options: RequestOptions = {};
        try {
            await withRetries(
                () => this.config.applyToHTTPSOptions(options),
                () => undefined,
                LOGIN,
            );
        } catch (error) {
            this.options = undefined;
            throw unauthenticated(this.server, error);
        }
        const { proxyUrl } = this.config.getCurrentCluster() ?? {};
        if (this.server.startsWith("https:") && !proxyUrl?.startsWith("socks")) {
            // The library's agent makes a TLS handshake for each request, which costs more than the request.
            options.agent = await agentFor(this.server, { keepAlive: true }, proxyUrl);
        }
        return options;
    }
}

/** A person may have to log in, in a browser. */
const LOGIN: Patience = {
    sleep: async () => {},
    tries: { pausesMs: [], tryMs: 60_000, requestMs: 60_000 },
};

/** Whether the login comes from a plugin or a file that may give another one; a certificate stays what it is. */
function isRenewable(config: KubeConfig): boolean {
    const user = config.getCurrentUser();
    return user?.exec !== undefined || user?.authProvider !== undefined;
}

/** A plugin or a provider of tokens, named in the kubeconfig, that does not give one. */
function unauthenticated(server: string, cause: unknown): Error {
    const said = cause instanceof Error ? cause.message.split("\n", 1)[0] : "";
    return failure("kubeconfig-unusable", {
        found: `The kubeconfig's user cannot be authenticated: ${said}`,
        where: server,
        why: "The Registry object and its Secret live in that cluster.",
        next: "Check the user's entry in the kubeconfig (an exec plugin must be installed and logged in), for example with kubectl auth whoami.",
    });
}

/** What decides whether a request is sent again. */
interface Head {
    readonly status: number;
    /** As the server asks, in milliseconds; 0 when it asks for none. */
    readonly retryAfter: number;
    readonly body?: unknown;
}

/**
 * What an admission webhook says, where it is one that refuses. The webhooks of LLMOS refuse with status 500
 * (`Internal error occurred: …`), which here says nothing of the server's health.
 */
export function denialOf(body: unknown): string | undefined {
    const { message } = (body ?? {}) as { message?: unknown };
    const said = /^admission webhook "[^"]*" denied the request: (?:Internal error occurred: )?(.*)$/s;
    return typeof message === "string" ? said.exec(message)?.[1] : undefined;
}

/** The admission webhook that the API server could not call, and what it says of it. */
export function outageOf(body: unknown): { webhook: string; said: string } | undefined {
    const { message } = (body ?? {}) as { message?: unknown };
    const [, webhook, said] =
        typeof message === "string" ? (/failed calling webhook "([^"]*)": (.*)$/s.exec(message) ?? []) : [];
    return webhook === undefined || said === undefined ? undefined : { webhook, said };
}

function headOf({ statusCode = 0, headers }: IncomingMessage): Head {
    return { status: statusCode, retryAfter: retryAfterMs(headers["retry-after"]) };
}

function waitBeforeNext(outcome: Outcome<Head>): number | undefined {
    if ("error" in outcome) {
        return isTransient(outcome.error) ? 0 : undefined;
    }
    const { status, retryAfter, body } = outcome.value;
    return isBusy(status) && denialOf(body) === undefined ? retryAfter : undefined;
}

/** A body that says it is JSON and is none, or a success without an object, has been cut off on its way. */
function bodyOf(text: string, { statusCode = 0, headers }: IncomingMessage): unknown {
    const succeeded = statusCode >= 200 && statusCode < 300;
    const body = parsed(text);
    const isJson = headers["content-type"]?.includes("json") === true;
    if (succeeded ? typeof body !== "object" || body === null : isJson && body === undefined) {
        throw new BrokenAnswer(statusCode);
    }
    return body ?? text;
}

function parsed(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

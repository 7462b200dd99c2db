/** One JSON request to the API server, with the login of its user, within a deadline. */
import { type Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { failure } from "../finding";
import { textOf } from "../network/body";
import { BrokenAnswer, isTransient, networkCode, ProxyFailure } from "../network/causes";
import { agentFor, throughProxy } from "../network/proxy";
import { type Deadline, isBusy, type Outcome, retryAfterMs, unlimited, withRetries } from "../network/retry";
import type { Connection } from "./connection";
import { quoted, Unusable } from "./kubeconfig";
import { type Credentials, isRenewable, logIn, renewal } from "./login";

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
    /** How often it was asked, this answer included. */
    readonly tries: number;
    /** How long the server wants not to be asked again, in milliseconds; 0 when it does not say. */
    readonly retryAfter: number;
}

export class Transport {
    private login: Promise<Credentials> | undefined;
    private agent: Promise<Agent | undefined> | undefined;
    /** Whether the server has answered any request of this process. */
    private answered = false;

    /** @internal */
    constructor(
        private readonly connection: Connection,
        private readonly sleep: (milliseconds: number) => Promise<void>,
    ) {}

    /** Address of the API server. */
    get server(): string {
        return this.connection.server;
    }

    /** The proxy on the way there, for messages. */
    get through(): string {
        return throughProxy(this.server, this.connection.proxyUrl);
    }

    /** What a person can do when the API server does not take the login. */
    get renewal(): string {
        return renewal(this.connection);
    }

    /** Sends, and again after a passing failure; every request made through here may safely be repeated. */
    async send(request: ApiRequest, deadline: Deadline = unlimited): Promise<ApiAnswer> {
        return await this.exchange(deadline, async (login, signal) => {
            const response = await this.ask(request, login, signal);
            return { ...headOf(response), body: bodyOf(await textOf(response), response) };
        });
    }

    /** The same for a watch: gives the response when its head has come, because its body has no end. */
    async stream(request: ApiRequest): Promise<IncomingMessage | ApiAnswer> {
        const opened = await this.exchange(unlimited, async (login, signal) => {
            const response = await this.ask(request, login, signal);
            return response.statusCode === 200
                ? { ...headOf(response), response }
                : { ...headOf(response), body: bodyOf(await textOf(response), response) };
        });
        return "response" in opened ? opened.response : opened;
    }

    /**
     * Sends with the login that there is; with a new one, once, when the API server no longer takes it. The time of a plugin
     * that logs in is not the server's.
     */
    private async exchange<T extends Head>(
        deadline: Deadline,
        attempt: (login: Credentials, signal: AbortSignal) => Promise<T>,
    ): Promise<T & { readonly tries: number }> {
        let tries = 0;
        let isAway = false;
        const counted = async (login: Credentials, signal: AbortSignal) => {
            tries += 1;
            const outcome = await attempt(login, signal);
            this.answered = true;
            return outcome;
        };
        const again = (outcome: Outcome<T>) => {
            // Where a server has answered before, it is restarted; where none has, the address may be wrong.
            const isRefused = "error" in outcome && networkCode(outcome.error) === "ECONNREFUSED";
            isAway ||= isRefused && this.answered && !(outcome.error instanceof ProxyFailure);
            return isRefused && isAway ? 0 : waitBeforeNext(outcome);
        };
        const persists = () => isAway;
        const send = async (login: Credentials) => {
            const outcome = await deadline((signal) =>
                withRetries((each) => counted(login, each), again, { signal, sleep: this.sleep, persists }),
            );
            return { ...outcome, tries };
        };
        let used = this.login ?? this.renew(undefined);
        const { expires } = await used;
        if (expires !== undefined && expires <= Date.now()) {
            used = this.renew(used);
        }
        const outcome = await send(await used);
        return outcome.status === 401 && isRenewable(this.connection)
            ? await send(await this.renew(used))
            : outcome;
    }

    /** Another login than `used`; another request may have got it already. */
    private renew(used: Promise<Credentials> | undefined): Promise<Credentials> {
        if (this.login === used || this.login === undefined) {
            this.login = this.logIn();
        }
        return this.login;
    }

    private async logIn(): Promise<Credentials> {
        try {
            return await logIn(this.connection);
        } catch (error) {
            this.login = undefined;
            throw error instanceof Unusable ? cannotLogIn(this.connection, error.message) : error;
        }
    }

    private async ask(
        request: ApiRequest,
        { headers, cert, key }: Credentials,
        signal: AbortSignal,
    ): Promise<IncomingMessage> {
        const url = new URL(this.server + request.path);
        // A text would be sent together with the headers, which would then be encoded like it.
        const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
        const ask = url.protocol === "http:" ? httpRequest : httpsRequest;
        this.agent ??= agentFor(this.server, { keepAlive: true }, this.connection.proxyUrl);
        const agent = await this.agent;
        return await new Promise((resolve, reject) => {
            const outgoing = ask(url, {
                ...this.connection.tls,
                agent,
                cert,
                key,
                method: request.method,
                headers: {
                    ...headers,
                    Accept: "application/json",
                    ...(body && {
                        "Content-Type": request.contentType ?? "application/json",
                        "Content-Length": body.length,
                    }),
                },
                signal,
            });
            outgoing.on("response", resolve);
            outgoing.on("error", reject);
            outgoing.end(body);
        });
    }
}

/** A user of the kubeconfig who has no login now. */
function cannotLogIn({ server, userName }: Connection, reason: string): Error {
    return failure("kubeconfig-unusable", {
        found: `The kubeconfig's user ${quoted(userName)} cannot log in: ${reason}`,
        where: server,
        why: "The Registry object and its Secret live in that cluster.",
        next: "Put right what it names, log in again, and check it with kubectl auth whoami.",
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
    // What a watch would go on from is gone; the next one begins with what there is now.
    const isGone = status === 410;
    return isGone || (isBusy(status) && denialOf(body) === undefined) ? retryAfter : undefined;
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

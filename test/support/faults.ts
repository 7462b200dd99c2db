/** What a proxy does to an exchange, so that a good server behind it looks like a bad one. */
import type { IncomingMessage, ServerResponse } from "node:http";

/** One request on its way, and how it gets there. */
export interface Exchange {
    readonly incoming: IncomingMessage;
    readonly response: ServerResponse;
    /** Sends the request to the server; its answer is passed on, or given to the one who asks. */
    forward(take?: (answer: IncomingMessage) => void): void;
    /** Resets the connection of the one who asks (TCP RST). */
    reset(): void;
}

export type Fault = (exchange: Exchange) => void;

/** The answer is late. */
export function late(milliseconds: number): Fault {
    return ({ incoming, forward }) => {
        // Nothing of the request may be lost while nobody reads it.
        incoming.pause();
        setTimeout(() => forward(), milliseconds);
    };
}

/** The server does what it is asked, and its answer comes so many milliseconds later. */
export function thinking(milliseconds: number): Fault {
    return ({ response, forward }) => {
        forward((answer) => {
            setTimeout(() => {
                response.writeHead(answer.statusCode ?? 0, answer.headers);
                answer.pipe(response);
            }, milliseconds);
        });
    };
}

/** No answer, ever. */
export const silence: Fault = ({ incoming }) => {
    incoming.resume();
};

/** The connection is reset before the server has seen the request. */
export const reset: Fault = (exchange) => exchange.reset();

/** The server does what it is asked, and the connection is reset before it has said so. */
export const answerLost: Fault = (exchange) => {
    exchange.forward((answer) => {
        answer.resume();
        answer.once("end", () => exchange.reset());
        // A watch does not end by itself.
        answer.once("data", () => setTimeout(() => exchange.reset(), 50));
    });
};

/** The body is shorter than its head says: the connection ends in the middle of it, or is reset there. */
export function cutOff(by: "end" | "reset"): Fault {
    return (exchange) => {
        const { incoming, response } = exchange;
        exchange.forward((answer) => {
            response.writeHead(answer.statusCode ?? 0, answer.headers);
            response.flushHeaders();
            answer.once("data", (chunk: Buffer) => {
                response.write(half(chunk), () => (by === "end" ? incoming.socket.end() : exchange.reset()));
            });
            answer.once("end", () => response.end());
        });
    };
}

/** A whole HTTP answer, with half of the document in it. */
export const halved: Fault = ({ response, forward }) => {
    forward((answer) => {
        const { "content-length": _length, "transfer-encoding": _encoding, ...headers } = answer.headers;
        answer.once("data", (chunk: Buffer) => {
            const content = half(chunk);
            response.writeHead(answer.statusCode ?? 0, { ...headers, "content-length": content.length });
            response.end(content);
        });
        answer.once("end", () => {
            if (!response.headersSent) {
                response.writeHead(answer.statusCode ?? 0, answer.headers).end();
            }
        });
    });
};

/** Success with nothing in it; a refusal stays as it is. */
export const emptied: Fault = ({ response, forward }) => {
    forward((answer) => {
        const { statusCode = 0, headers } = answer;
        if (statusCode < 300) {
            answer.resume();
            response.writeHead(statusCode).end();
        } else {
            response.writeHead(statusCode, headers);
            answer.pipe(response);
        }
    });
};

/** Another answer than the server's. */
export function instead(status: number, type: string, body: string, headers: object = {}): Fault {
    return ({ incoming, response }) => {
        incoming.resume();
        incoming.once("end", () => {
            response.writeHead(status, { "content-type": type, ...headers });
            response.end(incoming.method === "HEAD" ? undefined : body);
        });
    };
}

/** The server's answer, in other words. */
export function reworded(change: (text: string) => string): Fault {
    return ({ response, forward }) => {
        forward((answer) => {
            const chunks: Buffer[] = [];
            answer.on("data", (chunk: Buffer) => chunks.push(chunk));
            answer.once("end", () => {
                const {
                    "content-length": _length,
                    "transfer-encoding": _encoding,
                    ...headers
                } = answer.headers;
                const content = Buffer.from(change(Buffer.concat(chunks).toString("utf8")));
                response.writeHead(answer.statusCode ?? 0, { ...headers, "content-length": content.length });
                response.end(content);
            });
        });
    };
}

/** As an S3 server refuses. */
export function s3Error(status: number, code: string, headers?: object): Fault {
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Please try again.</Message><RequestId>1</RequestId></Error>`;
    return instead(status, "application/xml", body, headers);
}

/** As an API server refuses. */
export function kubernetesStatus(code: number, reason: string, headers?: object): Fault {
    const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
    const body = JSON.stringify({ ...status, reason, message: "please try again", code });
    return instead(code, "application/json", body, headers);
}

/** As a proxy or a load balancer refuses, that has no server behind it. */
export const proxyPage: Fault = instead(
    502,
    "text/html",
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n",
);

function half(chunk: Buffer): Buffer {
    return chunk.subarray(0, Math.floor(chunk.length / 2));
}

/** Which requests are met by which fault, and how often. */
export class Faults {
    private kinds: readonly Fault[] = [];
    private times = 0;
    private matching = /./;
    private readonly met = new Map<string, { fault: Fault; count: number }>();
    /** How many requests were met by a fault since the last `set`. */
    hits = 0;

    /**
     * From now on every request that matches (method and path) is met by a fault the first `times` times that it is
     * asked. With several faults, one request gets the first, another one the second, and so on.
     */
    set(kinds: Fault | readonly Fault[], times = Number.POSITIVE_INFINITY, matching = /./): void {
        this.kinds = [kinds].flat();
        this.times = times;
        this.matching = matching;
        this.hits = 0;
        this.met.clear();
    }

    /** From now on everything goes well. */
    heal(): void {
        this.set([]);
    }

    /** The fault for this request. */
    next(line: string): Fault | undefined {
        if (this.kinds.length === 0 || !this.matching.test(line)) {
            return undefined;
        }
        const known = this.met.get(line) ?? {
            fault: this.kinds[this.met.size % this.kinds.length] as Fault,
            count: 0,
        };
        this.met.set(line, known);
        known.count += 1;
        if (known.count > this.times) {
            return undefined;
        }
        this.hits += 1;
        return known.fault;
    }
}

import { Agent, type RequestOptions, request } from "node:https";

/** An answer of the API server; `body` is parsed when it is JSON. */
export interface KubeAnswer {
    status: number;
    // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of many kinds, and of no kind at all.
    body: any;
}

/** Asks the API server; `path` starts with a slash, a text as body goes as it is. Any status is an answer. */
export type KubeRequest = (
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
) => Promise<KubeAnswer>;

/**
 * Bare requests with the credentials of a kubeconfig. Deliberately not the provider's client: what tests observe must
 * not come through the code under test.
 */
export async function kubeRequests(kubeconfigFile: string): Promise<KubeRequest> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigFile);
    const server = config.getCurrentCluster()!.server;
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    options.agent = new Agent({ keepAlive: true, maxSockets: 8 });

    return (method, path, body, headers = {}) =>
        new Promise((resolve, reject) => {
            const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
            const text = body === undefined || typeof body === "string" ? (body ?? "") : JSON.stringify(body);
            // Node does not say by itself how long the body of a DELETE is: it would be taken for the next request.
            const sizes = text === "" ? {} : { "content-length": String(Buffer.byteLength(text)) };
            const outgoing = request(
                `${server}${path}`,
                {
                    ...options,
                    method,
                    headers: { ...options.headers, "content-type": type, ...sizes, ...headers },
                },
                (incoming) => {
                    let answer = "";
                    incoming.setEncoding("utf8");
                    incoming.on("data", (chunk: string) => {
                        answer += chunk;
                    });
                    // The answer of a watch is many documents, a line each.
                    const json =
                        incoming.headers["content-type"]?.startsWith("application/json") &&
                        !path.includes("watch=true");
                    const answered = () => ({
                        status: incoming.statusCode ?? 0,
                        body: json ? JSON.parse(answer) : answer,
                    });
                    incoming.once("end", () => resolve(answered()));
                },
            );
            outgoing.once("error", reject);
            outgoing.end(text);
        });
}

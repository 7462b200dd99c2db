/** The cluster as this provider uses it: read, list, create, merge, delete and watch. */
import { createInterface } from "node:readline";
import type { Clock } from "../clock";
import { LlmosError as Failure } from "../finding";
import { networkFinding, type Peer } from "../network/causes";
import { type Deadline, unlimited } from "../network/retry";
import { absent, present, type Reading } from "../reading";
import type { findConnection } from "./findConnection";
import { isStatus, refusal } from "./refusals";
import { type ApiAnswer, type ApiRequest, Transport } from "./transport";

/** The one field manager of everything that this provider writes. */
export const FIELD_MANAGER = "pulumi-llmos";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** What every Kubernetes object has. */
export interface KubernetesObject {
    apiVersion?: string;
    kind?: string;
    metadata: {
        name: string;
        namespace?: string;
        uid?: string;
        resourceVersion?: string;
        annotations?: Record<string, string>;
        labels?: Record<string, string>;
        deletionTimestamp?: string;
        finalizers?: string[];
        ownerReferences?: { kind: string; name: string; uid: string }[];
    };
}

/** `SelfSubjectAccessReview` of authorization.k8s.io/v1, as far as it is read. */
export interface AccessReview {
    readonly status?: { readonly allowed?: boolean };
}

/** One line of a watch. */
export interface WatchEvent<T> {
    readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
    readonly object: T;
}

/** What preview may do with a cluster. */
export type ClusterReader = Pick<Cluster, "server" | "identity" | "read" | "list" | "review">;

export class Cluster {
    /** @internal */
    constructor(
        private readonly transport: Transport,
        private readonly deadline: Deadline = unlimited,
        private readonly known: { uid?: string } = {},
    ) {}

    /** @internal */
    static async connect(...source: Parameters<typeof findConnection>): Promise<Cluster> {
        // Loaded here, not on top: a program without lookups has no use for a parser of YAML.
        const { findConnection } = await import("./findConnection.js");
        return new Cluster(new Transport(findConnection(...source), realSleep));
    }

    get server(): string {
        return this.transport.server;
    }

    /** The same cluster, each request to which has this deadline. */
    within(deadline: Deadline): Cluster {
        return new Cluster(this.transport, deadline, this.known);
    }

    /**
     * Who the cluster is: the UID of namespace kube-system. It outlives rotated tokens and moved addresses, and
     * differs between any two clusters.
     */
    async identity(): Promise<string> {
        this.known.uid ??=
            (await this.require<KubernetesObject>("/api/v1/namespaces/kube-system")).metadata.uid ?? "";
        return this.known.uid;
    }

    /**
     * Reads one object. A plain-text 404 says only that this path is not served now; the object is absent when its custom
     * resource definition is confirmed to be gone.
     */
    async read<T extends KubernetesObject>(path: string): Promise<Reading<T>> {
        try {
            const answer = await this.send({ method: "GET", path });
            if (answer.status === 404 && isStatus(answer.body)) {
                return absent;
            }
            if (answer.status === 404 && (await this.isUninstalled(path))) {
                return absent;
            }
            return present(this.accepted<T>("read", path, answer));
        } catch (error) {
            if (error instanceof Failure) {
                return { outcome: "unknown", error };
            }
            throw error;
        }
    }

    /**
     * Whether the definition of this kind is gone: the definition itself answers "not found", or, where it may not be read,
     * no API of its group is left.
     */
    private async isUninstalled(path: string): Promise<boolean> {
        const kind = /^\/apis\/([^/]+)\/[^/]+\/(?:namespaces\/[^/]+\/)?([^/?]+)/.exec(path);
        if (!kind) {
            return false;
        }
        const [, group = "", plural = ""] = kind;
        const ask = (asked: string) => this.send({ method: "GET", path: asked });
        const definition = await ask(`${DEFINITIONS}/${plural}.${group}`);
        if (definition.status !== 403) {
            return definition.status === 404 && isStatus(definition.body);
        }
        const apis = await ask("/apis");
        const { groups } = apis.body as { groups?: { name?: string }[] };
        return apis.status === 200 && groups !== undefined && !groups.some(({ name }) => name === group);
    }

    /** Lists a collection; undefined when its custom resource definition is confirmed to be gone. */
    async list<T extends KubernetesObject>(path: string): Promise<T[] | undefined> {
        const answer = await this.send({ method: "GET", path });
        if (answer.status === 404 && (await this.isUninstalled(path))) {
            return undefined;
        }
        return this.accepted<{ items: T[] }>("list", path, answer).items;
    }

    /** Creates an object; `conflict` when one of its name is there already. */
    async create<T extends KubernetesObject>(collection: string, object: unknown): Promise<T | "conflict"> {
        const answer = await this.send({
            method: "POST",
            path: `${collection}?fieldManager=${FIELD_MANAGER}`,
            body: object,
        });
        return answer.status === 409 ? "conflict" : this.accepted<T>("create", collection, answer);
    }

    /** JSON merge patch. With a resourceVersion in it, the outcome `conflict` means that somebody was faster. */
    async merge<T extends KubernetesObject>(
        path: string,
        patch: unknown,
    ): Promise<T | "conflict" | "absent"> {
        const answer = await this.send({
            method: "PATCH",
            path: `${path}?fieldManager=${FIELD_MANAGER}`,
            contentType: "application/merge-patch+json",
            body: patch,
        });
        if (answer.status === 409) {
            return "conflict";
        }
        return answer.status === 404 && isStatus(answer.body)
            ? "absent"
            : this.accepted<T>("update", path, answer);
    }

    /** Asks what this user may do; undefined where the server does not say. Nothing is stored by it. */
    async review(attributes: object): Promise<AccessReview | undefined> {
        const answer = await this.send({
            method: "POST",
            path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            body: {
                apiVersion: "authorization.k8s.io/v1",
                kind: "SelfSubjectAccessReview",
                spec: { resourceAttributes: attributes },
            },
        });
        return answer.status === 201 ? (answer.body as AccessReview) : undefined;
    }

    /**
     * Deletes exactly the object with this UID, and with a `resourceVersion` only as it was seen, and what it owns; one that
     * is gone already is deleted. `conflict`: somebody was faster.
     */
    async delete(
        path: string,
        uid: string | undefined,
        resourceVersion?: string,
    ): Promise<"deleted" | "conflict"> {
        const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
        // The default of a Job is another one, that leaves its Pods.
        const body = { preconditions, propagationPolicy: "Background" };
        const answer = await this.send({ method: "DELETE", path, body });
        if (answer.status === 409) {
            return "conflict";
        }
        if (answer.status !== 404) {
            this.accepted("delete", path, answer);
        }
        return "deleted";
    }

    /**
     * Watches one object of a collection. Resolves once the watch is open, so that what happens after it is
     * seen; `onEnd` is called when the server ends it.
     */
    async watch<T extends KubernetesObject>(
        collection: string,
        name: string,
        onEvent: (event: WatchEvent<T>) => void,
        onEnd: () => void,
    ): Promise<{ stop(): void }> {
        const query = `watch=true&fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`;
        const response = await this.attempt(() =>
            this.transport.stream({ method: "GET", path: `${collection}?${query}` }),
        );
        if ("status" in response) {
            throw refusal(this.transport, "watch", collection, response);
        }
        const lines = createInterface(response);
        lines.on("line", (line) => {
            const event = parseEvent<T>(line);
            if (event) {
                onEvent(event);
            }
            if (event?.type === "ERROR") {
                // Nothing comes after it (410, what the watch would go on from is gone), though the connection may stay.
                response.destroy();
                lines.close();
            }
        });
        lines.on("close", onEnd);
        // The lines pass on what breaks the response; an error that nobody hears would end this process.
        lines.on("error", () => lines.close());
        return { stop: () => response.destroy() };
    }

    private async require<T>(path: string): Promise<T> {
        const answer = await this.send({ method: "GET", path });
        return this.accepted<T>("read", path, answer);
    }

    private send(request: ApiRequest): Promise<ApiAnswer> {
        return this.attempt(() => this.transport.send(request, this.deadline));
    }

    private async attempt<T>(action: () => Promise<T>): Promise<T> {
        try {
            return await action();
        } catch (error) {
            const finding = networkFinding(error, this.peer());
            throw finding
                ? new Failure({ ...finding, code: "cluster-unreachable" }, { cause: error })
                : error;
        }
    }

    private peer(): Peer {
        return {
            url: this.server,
            through: this.transport.through,
            name: "The cluster's API server",
            why: "The Registry object and its Secret live there.",
            authority:
                "Check the certificate authority in the kubeconfig; a rotated one needs a new kubeconfig.",
        };
    }

    private accepted<T>(verb: string, path: string, answer: ApiAnswer): T {
        if (answer.status >= 200 && answer.status < 300) {
            return answer.body as T;
        }
        throw refusal(this.transport, verb, path, answer);
    }
}

/** A line of a watch; undefined for one that broke off with the connection, whose end is seen anyhow. */
function parseEvent<T>(line: string): WatchEvent<T> | undefined {
    try {
        return JSON.parse(line) as WatchEvent<T>;
    } catch {
        return undefined;
    }
}

const realSleep: Clock["sleep"] = (milliseconds) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));

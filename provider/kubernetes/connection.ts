/** Which cluster: the places a kubeconfig is looked for, in order, and how it is loaded. */
import { existsSync } from "node:fs";
import type { KubeConfig } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { ClusterReference } from "../description/arguments";
import { failure } from "../finding";
import type { Settings } from "../lifecycle/settings";

/**
 * The kubeconfig of the resource's `cluster` argument, else of the stack configuration (`llmos:kubeconfig`,
 * `llmos:context`), else of `KUBECONFIG`, the default file or the pod's service account, in that order.
 *
 * @internal
 */
export async function loadKubeConfig(
    reference: ClusterReference | undefined,
    settings: Settings,
): Promise<KubeConfig> {
    // Loaded here, not on top: it costs a quarter of a second that a program without lookups need not spend.
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    const given = reference?.kubeconfig ?? settings.kubeconfig;
    try {
        loadInto(config, given);
    } catch (error) {
        throw unusable(given, error);
    }
    // A context belongs to the kubeconfig that it was configured beside.
    const context =
        reference?.context ?? (reference?.kubeconfig === undefined ? settings.context : undefined);
    if (context !== undefined) {
        useContext(config, context);
    }
    if (!config.getCurrentCluster()) {
        throw unusable(given, new Error("its current context names no cluster"));
    }
    return config;
}

/**
 * The same cluster and user, without what the client library has remembered of the login: it keeps an exec plugin's token
 * until the time that came with it, whatever the API server says. Not read from its place again, because a file may lead to
 * another cluster by now.
 *
 * @internal
 */
export async function forgetLogin(config: KubeConfig): Promise<KubeConfig> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const fresh = new KubeConfig();
    fresh.loadFromOptions({
        clusters: config.getClusters(),
        users: config.getUsers(),
        contexts: config.getContexts(),
        currentContext: config.getCurrentContext(),
    });
    return fresh;
}

/** Longer than any path that a person writes, shorter than any kubeconfig. */
const LONGEST_PATH = 255;

function loadInto(config: KubeConfig, given: string | undefined): void {
    if (given === undefined) {
        config.loadFromDefault();
    } else if (isContent(given)) {
        config.loadFromString(given);
    } else if (existsSync(given)) {
        config.loadFromFile(given);
    } else {
        throw new Error("there is no such file");
    }
}

function useContext(config: KubeConfig, context: string): void {
    if (!config.getContextObject(context)) {
        const names = config.getContexts().map(({ name }) => name);
        throw failure("kubeconfig-unusable", {
            found: `The kubeconfig has no context "${context}"`,
            where: `contexts there: ${names.join(", ") || "none"}`,
            why: "Without it, it is not known which cluster is meant.",
            next: 'Correct "cluster.context" or the stack configuration "llmos:context".',
        });
    }
    config.setCurrentContext(context);
}

function unusable(given: string | undefined, cause: unknown): Error {
    const where = given === undefined ? "KUBECONFIG or ~/.kube/config" : placeOf(given);
    return failure("kubeconfig-unusable", {
        found: `The kubeconfig cannot be used: ${reasonOf(cause)}`,
        where,
        why: "The Registry object and its Secret live in the LLMOS cluster.",
        next: 'Set KUBECONFIG, or the stack configuration "llmos:kubeconfig" (a path or the content), or the argument "cluster".',
    });
}

/** The parser's message quotes the lines around what it stumbles over, tokens among them. */
function reasonOf(cause: unknown): string {
    if (cause instanceof Error && cause.name === "YAMLException") {
        const mark = (cause as { mark?: { line: number } }).mark;
        return `it is not valid YAML${mark ? ` (line ${mark.line + 1})` : ""}`;
    }
    return cause instanceof Error ? cause.message : String(cause);
}

function placeOf(given: string): string {
    // Whatever is longer than a path can be is content too, for example in base64.
    return isContent(given) || given.length > LONGEST_PATH ? "kubeconfig given as content" : given;
}

function isContent(given: string): boolean {
    return given.includes("\n") || given.trimStart().startsWith("{");
}

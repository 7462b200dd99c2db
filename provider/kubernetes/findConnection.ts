/** Which cluster, and as whom: the places a kubeconfig is looked for, in order. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import type { ClusterReference } from "../description/arguments";
import { failure } from "../finding";
import type { Settings } from "../lifecycle/settings";
import { type Connection, connectionOf } from "./connection";
import { type Kubeconfig, merged, parseKubeconfig, quoted, Unusable } from "./kubeconfig";

/**
 * The kubeconfig of the resource's `cluster` argument, else of the stack configuration (`llmos:kubeconfig`,
 * `llmos:context`), else of `KUBECONFIG`, the default file or the pod's service account, in that order.
 *
 * @internal
 */
export function findConnection(reference: ClusterReference | undefined, settings: Settings): Connection {
    const given = reference?.kubeconfig ?? settings.kubeconfig;
    // A context belongs to the kubeconfig that it was configured beside.
    const context =
        reference?.context ?? (reference?.kubeconfig === undefined ? settings.context : undefined);
    const { kubeconfig, where } = given === undefined ? fromEnvironment(context) : fromGiven(given);
    if (context !== undefined && !kubeconfig.contexts.has(context)) {
        throw noSuchContext(kubeconfig, context);
    }
    return explaining(where, () => connectionOf(kubeconfig, context ?? kubeconfig["current-context"]));
}

interface Found {
    readonly kubeconfig: Kubeconfig;
    /** For messages. */
    readonly where: string;
}

function fromGiven(given: string): Found {
    const where = placeOf(given);
    const kubeconfig = explaining(where, () =>
        isContent(given) ? parseKubeconfig(given) : (existsSync(given) && readKubeconfig(given)) || missing(),
    );
    return { kubeconfig, where };
}

/** `KUBECONFIG` may name several files, of which some may be missing. */
function fromEnvironment(context: string | undefined): Found {
    const listed = process.env["KUBECONFIG"];
    if (listed && isContent(listed)) {
        throw unusable("KUBECONFIG", "there stands its content, and it must be the path of a file");
    }
    const files = listed ? [...new Set(listed.split(delimiter))].filter((file) => file) : [defaultFile()];
    const read = files.map((file) => explaining(placeOf(file), () => readKubeconfig(file)));
    const where = files.map(placeOf).join(", ");
    const kubeconfig = merged(read.filter((each) => each !== undefined));
    if (context === undefined && !kubeconfig["current-context"]) {
        const ofPod = inClusterKubeconfig();
        if (ofPod) {
            return { kubeconfig: ofPod, where: "the pod's service account" };
        }
    }
    if (read.every((each) => each === undefined)) {
        throw noKubeconfig(listed ? `${where} (KUBECONFIG)` : where);
    }
    return { kubeconfig, where };
}

/** Undefined for a file that is missing. */
function readKubeconfig(file: string): Kubeconfig | undefined {
    try {
        return parseKubeconfig(readFileSync(file, "utf8"), dirname(resolve(file)));
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT") {
            return undefined;
        }
        throw code === undefined ? error : new Unusable(`it cannot be read (${code})`);
    }
}

/** On Windows the home folder goes by several names. */
function defaultFile(): string {
    const { HOME, HOMEDRIVE, HOMEPATH, USERPROFILE } = process.env;
    const windows = [HOME, HOMEDRIVE && HOMEPATH && join(HOMEDRIVE, HOMEPATH), USERPROFILE];
    const homes = process.platform === "win32" ? windows.filter((home) => home !== undefined) : [HOME];
    const files = [...homes, homedir()].map((home) => join(home || homedir(), ".kube", "config"));
    return files.find((file) => existsSync(file)) ?? (files[0] as string);
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** For a program that runs in a pod of the cluster; undefined elsewhere. */
function inClusterKubeconfig(): Kubeconfig | undefined {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
    const [tokenFile, ca] = ["token", "ca.crt"].map((name) => join(SERVICE_ACCOUNT, name));
    if (!host || !port || !tokenFile || !existsSync(tokenFile)) {
        return undefined;
    }
    const name = "in-cluster";
    const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
    return parseKubeconfig(
        JSON.stringify({
            "current-context": name,
            contexts: [{ name, context: { cluster: name, user: name } }],
            clusters: [{ name, cluster: { server, "certificate-authority": ca } }],
            users: [{ name, user: { tokenFile } }],
        }),
    );
}

function missing(): never {
    throw new Unusable("there is no such file");
}

/** Longer than any path that a person writes, shorter than any kubeconfig. */
const LONGEST_PATH = 255;

function placeOf(given: string): string {
    // Whatever is longer than a path can be is content too, for example in base64.
    return isContent(given) || given.length > LONGEST_PATH ? "kubeconfig given as content" : given;
}

function isContent(given: string): boolean {
    return given.includes("\n") || given.trimStart().startsWith("{");
}

/** Tells what cannot be used, and where it stands. */
function explaining<T>(where: string, act: () => T): T {
    try {
        return act();
    } catch (error) {
        if (error instanceof Unusable) {
            throw unusable(where, error.message);
        }
        throw error;
    }
}

const WHY = "The Registry object and its Secret live in the LLMOS cluster.";

function unusable(where: string, reason: string): Error {
    return failure("kubeconfig-unusable", {
        found: `The kubeconfig cannot be used: ${reason}`,
        where,
        why: WHY,
        next: 'Correct it, or name another one: KUBECONFIG, the stack configuration "llmos:kubeconfig" (a path or the content), or the argument "cluster".',
    });
}

function noKubeconfig(where: string): Error {
    return failure("kubeconfig-unusable", {
        found: "There is no kubeconfig here, so that it is not known which cluster is meant",
        where,
        why: WHY,
        next: 'Get the kubeconfig of the LLMOS cluster, and set KUBECONFIG to its path, or the stack configuration "llmos:kubeconfig" (a path or the content), or the argument "cluster".',
    });
}

function noSuchContext(kubeconfig: Kubeconfig, context: string): Error {
    return failure("kubeconfig-unusable", {
        found: `The kubeconfig has no context ${quoted(context)}`,
        where: `contexts there: ${[...kubeconfig.contexts.keys()].join(", ") || "none"}`,
        why: "Without it, it is not known which cluster is meant.",
        next: 'Correct "cluster.context" or the stack configuration "llmos:context".',
    });
}

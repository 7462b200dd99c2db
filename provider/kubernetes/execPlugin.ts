/**
 * A program that a kubeconfig names to log in with, run as kubectl runs it (kubernetes.io, "Authenticating", client-go
 * credential plugins): what it writes to standard error is its word to the person, and goes there as it comes; what it
 * writes to standard output is the login, and is never shown.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { type ClusterEntry, type ExecEntry, Unusable } from "./kubeconfig";

const GROUP = "client.authentication.k8s.io";

/** What a plugin has given. */
export interface PluginLogin {
    readonly token: string;
    readonly certificate: string;
    readonly key: string;
    /** In milliseconds; undefined when it gave none. */
    readonly expires: number | undefined;
}

/** A person may have to log in, in a browser, with a second device. */
export const LONGEST_LOGIN_MS = 120_000;

/** What is wrong with the entry; undefined when nothing is. */
export function pluginRefusal({ command, apiVersion, env, interactiveMode }: ExecEntry): string | undefined {
    if (!command) {
        return "has an exec plugin without a command";
    }
    if (![`${GROUP}/v1`, `${GROUP}/v1beta1`].includes(apiVersion)) {
        return `has an exec plugin whose apiVersion is neither ${GROUP}/v1 nor ${GROUP}/v1beta1`;
    }
    if (env.some(({ name }) => !name)) {
        return "has an exec plugin with an env entry without a name";
    }
    const isGiven = interactiveMode || apiVersion === `${GROUP}/v1beta1`;
    return isGiven && ["", "Never", "IfAvailable", "Always"].includes(interactiveMode)
        ? undefined
        : "has an exec plugin whose interactiveMode is not Never, IfAvailable or Always";
}

/** Runs the plugin. Fails with `Unusable`, in words that go on from "cannot log in: ". */
export async function runPlugin(
    exec: ExecEntry,
    cluster: ClusterEntry,
    ca: Buffer | undefined,
    longestMs = LONGEST_LOGIN_MS,
): Promise<PluginLogin> {
    const isTerminal = process.stdin.isTTY === true;
    if (exec.interactiveMode === "Always" && !isTerminal) {
        throw new Unusable(
            `its exec plugin ${nameOf(exec)} has to ask a person (interactiveMode Always), and standard input is no terminal here`,
        );
    }
    const interactive = exec.interactiveMode !== "Never" && isTerminal;
    const info = {
        kind: "ExecCredential",
        apiVersion: exec.apiVersion,
        spec: { interactive, ...(exec.provideClusterInfo && { cluster: clusterInfo(cluster, ca) }) },
    };
    const added = Object.fromEntries(exec.env.map(({ name, value }) => [name, value]));
    const output = await outputOf(exec, longestMs, () =>
        spawn(exec.command, exec.args, {
            env: { ...process.env, ...added, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
            stdio: [interactive ? "inherit" : "ignore", "pipe", "inherit"],
            windowsHide: true,
        }),
    );
    return loginOf(exec, output);
}

/** The cluster as the interface of plugins has it. */
function clusterInfo(cluster: ClusterEntry, ca: Buffer | undefined): object {
    const config = cluster.extensions.find(({ name }) => name === `${GROUP}/exec`)?.extension;
    return {
        server: cluster.server,
        ...(cluster["tls-server-name"] && { "tls-server-name": cluster["tls-server-name"] }),
        ...(cluster["insecure-skip-tls-verify"] && { "insecure-skip-tls-verify": true }),
        ...(ca && { "certificate-authority-data": ca.toString("base64") }),
        ...(cluster["proxy-url"] && { "proxy-url": cluster["proxy-url"] }),
        ...(cluster["disable-compression"] && { "disable-compression": true }),
        ...(config !== undefined && config !== null && { config }),
    };
}

/** Standard output of a run that succeeds. Nothing of a run that does not end in its time keeps this process. */
function outputOf(exec: ExecEntry, longestMs: number, start: () => ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
        const failed = (reason: string) => reject(new Unusable(`its exec plugin ${nameOf(exec)} ${reason}`));
        let child: ChildProcess;
        try {
            child = start();
        } catch {
            // A NUL in an argument, for example, which Node would quote.
            failed("has a command, an argument or a variable that no program can be given");
            return;
        }
        const { stdout } = child;
        const written: Buffer[] = [];
        stdout?.on("data", (chunk: Buffer) => written.push(chunk));
        const tooLate = setTimeout(() => {
            // What it has started itself may hold its output open.
            child.kill("SIGKILL");
            child.unref();
            stdout?.destroy();
            failed(`has not logged in within ${longestMs / 1_000} s`);
        }, longestMs);
        child.on("error", (error: NodeJS.ErrnoException) => {
            clearTimeout(tooLate);
            failed(
                error.code === "ENOENT"
                    ? `is not installed${exec.installHint ? `. ${hintOf(exec)}` : ""}`
                    : `cannot be started (${error.code})`,
            );
        });
        child.on("close", (code, signal) => {
            clearTimeout(tooLate);
            if (code === 0) {
                resolve(Buffer.concat(written).toString("utf8"));
            } else {
                failed(
                    `ended with ${code === null ? signal : `exit code ${code}`}; its own words are in the output of this run`,
                );
            }
        });
    });
}

function nameOf({ command }: ExecEntry): string {
    return JSON.stringify(command);
}

/** As the kubeconfig has it, on one line, without what would steer a terminal. */
function hintOf({ installHint }: ExecEntry): string {
    return installHint.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
}

function loginOf(exec: ExecEntry, output: string): PluginLogin {
    const given = parsed(output);
    const failed = (reason: string) => new Unusable(`its exec plugin ${nameOf(exec)} ${reason}`);
    if (given?.kind !== "ExecCredential") {
        throw failed("gave no ExecCredential (its output is not shown)");
    }
    if (given.apiVersion !== exec.apiVersion) {
        throw failed("gave an ExecCredential of another apiVersion than its entry has");
    }
    const {
        token = "",
        clientCertificateData = "",
        clientKeyData = "",
        expirationTimestamp,
    } = given.status ?? {};
    if (![token, clientCertificateData, clientKeyData].every((each) => typeof each === "string")) {
        throw failed("gave a token, a certificate or a key that is no text");
    }
    if (!token && !(clientCertificateData && clientKeyData)) {
        throw failed("gave neither a token nor a certificate with its key");
    }
    if (Boolean(clientCertificateData) !== Boolean(clientKeyData)) {
        throw failed("gave a certificate or a key alone, not both");
    }
    const expires = Date.parse(String(expirationTimestamp));
    return {
        token: token as string,
        certificate: clientCertificateData as string,
        key: clientKeyData as string,
        expires: Number.isNaN(expires) ? undefined : expires,
    };
}

/** `ExecCredential` as far as it is read; nothing of it has been looked at yet. */
interface Given {
    readonly kind?: unknown;
    readonly apiVersion?: unknown;
    readonly status?: Record<string, unknown> | null;
}

function parsed(output: string): Given | undefined {
    try {
        const given: unknown = JSON.parse(output);
        return typeof given === "object" && given !== null ? (given as Given) : undefined;
    } catch {
        return undefined;
    }
}

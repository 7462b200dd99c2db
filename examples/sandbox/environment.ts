import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Programs } from "./programs";

const LOOPBACK = "localhost,127.0.0.1,.localhost";

/** What a child process needs in its environment to work with the sandbox, and only with it. */
export async function environmentOf(
    folder: string,
    kubeconfigFile: string,
    programs: Programs,
): Promise<Record<string, string>> {
    const home = join(folder, "pulumi-home");
    const state = join(folder, "pulumi-state");
    await Promise.all([home, state].map((each) => mkdir(each, { mode: 0o700 })));
    const noProxy = [process.env["NO_PROXY"] ?? process.env["no_proxy"], LOOPBACK].filter(Boolean).join(",");
    return {
        PATH: pathWith(programs),
        KUBECONFIG: kubeconfigFile,
        PULUMI_HOME: home,
        PULUMI_BACKEND_URL: pathToFileURL(state).href,
        PULUMI_CONFIG_PASSPHRASE: "sandbox",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        // A plugin that is not here would be fetched from the network in the middle of a deployment.
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        NO_PROXY: noProxy,
        no_proxy: noProxy,
    };
}

function pathWith(programs: Programs): string {
    // The engine's other programs lie beside it.
    const own = programs.pulumi?.origin === "PATH" ? undefined : programs.pulumi?.folder;
    return [own, process.env["PATH"]].filter(Boolean).join(delimiter);
}

/** Writes an environment as a file that a POSIX shell can read with `.`. */
export async function writeEnvironmentFile(
    file: string,
    environment: Readonly<Record<string, string>>,
): Promise<void> {
    const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
    await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o600 });
}

/** A value as one word of a POSIX shell. */
export function shellQuote(value: string): string {
    return /^[\w./:@%+,=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

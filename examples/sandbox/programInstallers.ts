/** Where installers of others leave programs that the sandbox can use. */
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { SearchedPlace } from "./programSearch";

/** Where Pulumi says how it is installed. */
export const PULUMI_INSTALL = "https://www.pulumi.com/docs/install/";

/** The folder of Pulumi's own installer, which puts it on PATH only in shells that are started later. */
export function pulumiPlaces(): SearchedPlace[] {
    return [{ origin: "~/.pulumi/bin", folders: [join(homedir(), ".pulumi", "bin")] }];
}

/** The folder with etcd and kube-apiserver that tests of Kubernetes projects are run with, as envtest defines it. */
export function kubebuilderAssets(): SearchedPlace[] {
    return [{ origin: "KUBEBUILDER_ASSETS", folders: [process.env["KUBEBUILDER_ASSETS"] ?? ""] }];
}

/** The command that gets etcd and kube-apiserver of one minor version, such as `1.34`, and names their folder. */
export function envtestCommand(minorVersion: string): string {
    const tool = "sigs.k8s.io/controller-runtime/tools/setup-envtest@latest";
    return `export KUBEBUILDER_ASSETS="$(go run ${tool} use ${minorVersion}.x --print path)"`;
}

/**
 * What setup-envtest has downloaded for this kind of machine, the newest version first: its store has a folder for
 * each, named `k8s/<version>-<os>-<arch>` (store/helpers.go and versions/platform.go of setup-envtest).
 */
export function envtestPlaces(
    platform: string = process.platform,
    arch: string = process.arch,
): SearchedPlace[] {
    const versions = join(envtestStore(platform), "k8s");
    const machine = `-${platform}-${arch === "x64" ? "amd64" : arch}`;
    return foldersIn(versions)
        .filter((name) => name.endsWith(machine) && /^\d+\.\d+\.\d+$/.test(name.slice(0, -machine.length)))
        .sort((left, right) => right.localeCompare(left, "en", { numeric: true }))
        .map((name) => ({ origin: "setup-envtest", folders: [join(versions, name)] }));
}

function envtestStore(platform: string): string {
    if (platform === "darwin") {
        return join(homedir(), "Library", "Application Support", "io.kubebuilder.envtest");
    }
    return join(process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "kubebuilder-envtest");
}

function foldersIn(folder: string): string[] {
    try {
        return readdirSync(folder);
    } catch {
        return [];
    }
}

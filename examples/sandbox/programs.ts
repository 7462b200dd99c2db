import { buildPrograms } from "./programBuild";
import { cachedProgram, type GoProgram, linkBeside, type PinnedProgram, pinnedProgram } from "./programCache";
import {
    envtestCommand,
    envtestPlaces,
    kubebuilderAssets,
    PULUMI_INSTALL,
    pulumiPlaces,
} from "./programInstallers";
import { type Found, type Requirement, searchMachine } from "./programSearch";
import { type Output, silent } from "./progress";

/** A program that the sandbox runs, and how it is got when the machine does not have it. */
export interface ProgramSource extends GoProgram {
    readonly name: ProgramName;
    /** What a copy that is on this machine already must be able to do, and where it may lie. */
    readonly requirement: Requirement;
    /** How a copy that others have built is got, for who has access to the internet. */
    readonly readyMade?: () => string;
}

/** Names of all programs of the sandbox. */
export type ProgramName =
    | "etcd"
    | "kube-apiserver"
    | "versitygw"
    | "pulumi-language-nodejs"
    | "pulumi-language-yaml"
    | "pulumi";

const PULUMI_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const DYNAMIC_PROVIDER = "pulumi-resource-pulumi-nodejs";

const SOURCES: readonly ProgramSource[] = [
    {
        name: "etcd",
        module: "go.etcd.io/etcd/server/v3",
        main: "",
        versionVariables: () => ({}),
        requirement: {
            versionArgs: ["--version"],
            supported: { from: [3, 5], before: 4 },
            chosen: kubebuilderAssets,
            installed: envtestPlaces,
        },
        readyMade: fromEnvtest,
        firstBuild: "about half a minute",
    },
    {
        name: "versitygw",
        module: "github.com/versity/versitygw",
        main: "/cmd/versitygw",
        versionVariables: (version) => ({ "main.Version": version }),
        requirement: { versionArgs: ["--version"], supported: { from: [1, 8], before: 2 } },
        firstBuild: "about a minute",
    },
    {
        name: "pulumi-language-nodejs",
        module: "github.com/pulumi/pulumi/sdk/v3",
        main: "/nodejs/cmd/pulumi-language-nodejs",
        versionVariables: (version) => ({ [PULUMI_VERSION]: version }),
        requirement: { onlyWith: "pulumi" },
        readyMade: fromPulumi,
        firstBuild: "about half a minute",
    },
    {
        // Of the tests of other languages alone.
        name: "pulumi-language-yaml",
        module: "github.com/pulumi/pulumi-yaml",
        main: "/cmd/pulumi-language-yaml",
        versionVariables: () => ({}),
        requirement: { onlyWith: "pulumi" },
        readyMade: fromPulumi,
        firstBuild: "about a minute and a half",
    },
    {
        name: "pulumi",
        module: "github.com/pulumi/pulumi/pkg/v3",
        main: "/cmd/pulumi",
        versionVariables: (version) => ({ [PULUMI_VERSION]: version }),
        // An engine takes only the language host and the dynamic provider that were released with it.
        requirement: {
            versionArgs: ["version"],
            supported: { from: [3, 200], before: 4 },
            companions: ["pulumi-language-nodejs", DYNAMIC_PROVIDER],
            installed: pulumiPlaces,
        },
        readyMade: fromPulumi,
        beside: { module: "github.com/pulumi/pulumi/sdk/v3", file: `nodejs/dist/${DYNAMIC_PROVIDER}` },
        firstBuild: "about four minutes",
    },
    {
        name: "kube-apiserver",
        module: "k8s.io/kubernetes",
        main: "/cmd/kube-apiserver",
        versionVariables: kubernetesVersion,
        requirement: {
            versionArgs: ["--version"],
            supported: { from: [1, 30], before: 2 },
            chosen: kubebuilderAssets,
            installed: envtestPlaces,
        },
        readyMade: fromEnvtest,
        firstBuild: "about four minutes",
    },
];

function kubernetesVersion(version: string): Record<string, string> {
    const [major = "", minor = ""] = version.slice(1).split(".");
    const variable = "k8s.io/component-base/version.git";
    return { [`${variable}Version`]: version, [`${variable}Major`]: major, [`${variable}Minor`]: minor };
}

/** Where each program that was asked for is. */
export type Programs = Readonly<Partial<Record<ProgramName, Found>>>;

/**
 * Finds programs: on this machine when good enough, else in the cache of this user, else by building them there, once.
 * What is there and not good enough is named. With PULUMI_LLMOS_VERBOSE set it tells where each came from.
 */
export async function findPrograms(
    names: readonly ProgramName[],
    output: Output = silent,
): Promise<Programs> {
    const sources = SOURCES.filter((source) => names.includes(source.name));
    const { found, skipped } = await searchMachine(sources);
    const pinned = sources
        .filter(({ name }) => found[name] === undefined)
        .map((source) => pinnedProgram(source));
    const toBuild = pinned.filter((program) => cachedProgram(program) === undefined);
    for (const line of [...skipped, ...insteadOfBuilding(toBuild)]) {
        output.log(`  ${line}`);
    }
    await buildPrograms(toBuild, output);
    await linkCompanions(pinned);
    const programs: Programs = {
        ...found,
        ...Object.fromEntries(pinned.map((program) => [program.source.name, fromCache(program)])),
    };
    if (process.env["PULUMI_LLMOS_VERBOSE"]) {
        for (const [name, { file, origin }] of Object.entries(programs)) {
            output.log(`  ${name}: ${file} (${origin})`);
        }
    }
    return programs;
}

/** What saves the builds of programs that others have built. */
function insteadOfBuilding(toBuild: readonly PinnedProgram<ProgramSource>[]): string[] {
    const ways = toBuild.flatMap(({ source }) => source.readyMade?.() ?? []);
    if (ways.length === 0) {
        return [];
    }
    const left = toBuild.filter(({ source }) => source.readyMade === undefined);
    return [
        "Programs are to be built, once. With access to the internet it is faster to stop here (Ctrl-C), install them",
        "ready-made, and run this again:",
        ...[...new Set(ways)].map((way) => `  ${way}`),
        ...left.map(({ source }) => `Only ${source.name} is built then, which takes ${source.firstBuild}.`),
    ];
}

function fromPulumi(): string {
    return `Pulumi: ${PULUMI_INSTALL}`;
}

/** Of the minor version that is built otherwise. */
function fromEnvtest(): string {
    const pinned = SOURCES.filter(({ name }) => name === "kube-apiserver").map((source) =>
        pinnedProgram(source),
    );
    const minor = /^v(\d+\.\d+)\./.exec(pinned[0]?.version ?? "")?.[1] ?? "";
    return `etcd and kube-apiserver: ${envtestCommand(minor)}`;
}

/** A program that others installed has those that it needs beside it; one that we built must be given them. */
async function linkCompanions(pinned: readonly PinnedProgram<ProgramSource>[]): Promise<void> {
    for (const program of pinned) {
        const { requirement } = program.source;
        const owner = pinned.find(
            ({ source }) => "onlyWith" in requirement && source.name === requirement.onlyWith,
        );
        if (owner !== undefined) {
            await linkBeside(program, owner);
        }
    }
}

function fromCache({ file, folder }: PinnedProgram): Found {
    return { file, folder, origin: "cache" };
}

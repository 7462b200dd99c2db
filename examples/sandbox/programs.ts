import { buildPrograms } from "./programBuild";
import { cachedProgram, type GoProgram, linkBeside, type PinnedProgram, pinnedProgram } from "./programCache";
import { type Found, type Requirement, searchPath } from "./programSearch";
import { type Output, silent } from "./progress";

/** A program that the sandbox runs, and how it is got when the machine does not have it. */
export interface ProgramSource extends GoProgram {
    readonly name: ProgramName;
    /** What a copy on PATH must be able to do. */
    readonly requirement: Requirement;
}

/** Names of all programs of the sandbox. */
export type ProgramName = "etcd" | "kube-apiserver" | "versitygw" | "pulumi-language-nodejs" | "pulumi";

const PULUMI_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const DYNAMIC_PROVIDER = "pulumi-resource-pulumi-nodejs";

const SOURCES: readonly ProgramSource[] = [
    {
        name: "etcd",
        module: "go.etcd.io/etcd/server/v3",
        main: "",
        versionVariables: () => ({}),
        requirement: { versionArgs: ["--version"], atLeast: [3, 5], folders: ["KUBEBUILDER_ASSETS"] },
        firstBuild: "about half a minute",
    },
    {
        name: "versitygw",
        module: "github.com/versity/versitygw",
        main: "/cmd/versitygw",
        versionVariables: (version) => ({ "main.Version": version }),
        requirement: { versionArgs: ["--version"], atLeast: [1, 8] },
        firstBuild: "about a minute",
    },
    {
        name: "pulumi-language-nodejs",
        module: "github.com/pulumi/pulumi/sdk/v3",
        main: "/nodejs/cmd/pulumi-language-nodejs",
        versionVariables: (version) => ({ [PULUMI_VERSION]: version }),
        requirement: { onlyWith: "pulumi" },
        firstBuild: "about half a minute",
    },
    {
        name: "pulumi",
        module: "github.com/pulumi/pulumi/pkg/v3",
        main: "/cmd/pulumi",
        versionVariables: (version) => ({ [PULUMI_VERSION]: version }),
        // An engine takes only the language host and the dynamic provider that were released with it.
        requirement: {
            versionArgs: ["version"],
            atLeast: [3, 200],
            companions: ["pulumi-language-nodejs", DYNAMIC_PROVIDER],
        },
        beside: { module: "github.com/pulumi/pulumi/sdk/v3", file: `nodejs/dist/${DYNAMIC_PROVIDER}` },
        firstBuild: "about four minutes",
    },
    {
        name: "kube-apiserver",
        module: "k8s.io/kubernetes",
        main: "/cmd/kube-apiserver",
        versionVariables: kubernetesVersion,
        requirement: { versionArgs: ["--version"], atLeast: [1, 30], folders: ["KUBEBUILDER_ASSETS"] },
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
 * Finds programs: on PATH when good enough, else in the cache of this user, else by building them there, once.
 * With PULUMI_LLMOS_VERBOSE set it tells where each came from.
 */
export async function findPrograms(
    names: readonly ProgramName[],
    output: Output = silent,
): Promise<Programs> {
    const verbose = Boolean(process.env["PULUMI_LLMOS_VERBOSE"]);
    const sources = SOURCES.filter((source) => names.includes(source.name));
    const onPath = await searchPath(sources);
    const pinned = sources
        .filter(({ name }) => onPath.found[name] === undefined)
        .map((source) => pinnedProgram(source));
    const toBuild = pinned.filter((program) => cachedProgram(program) === undefined);
    for (const { source } of verbose ? pinned : toBuild) {
        // Who has the program wonders why it is built all the same.
        const refusal = onPath.refused[source.name];
        if (refusal !== undefined) {
            output.log(`  ${refusal}`);
        }
    }
    await buildPrograms(toBuild, output);
    await linkCompanions(pinned);
    const programs: Programs = {
        ...onPath.found,
        ...Object.fromEntries(pinned.map((program) => [program.source.name, fromCache(program)])),
    };
    if (verbose) {
        for (const [name, { file, origin }] of Object.entries(programs)) {
            output.log(`  ${name}: ${file} (${origin})`);
        }
    }
    return programs;
}

/** A program from PATH that another one needs lies beside it; one that we built must be put there. */
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

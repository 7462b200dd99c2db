/** `adopt`: writes a program for the registries that a cluster has, and changes nothing on either side. */

import { describe } from "../finding";
import type { Cluster } from "../kubernetes/cluster";
import type { Context } from "../lifecycle";
import { realContext } from "../lifecycle/context";
import { isDefault, type RegistryResource } from "../llmos/objects";
import { readRegistries } from "../llmos/registries";
import { type Adoptable, adoptable, type LeftOut } from "./adoptable";
import { type Adopted, type ProgramParts, programText } from "./adoptedProgram";
import { askForRules } from "./bucketRules";
import { ALL_WELL, FOUND_WRONG } from "./exitCodes";
import { logTo } from "./log";
import { type ConnectionOptions, type S3Options, settingsOf } from "./options";
import { projectFiles, refuseExisting, writeFiles } from "./projectFiles";
import { chosen } from "./registryNames";
import { oneLine, type Terminal } from "./terminal";

/** What `adopt` was asked to do. */
export interface AdoptOptions extends ConnectionOptions, S3Options {
    /** Folder for the program. */
    readonly out: string;
}

export async function adopt(
    terminal: Terminal,
    names: readonly string[],
    options: AdoptOptions,
): Promise<number> {
    refuseExisting(options.out);
    const context = realContext(settingsOf(options), logTo(terminal));
    const cluster = await context.cluster(undefined);
    const all = await readRegistries(cluster);
    const parts = await partsOf(context, cluster, all, chosen(cluster, all, names), options);
    warn(terminal, parts);
    if (parts.adopted.length === 0) {
        terminal.tell("There is nothing to adopt, and nothing was written.\n");
        return FOUND_WRONG;
    }
    const files = projectFiles(programText(parts));
    writeFiles(options.out, files);
    terminal.write(summary(parts.adopted.length, Object.keys(files), options, terminal));
    return ALL_WELL;
}

async function partsOf(
    context: Context,
    cluster: Cluster,
    all: RegistryResource[],
    registries: RegistryResource[],
    { region, addressing }: S3Options,
): Promise<ProgramParts> {
    const s3 = { ...(region !== undefined && { region }), ...(addressing !== undefined && { addressing }) };
    const judged = registries.map(adoptable);
    const adopted = judged.filter(isAdoptable).map(
        async (registry): Promise<Adopted> => ({
            ...registry,
            cors: await askForRules(context, registry, s3),
        }),
    );
    return {
        server: cluster.server,
        adopted: eachBucketOnce(await Promise.all(adopted)),
        leftOut: judged.filter((one): one is LeftOut => !isAdoptable(one)),
        defaults: all.filter(isDefault).map(({ metadata }) => metadata.name),
        s3,
    };
}

/** Of the registries that share a bucket, the first declares its CORS rules: a program has one owner for a document. */
export function eachBucketOnce(adopted: readonly Adopted[]): Adopted[] {
    const declaring = new Map<string, string>();
    return adopted.map((registry) => {
        const place = `${registry.endpoint}/${registry.bucket}`;
        const other = declaring.get(place);
        if (other !== undefined) {
            return { ...registry, cors: { leftAlone: `"${other}" declares the rules of the same bucket.` } };
        }
        declaring.set(place, registry.name);
        return registry;
    });
}

function isAdoptable(registry: Adoptable | LeftOut): registry is Adoptable {
    return "endpoint" in registry;
}

/** Tells what the program does not hold. */
function warn(terminal: Terminal, { adopted, leftOut, defaults }: ProgramParts): void {
    const warning = (text: string) => terminal.tell(`${terminal.errorColours.yellow("warning:")} ${text}\n`);
    for (const { name, reason } of leftOut) {
        warning(`"${name}" is left out: it ${oneLine(reason)}.`);
    }
    for (const { name, cors } of adopted) {
        if ("unread" in cors) {
            warning(
                `"${name}" gets cors: { unmanaged: true }, because its bucket's CORS rules could not be read.`,
            );
            terminal.tell(`${describe(cors.unread)}\n`);
        } else if ("leftAlone" in cors) {
            warning(`"${name}" gets cors: { unmanaged: true }. ${oneLine(cors.leftAlone)}`);
        }
    }
    if (defaults.length > 1 && adopted.some(({ isDefault }) => isDefault)) {
        const names = defaults.join(", ");
        warning(
            `The cluster has ${defaults.length} default registries (${names}); the program declares none.`,
        );
    }
}

function summary(count: number, files: string[], options: AdoptOptions, terminal: Terminal): string {
    const { kubeconfig, context, namespace, caBundle, out } = options;
    const config = (name: string, value: string | undefined) =>
        value === undefined ? [] : [`pulumi config set llmos:${name} ${quoted(value)}`];
    const commands = [
        ...(out === "." ? [] : [`cd ${quoted(out)}`]),
        "npm install",
        "pulumi stack init dev",
        ...config("kubeconfig", kubeconfig),
        ...config("context", context),
        ...config("namespace", namespace),
        ...(caBundle ? [`pulumi config set llmos:caBundle < ${quoted(caBundle.path)}`] : []),
        "pulumi up",
    ];
    const { bold } = terminal.colours;
    return `Written to ${out === "." ? "this folder" : out}: ${files.join(", ")}, with ${count} ${count === 1 ? "registry" : "registries"}.

${bold("Next:")}
${commands.map((command) => `  ${command}`).join("\n")}

The first pulumi up changes nothing in the cluster or the buckets.
`;
}

/** A word of a POSIX shell. */
function quoted(text: string): string {
    return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

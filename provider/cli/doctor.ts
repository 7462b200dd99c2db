/** `doctor`: the questions of preview outside Pulumi, of a cluster and its registries, or of a store alone. */

import { namespaceOf } from "../access/keys";
import { type Keys, keysFields } from "../description/arguments";
import type { Decoding } from "../description/decoding";
import { decodeFields } from "../description/fields";
import type { Context } from "../lifecycle";
import { realContext } from "../lifecycle/context";
import type { RegistryResource } from "../llmos/objects";
import { readRegistries } from "../llmos/registries";
import type { Check } from "../preflight/checks";
import { examineCluster, examineRegistry, examineStore } from "../preflight/examine";
import { urlOf } from "../s3/client";
import { anyFailed, checkTree, type Examined } from "./checkTree";
import { ALL_WELL, FOUND_WRONG } from "./exitCodes";
import { logTo } from "./log";
import { type ConnectionOptions, type S3Options, settingsOf, UsageError } from "./options";
import { chosen } from "./registryNames";
import type { Terminal } from "./terminal";

/** What `doctor` was asked to do. */
export interface DoctorOptions extends ConnectionOptions, S3Options {
    /** A store without a cluster, `host[:port]`. */
    readonly endpoint?: string;
    readonly bucket?: string;
    /** Addresses of the LLMOS page. */
    readonly origin?: readonly string[];
    readonly write?: boolean;
    readonly json?: boolean;
}

/** Registries examined at the same time; more would wait for each other and run out of their deadlines. */
const AT_ONCE = 8;

export async function doctor(
    terminal: Terminal,
    name: string | undefined,
    options: DoctorOptions,
): Promise<number> {
    refuseMixed(name, options);
    const context = realContext(settingsOf(options), logTo(terminal));
    const { endpoint } = options;
    const keys = endpoint === undefined ? undefined : keysOfEnvironment(process.env);
    const examinations =
        endpoint === undefined
            ? examineInCluster(context, name, options)
            : examineAlone(context, endpoint, keys, options);
    const examined: Examined[] = [];
    for await (const each of examinations) {
        if (!options.json) {
            terminal.write((examined.length > 0 ? "\n" : "") + checkTree(each, terminal.colours));
        }
        examined.push(each);
    }
    if (endpoint !== undefined && !keys && !options.json) {
        terminal.write(`${terminal.colours.dim(WHERE_KEYS_COME_FROM)}\n`);
    }
    const failed = anyFailed(examined);
    if (options.json) {
        terminal.write(`${JSON.stringify({ ok: !failed, examined }, null, 2)}\n`);
    }
    return failed ? FOUND_WRONG : ALL_WELL;
}

function refuseMixed(name: string | undefined, { endpoint, bucket }: DoctorOptions): void {
    if (endpoint === undefined && bucket !== undefined) {
        throw new UsageError("--bucket goes with --endpoint; a registry of the cluster has its own.");
    }
    if (endpoint !== undefined && name !== undefined) {
        throw new UsageError(
            `--endpoint is a store without a cluster, and "${name}" a registry in one: give one of them.`,
        );
    }
}

/** Whether it would be told again for each registry. */
function standsInTheWay({ name, outcome, finding }: Check): boolean {
    const needed = name === "cluster" || name === "llmos";
    return (needed && outcome === "failed") || finding?.code === "namespace-missing";
}

/** The cluster, then its registries or the one of this name. */
async function* examineInCluster(
    context: Context,
    name: string | undefined,
    options: DoctorOptions,
): AsyncGenerator<Examined> {
    // Without a kubeconfig that can be used there is nobody to ask, which is no finding but an error.
    const cluster = await context.clusterReader(undefined);
    const namespace = namespaceOf(context);
    const checks = await examineCluster(context, undefined, namespace);
    yield { kind: "cluster", name: cluster.server, checks };
    if (checks.some(standsInTheWay)) {
        return;
    }
    const all = await readRegistries(cluster);
    const registries = chosen(cluster, all, name === undefined ? [] : [name]);
    const examine = async (registry: RegistryResource): Promise<Examined> => ({
        kind: "registry",
        name: registry.metadata.name,
        checks: await examineRegistry(context, undefined, registry, { namespace, ...howOf(options) }),
    });
    for (let start = 0; start < registries.length; start += AT_ONCE) {
        yield* await Promise.all(registries.slice(start, start + AT_ONCE).map(examine));
    }
}

async function* examineAlone(
    context: Context,
    endpoint: string,
    keys: Keys | undefined,
    options: DoctorOptions,
): AsyncGenerator<Examined> {
    const { bucket } = options;
    const store = {
        endpoint,
        ...howOf(options),
        ...(bucket !== undefined && { bucket }),
        ...(keys && { keys }),
    };
    const name = `${urlOf(endpoint)}${bucket === undefined ? "" : `/${bucket}`}`;
    yield { kind: "store", name, checks: await examineStore(context, store) };
}

function howOf({ origin, write, region, addressing }: DoctorOptions) {
    return {
        ...(origin !== undefined && { origins: origin }),
        ...(write !== undefined && { writing: write }),
        ...(region !== undefined && { region }),
        ...(addressing !== undefined && { addressing }),
    };
}

/** Variables of the AWS command line. Keys are never arguments: those are seen in the list of processes. */
const VARIABLES = { accessKeyId: "AWS_ACCESS_KEY_ID", secretAccessKey: "AWS_SECRET_ACCESS_KEY" } as const;

/** Marks keys of AWS that end after some hours; a Secret of LLMOS has no place for it. */
const SESSION_TOKEN = "AWS_SESSION_TOKEN";

const WHERE_KEYS_COME_FROM = `\nThe keys are taken from the environment: ${Object.values(VARIABLES).join(" and ")}.`;

/** The keys of the environment; undefined when there are none, an error when they are not whole. */
export function keysOfEnvironment(environment: NodeJS.ProcessEnv): Keys | undefined {
    const { accessKeyId, secretAccessKey } = VARIABLES;
    const given = { accessKeyId: environment[accessKeyId], secretAccessKey: environment[secretAccessKey] };
    if (!given.accessKeyId && !given.secretAccessKey) {
        return undefined;
    }
    const decoding: Decoding = { problems: [], unknowns: [] };
    const keys = decodeFields(keysFields, given, "", decoding);
    const [problem] = decoding.problems;
    if (problem) {
        throw new UsageError(`${VARIABLES[problem.path as keyof typeof VARIABLES]} ${problem.reason}`);
    }
    if (environment[SESSION_TOKEN]) {
        throw new UsageError(
            `${SESSION_TOKEN} is set: the keys are temporary, and a registry of LLMOS takes none that need a session token. Give lasting keys, and unset ${SESSION_TOKEN}.`,
        );
    }
    return keys as Keys;
}

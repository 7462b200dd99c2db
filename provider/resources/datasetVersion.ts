/** `DatasetVersion`: one version of a dataset, from files, copied from another version, or both; and its publication. */
import { objectName } from "../arguments";
import { type ContentInputs, type ContentState, contentFields } from "../content/content";
import { type Finding, failure, type LlmosError } from "../errors";
import { type Decoder, flag, object, optional, type Refined, remembered, required, text } from "../fields";
import type { Cluster } from "../kubernetes/cluster";
import { identify, ownCluster } from "../kubernetes/identity";
import type { Over } from "../kubernetes/ownedObject";
import {
    type StoredKind,
    type StoredResource,
    storedPath,
    writeStored,
    writeUntilReady,
} from "../kubernetes/storedObjects";
import type { Context, KnownPart, Lifecycle } from "../lifecycle";
import { QUESTION_DEADLINE_MS } from "../lifecycle/questions";
import { known } from "../reading";
import {
    type ContentPlace,
    contentChanges,
    fillPending,
    lossFindings,
    NOTHING_STORED,
    readDeclared,
    storeDeclared,
} from "./contentOf";
import {
    askForStored,
    contentComputed,
    deletesStoredFirst,
    idOf,
    isAnother,
    keepingWritten,
    lookAt,
    observedStored,
    removeStored,
    type StoredInputs,
    type StoredState,
    startCreate,
    startUpdate,
    storedComputed,
    storedFields,
} from "./stored";

/** The version that a new one starts from. */
export interface CopySource {
    /** Version of the source. */
    version: string;
    /** Dataset of the source. Default: the dataset of the new version. */
    dataset?: string;
    /** Namespace of that dataset. Default: the namespace of the new version. */
    namespace?: string;
}

/** Arguments of a `DatasetVersion`. */
export interface DatasetVersionInputs extends StoredInputs, ContentInputs {
    /** Name of the dataset, in the same namespace. Cannot be changed: replacement. */
    dataset: string;
    /** Version, for example `v1`. Unique in the dataset; cannot be changed: replacement. */
    version: string;
    /** Start with the content of another version. Cannot be changed: replacement. */
    copyFrom?: CopySource;
    /**
     * Publish it: LLMOS makes a volume snapshot of its content, for notebooks and training. False takes a publication back;
     * not given, it is left as it is on the LLMOS page.
     */
    publish?: boolean;
    /** The registry of the dataset, filled in by the provider. */
    registryName?: string;
}

/** State of a `DatasetVersion`. */
export type DatasetVersionState = Omit<DatasetVersionInputs, "pending"> &
    StoredState &
    ContentState & {
        /** How far LLMOS has come with the publication; empty when there is none. */
        publishPhase: string;
    };

const VERSION: StoredKind = { kind: "DatasetVersion", plural: "datasetversions" };

/** It is a folder in the bucket. */
function versionName(value: string): Refined<string> {
    return /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(value)
        ? { value }
        : {
              refused: `"${value}" is not a version: at most 63 letters, digits, dots, hyphens and underscores, a letter or digit at both ends (it becomes a label, Kubernetes "Labels and Selectors").`,
          };
}

const copySource: Decoder<CopySource> = object<CopySource>({
    version: required(text(versionName)),
    dataset: optional(text(objectName)),
    namespace: optional(text(objectName)),
});

export const datasetVersion: Lifecycle<DatasetVersionInputs, DatasetVersionState> = {
    type: "DatasetVersion",

    asks: ["name", "namespace", "dataset", "version"],

    fields: {
        ...storedFields,
        dataset: required(text(objectName), "replace"),
        version: required(text(versionName), "replace"),
        copyFrom: optional(copySource, "replace"),
        publish: optional(flag),
        registryName: remembered(text(), "store"),
        ...contentFields,
    },

    computed: { ...storedComputed, ...contentComputed, publishPhase: required(text()) },

    subject({ clusterId, namespace, name, dataset: of, version, copyFrom }) {
        // Another registry, or another source, is another content: the old object has to go before.
        return [clusterId, namespace, name, of, version, copyFrom];
    },

    validate(inputs, unknowns) {
        const hasContent = ["content", "copyFrom"].some((name) => name in inputs || unknowns.has(name));
        return inputs.publish && !hasContent ? [nothingToPublish()] : [];
    },

    async complete(context, inputs, prior) {
        const identity = await identify(context, inputs, prior);
        const registryName = prior?.registryName ?? (await registryOfDataset(context, inputs));
        const filled = registryName === undefined ? {} : { registryName };
        const place = placeOf({ ...inputs, ...filled });
        const pending = place ? await fillPending(context, inputs, place) : {};
        return { ...identity, ...filled, ...pending };
    },

    async preflight(context, inputs, prior, unchanged) {
        const findings = await askForStored(context, VERSION, inputs, prior);
        if (findings.length > 0 || unchanged) {
            return findings;
        }
        return [...(await askForDataset(context, inputs)), ...(await askForLoss(context, inputs, prior))];
    },

    changes(_state, inputs, unknowns) {
        return contentChanges(inputs, unknowns);
    },

    deletesFirst(replaced) {
        // A dataset has a version once, whatever the object is called.
        const isSameVersion = ["namespace", "dataset", "version", "clusterId"].every(
            (name) => !replaced.includes(name),
        );
        return isSameVersion || deletesStoredFirst(replaced);
    },

    async create(context, inputs) {
        const { cluster, named, over } = await startCreate(context, VERSION, inputs);
        const state = await write(context, cluster, named, NOTHING_STORED, over);
        return { id: idOf(state), state };
    },

    async read(context, _id, state) {
        return await lookAt(context, VERSION, state, async (found, cluster) => ({
            ...observedVersion(found),
            ...(state.publish !== undefined && { publish: found.spec?.publish === true }),
            ...(await readDeclared(context, cluster, state)),
        }));
    },

    async update(context, _id, state, inputs) {
        const { cluster, over } = await startUpdate(context, VERSION, state, inputs);
        const { instance, namespace } = state;
        return await write(context, cluster, { ...inputs, namespace, instance }, state, over);
    },

    async delete(context, _id, state) {
        await removeStored(context, VERSION, state, async () => []);
        if (state.retainContent) {
            await leaveDataset(await ownCluster(context, state), state);
        }
    },
};

type Written = DatasetVersionInputs & Pick<DatasetVersionState, "namespace" | "instance">;

/** Writes the object, waits until it is ready, stores the content, and publishes only then (LLMOS demands content). */
async function write(
    context: Context,
    cluster: Cluster,
    { pending: _pending, ...inputs }: Written,
    before: ContentState,
    over: Over,
): Promise<DatasetVersionState> {
    const clusterId = await cluster.identity();
    const { size, fileCount, contentDigest, contentDrift } = before;
    const base = { ...inputs, clusterId, size, fileCount, contentDigest, contentDrift, storageUri: "" };
    const put = (publish: boolean | undefined, onWritten: (state: DatasetVersionState) => void) =>
        writeUntilReady(
            context,
            cluster,
            VERSION,
            inputs,
            inputs.timeouts,
            over,
            (seen) =>
                writeStored(
                    cluster,
                    VERSION,
                    { ...inputs, owner: inputs.owner, spec: specOf(inputs, publish) },
                    { ...over, seen },
                ),
            (written) => onWritten({ ...base, ...observedVersion(written) }),
        );
    return await keepingWritten<DatasetVersionState>(async (onWritten) => {
        const wasPublished = await isPublished(cluster, inputs);
        const made = await put(inputs.publish && wasPublished, onWritten);
        const { path, registryName } = observedVersion(made);
        const place = { what: whatOf(inputs), path, registryName };
        const content = await storeDeclared(context, cluster, inputs, place);
        const stored = { ...base, ...observedVersion(made), ...content };
        onWritten(stored);
        if (!inputs.publish || wasPublished) {
            return stored;
        }
        await put(true, () => onWritten(stored));
        return { ...stored, ...observedVersion(await untilPublished(context, cluster, inputs)) };
    });
}

/** Between two looks at a publication, in milliseconds: the operator copies the content to a volume first. */
const LOOK_MS = 1_000;

/** The version once LLMOS has published it. One that takes longer goes on by itself, which is no failure. */
async function untilPublished(
    context: Context,
    cluster: Cluster,
    version: Omit<Written, "pending">,
): Promise<StoredResource> {
    const seconds = version.timeouts?.publishSeconds ?? 900;
    const end = context.clock.now() + seconds * 1_000;
    for (;;) {
        const found = known(await cluster.read<StoredResource>(storedPath(VERSION, version)));
        const { phase = "", message = "" } = found?.status?.publishStatus ?? {};
        if (!found || phase === "Failed") {
            throw notPublished(cluster, version, found ? message : "it was deleted by someone else");
        }
        const isOver = context.clock.now() >= end || context.interruption.aborted;
        if (phase !== "SnapshotReady" && !isOver) {
            await context.clock.sleep(LOOK_MS);
            continue;
        }
        if (phase !== "SnapshotReady") {
            const state = phase || "nothing yet";
            await context.log.warn(
                `${whatOf(version)} is not published after ${seconds} s (${state}); LLMOS goes on with it. Raise timeouts.publishSeconds to wait longer.`,
            );
        }
        return found;
    }
}

function notPublished(cluster: Cluster, version: Omit<Written, "pending">, said: string): LlmosError {
    return failure("object-not-ready", {
        found: `LLMOS cannot publish the version. It says: ${said}`,
        where: `${cluster.server}, DatasetVersion ${idOf(version)}`,
        why: "Notebooks and trainings mount what is published.",
        next: "Correct what it names; then set publish: false, run `pulumi up`, and publish it again.",
    });
}

async function isPublished(cluster: Cluster, name: Pick<Written, "namespace" | "name">): Promise<boolean> {
    const found = known(await cluster.read<StoredResource>(storedPath(VERSION, name)));
    return found?.spec?.publish === true;
}

function specOf(
    { dataset, version, copyFrom, namespace }: Omit<Written, "pending">,
    publish: boolean | undefined,
): NonNullable<StoredResource["spec"]> {
    return {
        dataset,
        version,
        ...(publish !== undefined && { publish }),
        ...(copyFrom && { copyFrom: { namespace, dataset, ...copyFrom } }),
    };
}

function observedVersion(found: StoredResource) {
    return {
        ...observedStored(found),
        registryName: found.status?.registry ?? "",
        publishPhase: found.status?.publishStatus?.phase ?? "",
    };
}

const DATASET: StoredKind = { kind: "Dataset", plural: "datasets" };

/** The registry of the dataset, if there is such a dataset yet. */
async function registryOfDataset(
    context: Context,
    inputs: KnownPart<DatasetVersionInputs>,
): Promise<string | undefined> {
    const { dataset: name, namespace = "default" } = inputs;
    if (name === undefined || inputs.reachability === "off") {
        return undefined;
    }
    const cluster = await context.cluster(inputs.cluster);
    const signal = AbortSignal.timeout(QUESTION_DEADLINE_MS);
    const reading = await cluster.read<StoredResource>(storedPath(DATASET, { namespace, name }), signal);
    return reading.outcome === "present" ? reading.value.spec?.registry : undefined;
}

/** Is the dataset there? One that the program makes itself is not asked for. */
async function askForDataset(context: Context, inputs: KnownPart<DatasetVersionInputs>): Promise<Finding[]> {
    const { dataset: name, namespace = "default", awaits } = inputs;
    if (name === undefined || awaits?.includes("dataset")) {
        return [];
    }
    const cluster = await context.cluster(inputs.cluster);
    const signal = AbortSignal.timeout(QUESTION_DEADLINE_MS);
    const found = known(await cluster.read<StoredResource>(storedPath(DATASET, { namespace, name }), signal));
    return found
        ? []
        : [
              failure("dataset-missing", {
                  found: `The Dataset "${name}" does not exist in namespace "${namespace}"`,
                  where: cluster.server,
                  why: "A version belongs to a dataset.",
                  next: "Correct the name, or declare the dataset and pass its output: dataset: images.name.",
                  property: "dataset",
              }).finding,
          ];
}

function nothingToPublish(): Finding {
    return failure("argument-invalid", {
        found: "publish is set, and neither content nor copyFrom",
        where: "publish",
        why: "LLMOS publishes a version only when it has content.",
        next: "Give content or copyFrom; or leave publish out and publish on the LLMOS page once there is content.",
        property: "publish",
    }).finding;
}

function whatOf({ dataset, version }: { dataset?: string; version?: string }): string {
    return `DatasetVersion "${dataset}/${version}"`;
}

/** Where the content lies (`llmos/behaviour.md`); undefined as long as dataset and version are not known. */
function placeOf({
    dataset,
    version,
    namespace = "default",
    registryName,
}: KnownPart<DatasetVersionInputs>): ContentPlace | undefined {
    if (dataset === undefined || version === undefined) {
        return undefined;
    }
    const path = `datasets/${namespace}/${dataset}/${version}`;
    return { what: whatOf({ dataset, version }), path, registryName };
}

/** Would a replacement lose anything? */
async function askForLoss(
    context: Context,
    inputs: KnownPart<DatasetVersionInputs>,
    prior: KnownPart<DatasetVersionInputs> | undefined,
): Promise<Finding[]> {
    const place = prior && placeOf(prior);
    if (!prior || !place || !isAnother(datasetVersion.subject(prior), datasetVersion.subject(inputs))) {
        return [];
    }
    const { namespace = "default", dataset: own = "", copyFrom } = prior;
    const source = copyFrom && { namespace, dataset: own, ...copyFrom };
    const copyOf = source && `datasets/${source.namespace}/${source.dataset}/${source.version}`;
    const isDeclared = prior.content !== undefined && inputs.content !== undefined;
    const known = isDeclared ? "declared" : copyOf && inputs.copyFrom ? { copyOf } : "nothing";
    return await lossFindings(context, { ...place, prior, known });
}

/**
 * The operator takes a version out of its dataset when it deletes the content. Where that stays, it is done here: LLMOS
 * would refuse to make the version again.
 */
async function leaveDataset(cluster: Cluster, state: DatasetVersionState): Promise<void> {
    const path = storedPath(DATASET, { namespace: state.namespace, name: state.dataset });
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const found = known(await cluster.read<StoredResource>(path));
        const versions = found?.status?.versions ?? [];
        const others = versions.filter(({ objectName }) => objectName !== state.name);
        if (!found || others.length === versions.length) {
            return;
        }
        const { resourceVersion } = found.metadata;
        const patch = { metadata: { resourceVersion }, status: { versions: others } };
        if ((await cluster.merge(`${path}/status`, patch)) !== "conflict") {
            return;
        }
    }
}

const MOST_ROUNDS = 10;

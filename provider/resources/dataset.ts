/** `Dataset`: an `ml.llmos.ai/v1 Dataset`. Its content lies in its versions. */
import { undeclaredContent } from "../content/content";
import { optional } from "../fields";
import type { Cluster } from "../kubernetes/cluster";
import { versionsOfDataset } from "../kubernetes/dependants";
import { identify, ownCluster } from "../kubernetes/identity";
import type { Over } from "../kubernetes/ownedObject";
import { registryStore } from "../kubernetes/registryStore";
import { type StoredKind, writeStored, writeUntilReady } from "../kubernetes/storedObjects";
import type { Context, Lifecycle } from "../lifecycle";
import {
    type CardInputs,
    cardFields,
    cardOf,
    type DatasetMetadata,
    datasetMetadata,
    observedCard,
    readCard,
} from "./card";
import {
    askForRegistryOf,
    chooseRegistry,
    type InRegistry,
    registryChanges,
    registryFields,
    registryFor,
} from "./contentOf";
import {
    askForStored,
    deletesStoredFirst,
    idOf,
    keepingWritten,
    lookAt,
    observedStored,
    removeStored,
    type StoredInputs,
    type StoredState,
    startCreate,
    startUpdate,
    storageUri,
    storedComputed,
    storedFields,
    storeIfThere,
} from "./stored";

/** Arguments of a `Dataset`. */
export interface DatasetInputs extends StoredInputs, InRegistry, CardInputs {
    /** What the card tells in fields. */
    metadata?: DatasetMetadata;
}

/** State of a `Dataset`. */
export type DatasetState = DatasetInputs & StoredState;

const DATASET: StoredKind = { kind: "Dataset", plural: "datasets" };

export const dataset: Lifecycle<DatasetInputs, DatasetState> = {
    type: "Dataset",

    asks: ["name", "namespace", "registry"],

    fields: { ...storedFields, ...registryFields, ...cardFields, metadata: optional(datasetMetadata) },

    computed: storedComputed,

    subject({ clusterId, namespace, name, registryName }) {
        // Another registry, or another source, is another content: the old object has to go before.
        return [clusterId, namespace, name, registryName];
    },

    async complete(context, inputs, prior, unknowns) {
        const identity = await identify(context, inputs, prior);
        const cardText = await readCard(inputs);
        const chosen = await chooseRegistry(context, inputs, prior, unknowns);
        return { ...identity, ...chosen, ...(cardText !== undefined && { cardText }) };
    },

    async preflight(context, inputs, prior, unchanged) {
        const findings = await askForStored(context, DATASET, inputs, prior);
        return findings.length > 0 || unchanged ? findings : await askForRegistryOf(context, inputs);
    },

    compares: ["registry"],

    changes: registryChanges,

    deletesFirst: deletesStoredFirst,

    async create(context, inputs) {
        const { cluster, named, over } = await startCreate(context, DATASET, inputs);
        const registryName = await registryFor(cluster, inputs);
        const state = await write(context, cluster, { ...named, registryName }, over);
        return { id: idOf(state), state };
    },

    async read(context, _id, state) {
        return await lookAt(context, DATASET, state, async (found) => ({
            ...observedCard(state, found.spec?.datasetCard),
            ...observedStored(found),
        }));
    },

    async update(context, _id, state, inputs) {
        const { cluster, over } = await startUpdate(context, DATASET, state, inputs);
        const { instance, registryName, namespace } = state;
        return await write(context, cluster, { ...inputs, namespace, instance, registryName }, over);
    },

    async delete(context, _id, state) {
        const filled = await isFilled(context, state);
        const leaving = { ...state, retainContent: state.retainContent || filled };
        await removeStored(context, DATASET, leaving, (cluster) => versionsOfDataset(cluster, state));
    },
};

/**
 * Whether there is anything below its path. The content of its versions went with them, unless that was to stay: and then
 * it does not go with the dataset either, which lies above it.
 */
async function isFilled(context: Context, state: DatasetState): Promise<boolean> {
    const cluster = await ownCluster(context, state).catch(() => undefined);
    const store = cluster && (await storeIfThere(context, cluster, state.registryName, state));
    return store !== undefined && (await undeclaredContent(store, state.path)).fileCount > 0;
}

type Written = DatasetInputs & Pick<DatasetState, "namespace" | "registryName" | "instance">;

async function write(context: Context, cluster: Cluster, inputs: Written, over: Over): Promise<DatasetState> {
    const clusterId = await cluster.identity();
    const base = { ...inputs, clusterId, storageUri: "" };
    const datasetCard = cardOf(inputs);
    const spec = { registry: inputs.registryName, ...(datasetCard && { datasetCard }) };
    return await keepingWritten<DatasetState>(async (onWritten) => {
        const object = await writeUntilReady(
            context,
            cluster,
            DATASET,
            inputs,
            inputs.timeouts,
            over,
            (seen) =>
                writeStored(cluster, DATASET, { ...inputs, owner: inputs.owner, spec }, { ...over, seen }),
            (written) => onWritten({ ...base, ...observedStored(written) }),
        );
        const state = { ...base, ...observedStored(object) };
        onWritten(state);
        const store = await registryStore(context, cluster, inputs.registryName, inputs);
        return { ...state, storageUri: storageUri(store, state.path) };
    });
}

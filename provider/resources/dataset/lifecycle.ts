/** `Dataset`: an `ml.llmos.ai/v1 Dataset`. Its content lies in its versions. */

import { identify } from "../../access/cluster";
import { registryStore } from "../../access/registryStore";
import { objectsBelow } from "../../content/content";
import { countOf, someOf } from "../../content/progress";
import { failure, type LlmosError } from "../../finding";
import type { Cluster } from "../../kubernetes/cluster";
import type { Over } from "../../kubernetes/ownedObject";
import type { Context, Lifecycle } from "../../lifecycle";
import { versionsOfDataset } from "../../llmos/dependants";
import { type StoredKind, writeUntilReady } from "../../llmos/storedObjects";
import { cardFindings, cardOf, observedCard, readCard } from "../stored/card";
import { askForRegistryOf, chooseRegistry, registryChanges, registryFor } from "../stored/contentOf";
import { inUse, rememberPlace, removeStored } from "../stored/removal";
import {
    askForStored,
    deletesStoredFirst,
    idOf,
    keepingWritten,
    lookAt,
    observedStored,
    startCreate,
    startUpdate,
    storageUri,
    storeIfThere,
    storeOrNoRegistry,
} from "../stored/stored";
import { type DatasetInputs, type DatasetState, datasetDescription } from "./description";

const DATASET: StoredKind = { kind: "Dataset", plural: "datasets" };

export const dataset: Lifecycle<DatasetInputs, DatasetState> = {
    ...datasetDescription,

    asks: ["name", "namespace", "registry"],

    validate: cardFindings,

    subject({ clusterId, namespace, name, registryName }) {
        // Another registry is another content: the old object has to go before.
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
        const state = await write(context, cluster, { ...named, registryName }, {}, over);
        return { id: idOf(state), state };
    },

    async read(context, _id, state) {
        return await lookAt(context, DATASET, state, async (found, cluster) => {
            const seen = observedStored(found);
            const store = await storeIfThere(context, cluster, state.registryName, state);
            return {
                ...observedCard(state, found.spec?.datasetCard),
                ...seen,
                // Its registry may have moved to another bucket.
                ...(store && seen.path !== "" && { storageUri: storageUri(store, seen.path) }),
            };
        });
    },

    async update(context, _id, state, inputs) {
        const { cluster, over } = await startUpdate(context, DATASET, state, inputs);
        const { instance, registryName, namespace } = state;
        return await write(context, cluster, { ...inputs, namespace, instance, registryName }, state, over);
    },

    async delete(context, _id, state) {
        await removeStored(
            context,
            DATASET,
            state,
            async (cluster, what) =>
                inUse(cluster, what, await versionsOfDataset(cluster, state)) ??
                (await notEmpty(context, cluster, state)),
        );
    },
};

/** What lies below a dataset without being of one of its versions goes with it too, and is nobody's to delete here. */
async function notEmpty(
    context: Context,
    cluster: Cluster,
    state: DatasetState,
): Promise<LlmosError | undefined> {
    const store = await storeOrNoRegistry(context, cluster, state.registryName, state);
    const objects = store && state.path !== "" ? await objectsBelow(store, state.path) : [];
    if (!store || objects.length === 0) {
        return undefined;
    }
    return failure("content-lost", {
        found: `The Dataset "${state.name}" is not deleted: ${countOf(objects.length, "object")} below it ${objects.length === 1 ? "belongs" : "belong"} to none of its versions (${someOf(objects)})`,
        where: storageUri(store, state.path),
        why: "LLMOS deletes everything below a dataset with it.",
        next: "Move or delete them first. Or leave the dataset in LLMOS, and take it out of the stack with `pulumi state delete`.",
    });
}

type Written = DatasetInputs & Pick<DatasetState, "namespace" | "registryName" | "instance">;

async function write(
    context: Context,
    cluster: Cluster,
    inputs: Written,
    before: Partial<DatasetState>,
    over: Over,
): Promise<DatasetState> {
    const clusterId = await cluster.identity();
    const base = { ...inputs, clusterId, storageUri: "" };
    const datasetCard = cardOf(inputs, before);
    const spec = { registry: inputs.registryName, ...(datasetCard !== undefined && { datasetCard }) };
    return await keepingWritten<DatasetState>(async (onWritten) => {
        const object = await writeUntilReady(
            context,
            cluster,
            DATASET,
            { ...inputs, owner: inputs.owner, spec },
            inputs.timeouts,
            over,
            (written) => onWritten({ ...base, ...observedStored(written) }),
        );
        const state = { ...base, ...observedStored(object) };
        onWritten(state);
        const store = await registryStore(context, cluster, inputs.registryName, inputs);
        rememberPlace(context, store, state.path);
        return { ...state, storageUri: storageUri(store, state.path) };
    });
}

/** `Model`: an `ml.llmos.ai/v1 Model`, and its files in the bucket of a registry. */

import { identify } from "../../access/cluster";
import type { ContentState } from "../../content/description";
import type { Finding } from "../../finding";
import type { Cluster } from "../../kubernetes/cluster";
import type { Over } from "../../kubernetes/ownedObject";
import type { Context, KnownPart, Lifecycle } from "../../lifecycle";
import { usersOfModel } from "../../llmos/dependants";
import { type StoredKind, writeUntilReady } from "../../llmos/storedObjects";
import { cardFindings, cardOf, observedCard, readCard } from "../stored/card";
import type { ContentPlace } from "../stored/claim";
import {
    askForRegistryOf,
    chooseRegistry,
    contentChanges,
    fillPending,
    lossFindings,
    NOTHING_STORED,
    readDeclared,
    refuseTakenContent,
    registryChanges,
    registryFor,
    storeDeclared,
} from "../stored/contentOf";
import { inUse, removeStored } from "../stored/removal";
import {
    askForStored,
    deletesStoredFirst,
    idOf,
    isAnother,
    keepingWritten,
    lookAt,
    observedStored,
    startCreate,
    startUpdate,
} from "../stored/stored";
import { type ModelInputs, type ModelState, modelDescription } from "./description";

const MODEL: StoredKind = { kind: "Model", plural: "models" };

export const model: Lifecycle<ModelInputs, ModelState> = {
    ...modelDescription,

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
        const { name } = inputs;
        const place = name === undefined ? undefined : placeOf({ ...inputs, ...chosen, name });
        const pending = place ? await fillPending(context, MODEL, inputs, prior, place) : {};
        return { ...identity, ...chosen, ...(cardText !== undefined && { cardText }), ...pending };
    },

    async preflight(context, inputs, prior, unchanged) {
        const findings = await askForStored(context, MODEL, inputs, prior);
        if (findings.length > 0 || unchanged) {
            return findings;
        }
        return [...(await askForRegistryOf(context, inputs)), ...(await askForLoss(context, inputs, prior))];
    },

    compares: ["registry"],

    changes(state, inputs, unknowns) {
        return [...registryChanges(state, inputs, unknowns), ...contentChanges(inputs, unknowns)];
    },

    deletesFirst: deletesStoredFirst,

    async create(context, inputs) {
        const { cluster, named, over, found } = await startCreate(context, MODEL, inputs);
        const registryName = await registryFor(cluster, inputs);
        const place = placeOf({ ...named, registryName });
        await refuseTakenContent(context, cluster, inputs, place, found);
        const state = await write(context, cluster, { ...named, registryName }, NOTHING_STORED, over);
        return { id: idOf(state), state };
    },

    async read(context, _id, state) {
        return await lookAt(context, MODEL, state, async (found, cluster) => ({
            ...observedCard(state, found.spec?.modelCard),
            ...observedStored(found),
            ...(await readDeclared(context, cluster, state)),
        }));
    },

    async update(context, _id, state, inputs) {
        const { cluster, over } = await startUpdate(context, MODEL, state, inputs);
        const { instance, registryName, namespace } = state;
        return await write(context, cluster, { ...inputs, namespace, instance, registryName }, state, over);
    },

    async delete(context, _id, state) {
        await removeStored(context, MODEL, state, async (cluster, what) =>
            inUse(cluster, what, await usersOfModel(cluster, state.registryName, state)),
        );
    },
};

type Written = ModelInputs & Pick<ModelState, "namespace" | "registryName" | "instance">;

/** Writes the object, waits until it is ready, and stores the content. */
async function write(
    context: Context,
    cluster: Cluster,
    { pending: _pending, ...inputs }: Written,
    before: ContentState & Partial<ModelState>,
    over: Over,
): Promise<ModelState> {
    const clusterId = await cluster.identity();
    const { size, fileCount, contentDigest, contentDrift } = before;
    const base = { ...inputs, clusterId, size, fileCount, contentDigest, contentDrift, storageUri: "" };
    const modelCard = cardOf(inputs, before);
    const spec = { registry: inputs.registryName, ...(modelCard !== undefined && { modelCard }) };
    return await keepingWritten<ModelState>(async (onWritten) => {
        const object = await writeUntilReady(
            context,
            cluster,
            MODEL,
            { ...inputs, owner: inputs.owner, spec },
            inputs.timeouts,
            over,
            (written) => onWritten({ ...base, ...observedStored(written) }),
        );
        const state = { ...base, ...observedStored(object) };
        onWritten(state);
        const place = { ...placeOf(inputs), path: state.path };
        return { ...state, ...(await storeDeclared(context, cluster, inputs, place, state)) };
    });
}

/** Where the content lies. */
function placeOf({
    name,
    namespace = "default",
    registryName,
}: KnownPart<ModelInputs> & Pick<ModelInputs, "name">): ContentPlace {
    return { what: `Model "${name}"`, path: `models/${namespace}/${name}`, registryName };
}

/** Would a replacement lose anything? */
async function askForLoss(
    context: Context,
    inputs: KnownPart<ModelInputs>,
    prior: KnownPart<ModelInputs> | undefined,
): Promise<Finding[]> {
    if (prior?.name === undefined || !isAnother(model.subject, prior, inputs)) {
        return [];
    }
    const place = placeOf({ ...prior, name: prior.name });
    const isDeclared = prior.content !== undefined && inputs.content !== undefined;
    return await lossFindings(context, { ...place, prior, known: isDeclared ? "declared" : "nothing" });
}

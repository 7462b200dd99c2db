/** `DatasetVersion`: one version of a dataset, from files, copied from another version, or both; and its publication. */

import { identify } from "../../access/cluster";
import type { ContentState } from "../../content/description";
import { type Finding, failure } from "../../finding";
import type { Cluster } from "../../kubernetes/cluster";
import type { Over } from "../../kubernetes/ownedObject";
import type { Context, KnownPart, Lifecycle } from "../../lifecycle";
import { PUBLISHED } from "../../llmos/publication";
import { type StoredKind, type StoredResource, storedPath, writeUntilReady } from "../../llmos/storedObjects";
import { known } from "../../reading";
import type { ContentPlace } from "../stored/claim";
import {
    contentChanges,
    fillPending,
    lossFindings,
    NOTHING_STORED,
    readDeclared,
    refuseTakenContent,
    storeDeclared,
} from "../stored/contentOf";
import { removeStored } from "../stored/removal";
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
import { askForDataset, askForRegistryOfDataset, registryOfDataset } from "./dataset";
import {
    type DatasetVersionInputs,
    type DatasetVersionState,
    datasetVersionDescription,
} from "./description";
import { makeChangeable, publish, untilTakenBack } from "./publication";
import { askForPublished, fillUnpublished } from "./publicationQuestions";

const VERSION: StoredKind = { kind: "DatasetVersion", plural: "datasetversions" };

export const datasetVersion: Lifecycle<DatasetVersionInputs, DatasetVersionState> = {
    ...datasetVersionDescription,

    asks: ["name", "namespace", "dataset", "version"],

    subject({ clusterId, namespace, name, dataset: of, version, copyFrom }) {
        // Another source is another content: the old object has to go before.
        return [clusterId, namespace, name, of, version, copyFrom];
    },

    validate(inputs, unknowns) {
        const hasContent = ["content", "copyFrom"].some((name) => name in inputs || unknowns.has(name));
        return [
            ...(inputs.publish && !hasContent ? [nothingToPublish()] : []),
            ...(inputs.republish && !inputs.publish && !unknowns.has("publish")
                ? [nothingToRepublish()]
                : []),
        ];
    },

    async complete(context, inputs, prior) {
        const identity = await identify(context, inputs, prior);
        const registryName = prior?.registryName ?? (await askForRegistryOfDataset(context, inputs));
        const filled = registryName === undefined ? {} : { registryName };
        const place = placeIfKnown({ ...inputs, ...filled });
        const pending = place ? await fillPending(context, VERSION, inputs, prior, place) : {};
        const isOther = prior !== undefined && isAnother(datasetVersion.subject, prior, inputs);
        const unpublished =
            prior?.publish && !isOther ? await fillUnpublished(context, VERSION, inputs, whatOf(inputs)) : {};
        return { ...identity, ...filled, ...pending, ...unpublished };
    },

    async preflight(context, inputs, prior, unchanged) {
        const findings = await askForStored(context, VERSION, inputs, prior);
        if (findings.length > 0) {
            return findings;
        }
        const isOther = prior !== undefined && isAnother(datasetVersion.subject, prior, inputs);
        const published = isOther ? [] : await askForPublished(context, VERSION, inputs, whatOf(inputs));
        if (unchanged) {
            return published;
        }
        return [
            ...published,
            ...(await askForDataset(context, inputs)),
            ...(await askForLoss(context, inputs, prior)),
        ];
    },

    compares: ["publish"],

    changes(state, inputs, unknowns) {
        const isUnpublished = inputs.unpublished !== undefined || state.publishPhase !== PUBLISHED;
        // What is declared published and is not is never unchanged, whatever has ended the run that was to publish it.
        const publish =
            unknowns.has("publish") ||
            state.publish !== inputs.publish ||
            (inputs.publish === true && isUnpublished);
        return [
            ...contentChanges(inputs, unknowns),
            ...(publish ? [{ name: "publish", effect: "write" } as const] : []),
        ];
    },

    deletesFirst(replaced) {
        // A dataset has a version once, whatever the object is called.
        const isSameVersion = ["namespace", "dataset", "version", "clusterId"].every(
            (name) => !replaced.includes(name),
        );
        return isSameVersion || deletesStoredFirst(replaced);
    },

    async create(context, inputs) {
        const { cluster, named, over, found } = await startCreate(context, VERSION, inputs);
        const registryName = inputs.registryName ?? (await registryOfDataset(cluster, named));
        await refuseTakenContent(context, cluster, inputs, { ...placeOf(named), registryName }, found);
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
        await removeStored(context, VERSION, state, async () => undefined);
    },
};

type Written = DatasetVersionInputs & Pick<DatasetVersionState, "namespace" | "instance">;

/** Writes the object, waits until it is ready, stores the content, and publishes only then (LLMOS demands content). */
async function write(
    context: Context,
    cluster: Cluster,
    { pending: _pending, unpublished: _unpublished, ...inputs }: Written,
    before: ContentState,
    over: Over,
): Promise<DatasetVersionState> {
    const clusterId = await cluster.identity();
    const { size, fileCount, contentDigest, contentDrift } = before;
    let stored: ContentState & { storageUri: string } = {
        ...{ size, fileCount, contentDigest, contentDrift },
        storageUri: "",
    };
    return await keepingWritten<DatasetVersionState>(async (onWritten) => {
        const stateOf = (found: StoredResource) => ({
            ...inputs,
            clusterId,
            ...stored,
            ...observedVersion(found),
        });
        const seen = (found: StoredResource) => onWritten(stateOf(found));
        const { namespace, name, timeouts } = inputs;
        const put = (publish: boolean | undefined) =>
            writeUntilReady(
                context,
                cluster,
                VERSION,
                { ...inputs, owner: inputs.owner, spec: specOf(inputs, publish) },
                timeouts,
                over,
                seen,
            );
        const what = whatOf(inputs);
        const version = {
            context,
            cluster,
            kind: VERSION,
            name: { namespace, name },
            what,
            timeouts,
            put,
            seen,
        };
        const found = known(await cluster.read<StoredResource>(storedPath(VERSION, inputs)));
        const wasPublished = found?.spec?.publish;
        // Published once its content is there; what is not declared stays as it is on the LLMOS page.
        let made = await put(inputs.publish ? wasPublished === true : (inputs.publish ?? wasPublished));
        if (inputs.publish === false) {
            made = await untilTakenBack(version);
        }
        let isAgain = false;
        const seenNow = { ...observedVersion(made), clusterId };
        const place = { ...placeOf(inputs), path: seenNow.path, registryName: seenNow.registryName };
        stored = await storeDeclared(context, cluster, inputs, place, seenNow, async () => {
            isAgain = await makeChangeable(version, inputs);
        });
        seen(made);
        return stateOf(inputs.publish ? await publish(version, isAgain) : made);
    });
}

function nothingToRepublish(): Finding {
    return failure("argument-invalid", {
        found: "republish is set, and publish is not true",
        where: "republish",
        why: "It says how the content of a published version may change.",
        next: "Set publish: true, or leave republish out.",
        property: "republish",
    }).finding;
}

function specOf(
    { dataset, version, copyFrom, namespace }: Written,
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

type Named = Pick<DatasetVersionInputs, "dataset" | "version">;

/** Where the content lies. */
function placeOf(inputs: KnownPart<DatasetVersionInputs> & Named): ContentPlace {
    const { dataset, version, namespace = "default", registryName, copyFrom } = inputs;
    const source = copyFrom && { namespace, dataset, ...copyFrom };
    return {
        what: whatOf({ dataset, version }),
        path: `datasets/${namespace}/${dataset}/${version}`,
        registryName,
        copyOf: source && `datasets/${source.namespace}/${source.dataset}/${source.version}`,
    };
}

/** The same; undefined as long as dataset and version are not known. */
function placeIfKnown({
    dataset,
    version,
    ...inputs
}: KnownPart<DatasetVersionInputs>): ContentPlace | undefined {
    return dataset === undefined || version === undefined
        ? undefined
        : placeOf({ ...inputs, dataset, version });
}

/** Would a replacement lose anything? */
async function askForLoss(
    context: Context,
    inputs: KnownPart<DatasetVersionInputs>,
    prior: KnownPart<DatasetVersionInputs> | undefined,
): Promise<Finding[]> {
    const place = prior && placeIfKnown(prior);
    if (!prior || !place || !isAnother(datasetVersion.subject, prior, inputs)) {
        return [];
    }
    const { copyOf } = place;
    const isDeclared = prior.content !== undefined && inputs.content !== undefined;
    const known = isDeclared ? "declared" : copyOf && inputs.copyFrom ? { copyOf } : "nothing";
    return await lossFindings(context, { ...place, prior, known });
}

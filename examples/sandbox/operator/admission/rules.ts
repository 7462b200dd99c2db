import { isDeepStrictEqual } from "node:util";
import type { ObjectClient } from "../../kubernetes/cluster";
import type { PatchOperation } from "../../webhooks/server";
import type { Backends } from "../backend";
import { isTrue, within } from "../condition";
import { hasVersion } from "../datasets";
import { type Dataset, type DatasetVersion, type Model, notFound, type Registry } from "../objects";

/** What the rules look up, in the API server itself: the operator's caches may be a moment behind. */
export interface Lookups {
    registries: Pick<ObjectClient<Registry>, "get">;
    datasets: Pick<ObjectClient<Dataset>, "get">;
    backends: Backends;
}

/** What an operation on a kind must fulfil; what is thrown is what it is refused with. */
export interface Validator<T> {
    create(object: T): Promise<void>;
    update(old: T, changed: T): Promise<void>;
}

/** Source: llmos-ai/llmos-operator @ f29d5b9, pkg/webhook/resources/model/validator.go and dataset/validator.go. */
export function registryValidator({ registries }: Lookups): Validator<Model> {
    return {
        async create({ spec: { registry } }) {
            if (!(await registries.get(registry))) throw new Error(`registry ${registry} not found`);
        },
        async update(old, changed) {
            if (old.spec.registry !== changed.spec.registry) {
                throw new Error("registry field cannot be modified once set");
            }
        },
    };
}

/** Source: llmos-ai/llmos-operator @ f29d5b9, pkg/webhook/resources/datasetversion/validator.go. */
export function datasetVersionValidator({ datasets, backends }: Lookups): Validator<DatasetVersion> {
    return {
        async create({ metadata: { namespace = "" }, spec }) {
            const { namespace: ofNamespace, dataset: of, version } = spec.copyFrom ?? {};
            if (spec.publish && !(ofNamespace && of && version)) {
                throw new Error("copyFrom field is required when publish is true");
            }
            const dataset = await datasets.get(spec.dataset, namespace);
            const what = `dataset ${namespace}/${spec.dataset}`;
            if (!dataset) throw new Error(`${what} not found`);
            if (hasVersion(dataset, spec.version)) {
                throw new Error(`${what} already has version ${spec.version}`);
            }
        },
        async update(old, changed) {
            if (!old.spec.publish && changed.spec.publish) {
                await within("cannot publish dataset version", () => expectContent(changed, backends));
            }
            const { dataset, version, copyFrom } = changed.spec;
            if (old.spec.dataset !== dataset || old.spec.version !== version) {
                throw new Error("dataset and version field cannot be modified once set");
            }
            if (!isDeepStrictEqual(old.spec.copyFrom, copyFrom)) {
                throw new Error("copyFrom field cannot be modified once set");
            }
        },
    };
}

async function expectContent({ status }: DatasetVersion, backends: Backends): Promise<void> {
    if (!isTrue(status, "ready")) throw new Error("dataset version is not ready");
    if (!status?.rootPath) throw new Error("dataset version root path is empty");
    if (!status.registry) throw new Error("dataset version registry is empty");
    const bucket = await backends.named(status.registry);
    const size = await within("failed to get size", () => bucket.size(status.rootPath));
    if (size === 0) throw new Error("dataset version has no content");
}

/**
 * What a new DatasetVersion is given, in place of all owners and labels that it was to have. Source:
 * llmos-ai/llmos-operator @ f29d5b9, pkg/webhook/resources/datasetversion/mutator.go.
 */
export async function datasetVersionPatch(
    { metadata: { namespace = "" }, spec }: DatasetVersion,
    { datasets }: Lookups,
): Promise<PatchOperation[]> {
    const { dataset: name, version } = spec;
    const dataset = await datasets.get(name, namespace);
    if (!dataset) {
        throw new Error(`get dataset ${namespace}/${name} failed: ${notFound("datasets", name).message}`);
    }
    const owner = { uid: dataset.metadata.uid, apiVersion: "ml.llmos.ai/v1", kind: "Dataset", name };
    const labels = { "ml.llmos.ai/dataset-name": name, "ml.llmos.ai/dataset-version": version };
    return [
        { op: "add", path: "/metadata/ownerReferences", value: [owner] },
        { op: "add", path: "/metadata/labels", value: labels },
    ];
}

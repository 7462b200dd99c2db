import { isDeepStrictEqual } from "node:util";
import type { ObjectCache } from "../../kubernetes/objectCache";
import type { KubernetesObject } from "../../kubernetes/objects";
import type { PatchOperation } from "../../webhooks/server";
import type { Backends } from "../backend";
import { isTrue, within } from "../condition";
import { hasVersion } from "../datasets";
import {
    type Dataset,
    type DatasetVersion,
    type LocalModel,
    type LocalModelVersion,
    type Model,
    notFound,
    type Registry,
} from "../objects";

/** The objects of a kind as the webhooks' own informers saw them last: some time after they were written. */
type Seen<T extends KubernetesObject> = Pick<ObjectCache<T>, "get">;

/** What the rules look up. */
export interface Lookups {
    readonly registries: Seen<Registry>;
    readonly models: Seen<Model>;
    readonly datasets: Seen<Dataset>;
    readonly localModels: Seen<LocalModel>;
    readonly localModelVersions: Seen<LocalModelVersion>;
    readonly storageClasses: Seen<KubernetesObject>;
    readonly backends: Backends;
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
            if (!registries.get(registry)) throw new Error(`registry ${registry} not found`);
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
            const dataset = datasets.get(`${namespace}/${spec.dataset}`);
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

const STORAGE_CLASS = "llmos-ceph-block";
/** Registries outside the cluster, whose models are not asked for. */
const PUBLIC_REGISTRIES = ["huggingface", "modelscope"];

/** Source: llmos-ai/llmos-operator @ f29d5b9, pkg/webhook/resources/localmodel/validator.go. */
export function localModelValidator({ localModelVersions }: Lookups): Validator<LocalModel> {
    const expectReady = async ({ metadata: { namespace = "" }, spec: { defaultVersion } }: LocalModel) => {
        if (!defaultVersion) return;
        const version = localModelVersions.get(`${namespace}/${defaultVersion}`);
        if (!version) {
            const { message } = notFound("localmodelversions", defaultVersion);
            throw new Error(`failed to get local model version ${namespace}/${defaultVersion}: ${message}`);
        }
        if (!isTrue(version.status, "ready")) {
            throw new Error(`local model version ${defaultVersion} is not ready`);
        }
    };
    return { create: expectReady, update: (_old, changed) => expectReady(changed) };
}

/** Source: llmos-ai/llmos-operator @ f29d5b9, pkg/webhook/resources/localmodelversion/validator.go. */
export function localModelVersionValidator(lookups: Lookups): Validator<LocalModelVersion> {
    return {
        async create({ metadata: { namespace = "" }, spec: { localModel: name } }) {
            if (!lookups.storageClasses.get(STORAGE_CLASS)) {
                throw new Error(
                    `storage class ${STORAGE_CLASS} not found, please enable system storage firstly`,
                );
            }
            const localModel = lookups.localModels.get(`${namespace}/${name}`);
            if (!localModel) {
                const absent = `referenced LocalModel '${name}' does not exist in namespace '${namespace}'`;
                throw new Error(`${absent}: ${notFound("localmodels", name).message}`);
            }
            expectModel(localModel, lookups);
        },
        async update(old, changed) {
            if (old.spec.localModel !== changed.spec.localModel) {
                throw new Error("updating spec.localModel is not allowed");
            }
        },
    };
}

function expectModel({ spec: { registry, modelName } }: LocalModel, { models }: Lookups): void {
    if (PUBLIC_REGISTRIES.includes(registry)) return;
    const [, name] = partsOf(modelName) ?? [];
    if (name === undefined) throw new Error(`invalid model name ${modelName}`);
    const model = models.get(modelName);
    if (!model) throw new Error(`failed to get model ${modelName}: ${notFound("models", name).message}`);
    if (!isTrue(model.status, "ready")) throw new Error(`model ${modelName} is not ready yet`);
}

/** Namespace and name of a model, or whatever a public registry calls these. */
function partsOf(modelName: string): [string, string] | undefined {
    const [namespace, name, ...rest] = modelName.split("/");
    return namespace === undefined || name === undefined || rest.length > 0 ? undefined : [namespace, name];
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
    const dataset = datasets.get(`${namespace}/${name}`);
    if (!dataset) {
        throw new Error(`get dataset ${namespace}/${name} failed: ${notFound("datasets", name).message}`);
    }
    return belonging(dataset, "Dataset", {
        "ml.llmos.ai/dataset-name": name,
        "ml.llmos.ai/dataset-version": version,
    });
}

/** Source: llmos-ai/llmos-operator @ f29d5b9, pkg/webhook/resources/localmodelversion/mutator.go. */
export async function localModelVersionPatch(
    { metadata: { namespace = "" }, spec: { localModel: name } }: LocalModelVersion,
    { localModels }: Lookups,
): Promise<PatchOperation[]> {
    const key = `${namespace}/${name}`;
    const localModel = localModels.get(key);
    if (!localModel) {
        throw new Error(`failed to get local model ${key}: ${notFound("localmodels", name).message}`);
    }
    const { registry, modelName } = localModel.spec;
    const parts = partsOf(modelName);
    if (!parts) throw new Error(`invalid model name ${modelName} of local model ${key}`);
    return belonging(localModel, "LocalModel", {
        "ml.llmos.ai/local-model-name": name,
        "ml.llmos.ai/registry-name": registry,
        "ml.llmos.ai/model-name": parts[1],
        "ml.llmos.ai/model-namespace": parts[0],
    });
}

function belonging(
    { metadata: { name, uid } }: KubernetesObject,
    kind: string,
    labels: Record<string, string>,
): PatchOperation[] {
    const owner = { uid, apiVersion: "ml.llmos.ai/v1", kind, name };
    return [
        { op: "add", path: "/metadata/ownerReferences", value: [owner] },
        { op: "add", path: "/metadata/labels", value: labels },
    ];
}

import type { Backends } from "./backend";
import type { Bucket } from "./bucket";
import { isTrue, readyAfter, within } from "./condition";
import { type Datasets, hasVersion } from "./datasets";
import { type CopyFrom, type DatasetVersion, type DatasetVersionStatus, notFound } from "./objects";
import type { Publication } from "./publication";
import type { Handler } from "./reconciler";

/** Go writes these even when they are empty, and the definition requires the texts. */
const noStatus: DatasetVersionStatus = { registry: "", rootPath: "", publishStatus: {} };

/** Source: llmos-ai/llmos-operator @ f29d5b9, pkg/controller/master/dataset/datasetversion_controller.go. */
export function datasetVersionHandler(
    backends: Backends,
    datasets: Datasets,
    publication: Pick<Publication, "advance" | "cancel">,
): Handler<DatasetVersion> {
    async function takeCare(object: DatasetVersion, draft: DatasetVersionStatus): Promise<void> {
        const { namespace = "", name: objectName } = object.metadata;
        const { dataset: of, version, copyFrom } = object.spec;
        const dataset = datasets.ready(namespace, of);
        draft.registry = dataset.spec.registry;
        if (!isTrue(object.status, "ready")) {
            const bucket = await backends.named(draft.registry);
            const path = `${dataset.status?.path}/${version}`;
            await bucket.createDirectory(path);
            draft.rootPath = path;
            if (copyFrom) await within("copy failed", () => copy(bucket, copyFrom, path));
        }
        await within(`add version ${version} to dataset ${namespace}/${of} failed`, () =>
            datasets.addVersion(dataset, { version, objectName }),
        );
        draft.publishStatus = object.spec.publish
            ? await within("publish failed", () => published(object, draft))
            : await publication.cancel(object, draft.publishStatus);
    }

    /** A version is published once it was found ready, and only if it holds something. */
    async function published(object: DatasetVersion, draft: DatasetVersionStatus) {
        if (!isTrue(object.status, "ready")) return draft.publishStatus;
        const size = await within("failed to get content size", async () => {
            const bucket = await backends.named(draft.registry);
            return within("failed to get directory size", () => bucket.size(draft.rootPath));
        });
        return size === 0 ? draft.publishStatus : publication.advance(object, draft.publishStatus, size);
    }

    async function copy(bucket: Bucket, from: CopyFrom, to: string): Promise<void> {
        const { namespace, dataset: name, version } = from;
        const dataset = datasets.get(namespace, name);
        const what = `dataset ${namespace}/${name}`;
        if (!dataset) throw new Error(`get ${what} failed: ${notFound("datasets", name).message}`);
        if (!isTrue(dataset.status, "ready")) throw new Error(`${what} is not ready`);
        if (!hasVersion(dataset, version)) throw new Error(`version ${version} of ${what} not found`);
        await within(`copy from ${namespace}/${name}/${version} failed`, () =>
            bucket.copy(`${dataset.status?.path}/${version}`, to),
        );
    }

    async function clearAway(object: DatasetVersion): Promise<void> {
        const { registry = "", rootPath } = object.status ?? {};
        if (!rootPath) return;
        const { namespace = "", name } = object.metadata;
        const { dataset: of, version } = object.spec;
        const bucket = await backends.named(registry);
        await within(`delete files of dataset version ${namespace}/${of}/${name} failed`, () =>
            bucket.delete(rootPath),
        );
        const dataset = datasets.get(namespace, of);
        if (!dataset) return;
        await within(`remove version ${version} from dataset ${namespace}/${of} failed`, () =>
            datasets.removeVersion(dataset, version),
        );
    }

    return {
        onChange: (object) =>
            readyAfter({ ...noStatus, ...object.status }, (draft) => takeCare(object, draft)),
        removal: { finalizer: "wrangler.cattle.io/datasetversion.OnRemove", onRemove: clearAway },
        asGoWrites: (object) => ({ ...object, spec: { publish: false, ...object.spec } }),
    };
}

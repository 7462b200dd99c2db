/** What lies in a bucket beside our own objects. */
import { type Finding, failure } from "../../finding";
import { urlOf } from "../../s3/client";
import { type ObjectStore, OWN_PREFIX } from "../../s3/objectStore";

/**
 * Why a bucket may not be deleted; undefined when it is empty, versions and open uploads included. Where nothing but our
 * own objects is left, it counts as empty: the mark, proofs that were ended halfway, manifests of contents that are gone.
 */
export async function contentFinding(store: ObjectStore, name: string): Promise<Finding | undefined> {
    const objects = await someForeign(store, name);
    const versions = objects.length > 0 ? [] : await foreignVersions(store, name);
    const uploads = objects.length + versions.length > 0 ? [] : await store.uploads(name);
    const count = objects.length || versions.length || uploads.length;
    if (count === 0) {
        return undefined;
    }
    const kind =
        objects.length > 0
            ? "object"
            : versions.length > 0
              ? "old version or delete marker"
              : "open multipart upload";
    const many = count === 1 ? `1 ${kind}` : `${count >= 1000 ? "at least 1000" : count} ${kind}s`;
    return failure("bucket-not-empty", {
        found: `The bucket "${name}" holds ${many} and is not deleted`,
        where: `${urlOf(store.connection.endpoint)}/${name}, the first is "${objects[0] ?? versions[0]?.Key ?? uploads[0]?.Key}"`,
        why: "Deleting it would delete the models and datasets stored there.",
        next: "Empty it by hand; or set forceDestroy: true, run `pulumi up`, then delete it; or keep it and run `pulumi state delete` for this resource.",
    }).finding;
}

/** Up to a thousand keys of objects that are not our own, however many of ours there are. */
async function someForeign(store: ObjectStore, name: string): Promise<string[]> {
    const first = await store.someObjects(name, 1000);
    const foreign = first.filter((key) => !key.startsWith(OWN_PREFIX));
    return foreign.length > 0 || first.length < 1000
        ? foreign
        : await store.someObjects(name, 1000, { after: AFTER_OWN });
}

/** The same for versions and delete markers. */
async function foreignVersions(store: ObjectStore, name: string): Promise<{ Key: string }[]> {
    const first = await store.someVersions(name, 1000);
    const foreign = first.filter(({ Key }) => !Key.startsWith(OWN_PREFIX));
    return foreign.length > 0 || first.length < 1000
        ? foreign
        : await store.someVersions(name, 1000, { after: AFTER_OWN });
}

/** Sorts after every key of ours, and before every other key that does. */
const AFTER_OWN = `${OWN_PREFIX.slice(0, -1)}0`;

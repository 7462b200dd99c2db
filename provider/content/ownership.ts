/** Whose a content is: what lies at a path belongs to the object that its manifest names, and anything else to others. */
import { failure, type LlmosError } from "../finding";
import { ownerWords } from "../lifecycle/owner";
import type { ListedObject } from "../s3/bucketRequests";
import type { ContentStore } from "../s3/contentStore";
import { type Look, lookIfThere, placeOf } from "./look";
import type { ContentOwner, StoredFiles } from "./manifest";
import { countOf, someOf } from "./progress";

/** For which object a content is looked at or stored. */
export interface ContentClaim {
    /** For messages, for example `Model "llama"`. */
    readonly what: string;
    /** Where it lies in the bucket, without a slash at its end. */
    readonly path: string;
    /** The object; undefined before it is made. */
    readonly owner: ContentOwner | undefined;
    /**
     * The resource in the clusters where an object of it has, or had, its content there: its own, and the one that it is being
     * moved from. An object that was made anew, or restored, has another UID, and the content of the resource.
     */
    readonly resources: readonly Pick<ContentOwner, "cluster" | "resource">[];
    /** What lies there may be taken over, whosever it is. */
    readonly adopt: boolean;
    /** Where LLMOS has copied it from. */
    readonly copyOf?: string | undefined;
}

/** Whether a manifest that names this owner is the claim's. */
export function isOurs(named: ContentOwner | undefined, { owner, resources }: ContentClaim): boolean {
    if (named === undefined) {
        return false;
    }
    const isSame = named.cluster === owner?.cluster && named.uid === owner.uid;
    return (
        isSame ||
        resources.some(
            ({ cluster, resource }) =>
                resource !== undefined && named.cluster === cluster && named.resource === resource,
        )
    );
}

/** What LLMOS has copied there. Once the content is ours the manifest knows; before, the source does. */
export async function copiedOf(
    { store, listed, manifest }: Look,
    claim: ContentClaim,
): Promise<ReadonlyMap<string, ListedObject>> {
    if (isOurs(manifest.owner, claim)) {
        return manifest.copied;
    }
    if (claim.copyOf === undefined || claim.owner === undefined || listed.size === 0) {
        return new Map();
    }
    const source = await store.list(`${claim.copyOf}/`);
    // A copy of several parts has another ETag than what it was copied from.
    return new Map([...listed].filter(([path, { size }]) => source.get(path)?.size === size));
}

/** Refuses what is others'. `same` are the files that lie there as they are here: nobody loses those. */
export function refuseOthers(
    { store, listed, manifest }: Look,
    claim: ContentClaim,
    copied: ReadonlyMap<string, unknown>,
    same: StoredFiles,
): void {
    if (claim.adopt || isOurs(manifest.owner, claim)) {
        return;
    }
    const isNamed = manifest.owner !== undefined;
    const others = [...listed.keys()].filter((path) => !copied.has(path) && (isNamed || !same.has(path)));
    if (others.length > 0) {
        throw taken(store, claim, manifest.owner, others);
    }
}

/**
 * Who else has the content at that path by now; undefined where nobody does. In one cluster a path belongs to one name: another
 * object of it is a former one, and is gone.
 */
export async function otherOwner(store: ContentStore, claim: ContentClaim): Promise<string | undefined> {
    const { listed, manifest } = (await lookIfThere(store, claim.path)) ?? {};
    const isOfCluster = manifest?.owner?.cluster === claim.owner?.cluster;
    return !manifest?.owner || listed?.size === 0 || isOfCluster || isOurs(manifest.owner, claim)
        ? undefined
        : ownerOf(manifest.owner);
}

/** In words. */
export function ownerOf({ cluster, resource }: ContentOwner): string {
    const of =
        resource === undefined ? "an object" : `an object that was made by ${ownerWords(resource, [])}`;
    return `${of}, in the cluster ${cluster}`;
}

export function taken(
    store: ContentStore,
    { what, path }: ContentClaim,
    owner: ContentOwner | undefined,
    others: readonly string[],
): LlmosError {
    const objects = countOf(others.length, "object");
    return failure("content-taken", {
        found: `The place of ${what} holds ${objects} that it has not stored (${someOf(others)})`,
        where: placeOf(store, path),
        why: `This resource would overwrite, remove, or delete with its object what is ${owner ? `${ownerOf(owner)}'s` : "somebody else's"}.`,
        next: "Choose another name, or move them to another place. Or set adopt: true: they are then this resource's, to overwrite and to prune.",
        property: "content",
    });
}

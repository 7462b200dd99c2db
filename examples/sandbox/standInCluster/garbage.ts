import type { ObjectClient } from "../kubernetes/cluster";
import type { ObjectCache } from "../kubernetes/objectCache";
import type { KubernetesObject } from "../kubernetes/objects";

/** A kind whose objects are owners, or are owned. */
export interface CollectedKind {
    readonly kind: string;
    readonly client: Pick<ObjectClient<KubernetesObject>, "get" | "delete" | "write">;
    readonly cache: Pick<ObjectCache<KubernetesObject>, "values">;
}

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

/**
 * A STAND-IN for the garbage collector of Kubernetes, for the kinds that it is given: an object whose owners are all
 * gone is deleted, and a deletion that waits for dependents, or lets them go, comes to its end.
 */
export class StandInGarbageCollector {
    constructor(private readonly kinds: readonly CollectedKind[]) {}

    async look(of: CollectedKind, object: KubernetesObject): Promise<void> {
        const { name, namespace, uid, deletionTimestamp, ownerReferences = [] } = object.metadata;
        if (deletionTimestamp) return this.finish(of, object);
        if (ownerReferences.length === 0) return;
        for (const { kind, name, uid } of ownerReferences) {
            if (await this.isThere(kind, namespace, name, uid)) return;
        }
        await of.client.delete(name, namespace, background(uid));
    }

    private async isThere(kind: string, namespace: string | undefined, name: string, uid: string) {
        const owners = this.kinds.find((one) => one.kind === kind);
        // What is not known here is taken to be there.
        if (!owners || owners.cache.values().some(({ metadata }) => metadata.uid === uid)) return true;
        return (await owners.client.get(name, namespace))?.metadata.uid === uid;
    }

    private async finish(of: CollectedKind, object: KubernetesObject): Promise<void> {
        const { finalizers = [], uid } = object.metadata;
        const without = async (finalizer: string) => {
            const kept = finalizers.filter((one) => one !== finalizer);
            await of.client.write({ ...object, metadata: { ...object.metadata, finalizers: kept } });
        };
        const owned = (one: KubernetesObject) =>
            one.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
        const dependents = this.kinds.flatMap(({ client, cache }) =>
            cache
                .values()
                .filter(owned)
                .map((one) => ({ client, one })),
        );
        if (finalizers.includes(ORPHAN)) {
            for (const { client, one } of dependents) {
                const others = one.metadata.ownerReferences?.filter((owner) => owner.uid !== uid) ?? [];
                await client.write({ ...one, metadata: { ...one.metadata, ownerReferences: others } });
            }
            await without(ORPHAN);
        } else if (finalizers.includes(FOREGROUND)) {
            for (const { client, one } of dependents) {
                const { name, namespace, uid } = one.metadata;
                await client.delete(name, namespace, background(uid));
            }
            if (dependents.length === 0) await without(FOREGROUND);
        }
    }
}

function background(uid: string | undefined): object {
    return { preconditions: { uid }, propagationPolicy: "Background" };
}

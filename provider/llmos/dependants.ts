/** What uses a registry. LLMOS itself guards nothing: it would delete at once and leave these hanging. */
import { type Finding, failure } from "../finding";
import type { ClusterReader, KubernetesObject } from "../kubernetes/cluster";

interface Dependant extends KubernetesObject {
    spec?: { registry?: string; modelName?: string; dataset?: string };
    status?: { registry?: string };
}

/** Kinds that name a registry, and where. */
const KINDS = [
    { kind: "Model", path: "/apis/ml.llmos.ai/v1/models", in: "spec" },
    { kind: "Dataset", path: "/apis/ml.llmos.ai/v1/datasets", in: "spec" },
    { kind: "DatasetVersion", path: "/apis/ml.llmos.ai/v1/datasetversions", in: "status" },
    { kind: "LocalModel", path: "/apis/ml.llmos.ai/v1/localmodels", in: "spec" },
    { kind: "DataCollection", path: "/apis/agent.llmos.ai/v1/datacollections", in: "spec" },
] as const;

/** Most names given of one kind. */
const NAMED = 5;

/** Objects that use the registry, as `kind: count (namespace/name, …)`; empty when there are none. */
export async function dependantsOf(cluster: ClusterReader, registry: string): Promise<string[]> {
    const lists = await Promise.all(KINDS.map(({ path }) => cluster.list<Dependant>(path)));
    return KINDS.flatMap(({ kind, in: place }, index) =>
        told(
            kind,
            (lists[index] ?? []).filter((object) => object[place]?.registry === registry),
        ),
    );
}

/** Local models that are made of a model: they name its registry, and it as `namespace/name` or in their own namespace. */
export async function usersOfModel(
    cluster: ClusterReader,
    registry: string,
    { namespace, name }: { namespace: string; name: string },
): Promise<string[]> {
    const locals = (await cluster.list<Dependant>("/apis/ml.llmos.ai/v1/localmodels")) ?? [];
    const users = locals.filter(({ spec, metadata }) => {
        const named = spec?.modelName ?? "";
        const full = named.includes("/") ? named : `${metadata.namespace}/${named}`;
        return spec?.registry === registry && full === `${namespace}/${name}`;
    });
    return told("LocalModel", users);
}

/** Versions of a dataset: they go with it by the ownerReference that LLMOS sets. */
export async function versionsOfDataset(
    cluster: ClusterReader,
    { namespace, name }: { namespace: string; name: string },
): Promise<string[]> {
    const path = `/apis/ml.llmos.ai/v1/namespaces/${namespace}/datasetversions`;
    const versions = (await cluster.list<Dependant>(path)) ?? [];
    return told(
        "DatasetVersion",
        versions.filter(({ spec, metadata }) => spec?.dataset === name && !metadata.deletionTimestamp),
    );
}

function told(kind: string, users: Dependant[]): string[] {
    return users.length > 0 ? [`${kind}: ${users.length} (${namesOf(users)})`] : [];
}

function namesOf(objects: Dependant[]): string {
    const names = objects.slice(0, NAMED).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    return objects.length > NAMED ? `${names.join(", ")}, …` : names.join(", ");
}

/** Why a registry that is used may not be deleted, or moved to another bucket or endpoint. */
export function dependantsFinding(
    cluster: ClusterReader,
    registry: string,
    users: string[],
    intent: "delete" | "relocate",
): Finding {
    const relocate = intent === "relocate";
    return failure("dependants", {
        found: `The registry "${registry}" is in use and is not ${relocate ? "moved to another bucket or endpoint" : "deleted"}`,
        where: `${cluster.server}: ${users.join("; ")}`,
        why: relocate
            ? "Their content lies in the old bucket: LLMOS would no longer find it."
            : "They would lose their storage, and their own deletion would hang on a finalizer that needs the registry.",
        next: relocate
            ? "Copy the content to the new bucket first, then set relocate: true; or declare a second registry."
            : "Delete them first, or move them to another registry.",
        ...(relocate && { property: "bucket" }),
    }).finding;
}

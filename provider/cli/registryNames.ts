import { failure } from "../finding";
import type { ClusterReader } from "../kubernetes/cluster";
import type { RegistryResource } from "../llmos/objects";

/** The registries of these names, all of them when none is given; a name that none has is an error. */
export function chosen(
    cluster: ClusterReader,
    all: RegistryResource[],
    names: readonly string[],
): RegistryResource[] {
    const existing = all.map(({ metadata }) => metadata.name);
    const unknown = names.filter((name) => !existing.includes(name));
    if (unknown.length > 0) {
        const quoted = unknown.map((name) => `"${name}"`).join(", ");
        throw failure("registry-missing", {
            found: `The cluster has no Registry ${quoted}`,
            where: cluster.server,
            why: "A command is about registries that exist.",
            next:
                existing.length > 0
                    ? `Correct the name. The registries there: ${existing.join(", ")}.`
                    : "Check that this is the right cluster (--kubeconfig, --context): it has no registries.",
        });
    }
    return names.length === 0 ? all : all.filter(({ metadata }) => names.includes(metadata.name));
}

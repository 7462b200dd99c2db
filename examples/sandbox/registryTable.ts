import { connectCluster, resources } from "./kubernetes/cluster";
import type { KubernetesObject } from "./kubernetes/objects";

interface RegistryObject extends KubernetesObject {
    readonly spec: { readonly s3Config?: { readonly endpoint?: string; readonly bucket?: string } };
    readonly status?: {
        readonly conditions?: readonly {
            readonly type: string;
            readonly status: string;
            readonly message?: string;
        }[];
    };
}

const COLUMNS = ["State", "Name", "Endpoint", "Bucket", "Default"];

/** The registries of a cluster as a table with the columns of the LLMOS page, asked of the API server itself. */
export async function registryTable(kubeconfigFile: string): Promise<string> {
    const cluster = await connectCluster(kubeconfigFile);
    const list = await cluster.objects<RegistryObject>(resources.registries).list();
    if (list.items.length === 0) {
        return "The cluster has no registries.";
    }
    const messages = list.items.flatMap((registry) => {
        const { active, message } = stateOf(registry);
        return active || message === undefined ? [] : [`${registry.metadata.name}: ${message}`];
    });
    return [...table([COLUMNS, ...list.items.map(row)]), ...messages].join("\n");
}

function stateOf(registry: RegistryObject): { active: boolean; message: string | undefined } {
    const condition = registry.status?.conditions?.find(({ type }) => type === "accessible");
    return { active: condition?.status === "True", message: condition?.message };
}

function row(registry: RegistryObject): string[] {
    const { metadata, spec } = registry;
    return [
        stateOf(registry).active ? "Active" : "Inactive",
        metadata.name,
        spec.s3Config?.endpoint ?? "",
        spec.s3Config?.bucket ?? "",
        metadata.annotations?.["ml.llmos.ai/is-default-registry"] === "true" ? "yes" : "",
    ];
}

function table(rows: readonly (readonly string[])[]): string[] {
    const widths = COLUMNS.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? "").length)));
    return rows.map((cells) =>
        cells
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join("   ")
            .trimEnd(),
    );
}

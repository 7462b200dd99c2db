/** The dataset of a version: is it there, and which registry does it have? */
import { type Finding, failure } from "../../finding";
import type { ClusterReader } from "../../kubernetes/cluster";
import type { Context, KnownPart } from "../../lifecycle";
import { type StoredKind, type StoredResource, storedPath } from "../../llmos/storedObjects";
import { known } from "../../reading";
import type { DatasetVersionInputs } from "./description";

const DATASET: StoredKind = { kind: "Dataset", plural: "datasets" };

/** The registry of the dataset, if there is such a dataset yet. */
export async function registryOfDataset(
    cluster: ClusterReader,
    { dataset: name, namespace = "default" }: Pick<DatasetVersionInputs, "dataset" | "namespace">,
): Promise<string | undefined> {
    const reading = await cluster.read<StoredResource>(storedPath(DATASET, { namespace, name }));
    return reading.outcome === "present" ? reading.value.spec?.registry : undefined;
}

/** The same for `check`. */
export async function askForRegistryOfDataset(
    context: Context,
    { dataset, ...inputs }: KnownPart<DatasetVersionInputs>,
): Promise<string | undefined> {
    return dataset === undefined || inputs.reachability === "off"
        ? undefined
        : await registryOfDataset(await context.clusterReader(inputs.cluster), { ...inputs, dataset });
}

/** Is the dataset there? One that the program makes itself is not asked for. */
export async function askForDataset(
    context: Context,
    inputs: KnownPart<DatasetVersionInputs>,
): Promise<Finding[]> {
    const { dataset: name, namespace = "default", awaits } = inputs;
    if (name === undefined || awaits?.includes("dataset")) {
        return [];
    }
    const cluster = await context.clusterReader(inputs.cluster);
    const found = known(await cluster.read<StoredResource>(storedPath(DATASET, { namespace, name })));
    return found
        ? []
        : [
              failure("dataset-missing", {
                  found: `The Dataset "${name}" does not exist in namespace "${namespace}"`,
                  where: cluster.server,
                  why: "A version belongs to a dataset.",
                  next: "Correct the name, or declare the dataset and pass its output: dataset: images.name.",
                  property: "dataset",
              }).finding,
          ];
}

import * as pulumi from "@pulumi/pulumi";
import type { DatasetInputs, DatasetState } from "../resources/dataset";
import { type NamedArgsOf, prepare } from "./inputs";
import { shell } from "./shell";

/** Arguments of a {@link Dataset}. */
export type DatasetArgs = NamedArgsOf<DatasetInputs>;

const provider = shell("Dataset");

/**
 * A dataset of LLMOS (`ml.llmos.ai/v1 Dataset`), with its card. Its files lie in its versions ({@link DatasetVersion}).
 */
export class Dataset extends pulumi.dynamic.Resource {
    /** Name of the Dataset. */
    declare readonly name: pulumi.Output<DatasetState["name"]>;
    /** Namespace of the Dataset. */
    declare readonly namespace: pulumi.Output<string>;
    /** The registry that holds the content. */
    declare readonly registryName: pulumi.Output<DatasetState["registryName"]>;
    /** Where the content lies in the bucket, without a slash at its end. */
    declare readonly path: pulumi.Output<DatasetState["path"]>;
    /** The same with the bucket: `s3://bucket/path`. */
    declare readonly storageUri: pulumi.Output<DatasetState["storageUri"]>;
    /** The operator's conditions. */
    declare readonly conditions: pulumi.Output<DatasetState["conditions"]>;

    constructor(name: string, args: DatasetArgs = {}, options?: pulumi.CustomResourceOptions) {
        const outputs = {
            uid: undefined,
            instance: undefined,
            registryName: undefined,
            path: undefined,
            storageUri: undefined,
            conditions: undefined,
        };
        const given = { name, ...args };
        super(provider, name, { ...outputs, ...prepare(name, given) }, options, "llmos", "Dataset");
    }
}

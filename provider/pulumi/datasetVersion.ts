import * as pulumi from "@pulumi/pulumi";
import type { DatasetVersionInputs, DatasetVersionState } from "../resources/datasetVersion";
import { type NamedArgsOf, prepare } from "./inputs";
import { shell } from "./shell";

/** Arguments of a {@link DatasetVersion}. */
export type DatasetVersionArgs = NamedArgsOf<DatasetVersionInputs>;

const provider = shell("DatasetVersion");

/**
 * A version of a dataset (`ml.llmos.ai/v1 DatasetVersion`): from files, copied from another version, or both. It is
 * published once its content is there.
 *
 * @example
 * ```ts
 * const first = new llmos.DatasetVersion("images-v1", { dataset: images.name, version: "v1", content: "./images" });
 * new llmos.DatasetVersion("images-v2", {
 *     dataset: images.name,
 *     version: "v2",
 *     copyFrom: { version: first.version },
 *     publish: true,
 * });
 * ```
 */
export class DatasetVersion extends pulumi.dynamic.Resource {
    /** Name of the DatasetVersion. */
    declare readonly name: pulumi.Output<DatasetVersionState["name"]>;
    /** Namespace of the DatasetVersion. */
    declare readonly namespace: pulumi.Output<string>;
    /** The dataset it belongs to. */
    declare readonly dataset: pulumi.Output<string>;
    /** The version. */
    declare readonly version: pulumi.Output<string>;
    /** How far LLMOS has come with the publication; empty when there is none. */
    declare readonly publishPhase: pulumi.Output<DatasetVersionState["publishPhase"]>;
    /** The registry that holds the content. */
    declare readonly registryName: pulumi.Output<DatasetVersionState["registryName"]>;
    /** Where the content lies in the bucket, without a slash at its end. */
    declare readonly path: pulumi.Output<DatasetVersionState["path"]>;
    /** The same with the bucket: `s3://bucket/path`. */
    declare readonly storageUri: pulumi.Output<DatasetVersionState["storageUri"]>;
    /** The operator's conditions. */
    declare readonly conditions: pulumi.Output<DatasetVersionState["conditions"]>;
    /** Bytes of all objects there. */
    declare readonly size: pulumi.Output<DatasetVersionState["size"]>;
    /** Number of objects there. */
    declare readonly fileCount: pulumi.Output<DatasetVersionState["fileCount"]>;
    /** SHA-256, in hex, of the lines that `sha256sum` prints for the declared files, by path; empty without `content`. */
    declare readonly contentDigest: pulumi.Output<DatasetVersionState["contentDigest"]>;
    /** How what lies there differs from what was stored, a line a file, at most 20. */
    declare readonly contentDrift: pulumi.Output<DatasetVersionState["contentDrift"]>;

    constructor(name: string, args: DatasetVersionArgs, options?: pulumi.CustomResourceOptions) {
        const outputs = {
            uid: undefined,
            instance: undefined,
            registryName: undefined,
            path: undefined,
            storageUri: undefined,
            conditions: undefined,
            size: undefined,
            fileCount: undefined,
            contentDigest: undefined,
            contentDrift: undefined,
            publishPhase: undefined,
        };
        const given = { name, ...args };
        super(provider, name, { ...outputs, ...prepare(name, given) }, options, "llmos", "DatasetVersion");
    }
}

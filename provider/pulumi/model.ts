import * as pulumi from "@pulumi/pulumi";
import type { ModelInputs, ModelState } from "../resources/model";
import { type NamedArgsOf, prepare } from "./inputs";
import { shell } from "./shell";

/** Arguments of a {@link Model}. */
export type ModelArgs = NamedArgsOf<ModelInputs>;

const provider = shell("Model");

/**
 * A model of LLMOS (`ml.llmos.ai/v1 Model`), with its card, and its files if `content` names them. Done when the LLMOS
 * operator says that it is ready and every file lies in the registry's bucket.
 *
 * @example
 * ```ts
 * new llmos.Model("llama", {
 *     registry: models.name,
 *     card: { file: "./llama/README.md" },
 *     content: "./llama",
 * });
 * ```
 */
export class Model extends pulumi.dynamic.Resource {
    /** Name of the Model. */
    declare readonly name: pulumi.Output<ModelState["name"]>;
    /** Namespace of the Model. */
    declare readonly namespace: pulumi.Output<string>;
    /** The registry that holds the content. */
    declare readonly registryName: pulumi.Output<ModelState["registryName"]>;
    /** Where the content lies in the bucket, without a slash at its end. */
    declare readonly path: pulumi.Output<ModelState["path"]>;
    /** The same with the bucket: `s3://bucket/path`. */
    declare readonly storageUri: pulumi.Output<ModelState["storageUri"]>;
    /** The operator's conditions. */
    declare readonly conditions: pulumi.Output<ModelState["conditions"]>;
    /** Bytes of all objects there. */
    declare readonly size: pulumi.Output<ModelState["size"]>;
    /** Number of objects there. */
    declare readonly fileCount: pulumi.Output<ModelState["fileCount"]>;
    /** SHA-256, in hex, of the lines that `sha256sum` prints for the declared files, by path; empty without `content`. */
    declare readonly contentDigest: pulumi.Output<ModelState["contentDigest"]>;
    /** How what lies there differs from what was stored, a line a file, at most 20. */
    declare readonly contentDrift: pulumi.Output<ModelState["contentDrift"]>;

    constructor(name: string, args: ModelArgs = {}, options?: pulumi.CustomResourceOptions) {
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
        };
        const given = { name, ...args };
        super(provider, name, { ...outputs, ...prepare(name, given) }, options, "llmos", "Model");
    }
}

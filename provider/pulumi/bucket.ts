import * as pulumi from "@pulumi/pulumi";
import type { BucketInputs, BucketState } from "../resources/bucket";
import { type ArgsOf, prepare } from "./inputs";
import { shell } from "./shell";

/** Arguments of a {@link Bucket}. */
export type BucketArgs = ArgsOf<BucketInputs>;

const provider = shell("Bucket");

/**
 * An S3 bucket: made by this stack, adopted (`adopt: true`), or used as it is (`create: false`). It is kept on
 * delete unless it is empty or `forceDestroy` has been applied.
 */
export class Bucket extends pulumi.dynamic.Resource {
    /** Bucket name. */
    declare readonly name: pulumi.Output<BucketState["name"]>;
    /** Endpoint, as `host[:port]`. */
    declare readonly endpoint: pulumi.Output<BucketState["endpoint"]>;
    /** URL of the bucket, path style. */
    declare readonly url: pulumi.Output<BucketState["url"]>;
    /** Whether this stack made or adopted the bucket, and deletes it when it is empty. */
    declare readonly managed: pulumi.Output<BucketState["managed"]>;

    constructor(name: string, args: BucketArgs, options?: pulumi.CustomResourceOptions) {
        const outputs = { url: undefined, managed: undefined };
        super(provider, name, { ...outputs, ...prepare(name, args) }, options, "llmos", "Bucket");
    }
}

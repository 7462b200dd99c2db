import * as pulumi from "@pulumi/pulumi";
import type { BucketCorsInputs, BucketCorsState } from "../resources/bucketCors";
import { type ArgsOf, prepare } from "./inputs";
import { shell } from "./shell";

/** Arguments of a {@link BucketCors}. */
export type BucketCorsArgs = ArgsOf<BucketCorsInputs>;

const provider = shell("BucketCors");

/**
 * The CORS document of a bucket, owned as a whole: the rule of the LLMOS guide for `allowedOrigins`, or `rules`
 * of your own. Read back after each write.
 */
export class BucketCors extends pulumi.dynamic.Resource {
    /** Bucket name. */
    declare readonly bucket: pulumi.Output<BucketCorsState["bucket"]>;
    /** The rules as the server stores them. */
    declare readonly storedRules: pulumi.Output<BucketCorsState["storedRules"]>;

    constructor(name: string, args: BucketCorsArgs, options?: pulumi.CustomResourceOptions) {
        const outputs = { storedRules: undefined };
        super(provider, name, { ...outputs, ...prepare(name, args) }, options, "llmos", "BucketCors");
    }
}

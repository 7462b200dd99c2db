import * as pulumi from "@pulumi/pulumi";
import type { BucketCorsInputs, BucketCorsState } from "../resources/bucketCors";
import { type ArgsOf, prepare } from "./inputs";
import { shell } from "./shell";

/** Arguments of a {@link BucketCors}. */
export type BucketCorsArgs = ArgsOf<BucketCorsInputs>;

const provider = shell("BucketCors");

/**
 * The CORS document of a bucket, owned as a whole: the rule of the LLMOS guide for `allowedOrigins`, or `rules`
 * of your own. After each write it is read back, and proved by the question that a browser would ask.
 */
export class BucketCors extends pulumi.dynamic.Resource {
    /** Bucket name. */
    declare readonly bucket: pulumi.Output<BucketCorsState["bucket"]>;
    /** The rules as the server stores them. */
    declare readonly storedRules: pulumi.Output<BucketCorsState["storedRules"]>;
    /** `bucket`: by the stored rules; `server`: by the settings of a server that has no bucket CORS. */
    declare readonly enforcedBy: pulumi.Output<BucketCorsState["enforcedBy"]>;
    /** What was proved about CORS, and when. */
    declare readonly checks: pulumi.Output<BucketCorsState["checks"]>;

    constructor(name: string, args: BucketCorsArgs, options?: pulumi.CustomResourceOptions) {
        const outputs = { storedRules: undefined, enforcedBy: undefined, checks: undefined };
        super(provider, name, { ...outputs, ...prepare(name, args) }, options, "llmos", "BucketCors");
    }
}

/** The component of all that makes a registry. */
import * as pulumi from "@pulumi/pulumi";
import type { Condition } from "../../llmos/objects";
import type { Check } from "../../preflight/checks";
import { type RegistryArgs, refuseIncomplete } from "./args";
import { madeBy, Parts } from "./parts";

/**
 * An LLMOS registry as one unit: bucket, CORS rules, credential Secret, Registry object and default flag, each
 * a resource of its own below this one.
 *
 * @example
 * ```ts
 * new llmos.Registry("models", {
 *     endpoint: "s3.registry.com:5000",
 *     bucket: { name: "models" },
 *     credentials: { accessKeyId, secretAccessKey },
 *     cors: { allowedOrigins: ["https://llmos.example.com"] },
 *     default: true,
 * });
 * ```
 */
export class Registry extends pulumi.ComponentResource {
    /** Name of the Registry. */
    readonly name: pulumi.Output<string>;
    /** Endpoint, as `host[:port]`. */
    readonly endpoint: pulumi.Output<string>;
    /** Bucket name. */
    readonly bucket: pulumi.Output<string>;
    /** Name of the Secret that holds the keys. */
    readonly secretName: pulumi.Output<string>;
    /** For display; in virtual-host style whatever the server speaks, so not an address to dial. */
    readonly storageAddress: pulumi.Output<string | undefined>;
    /** Whether this stack makes it the cluster's default. */
    readonly isDefault: pulumi.Output<boolean>;
    /** Active or Inactive, as the LLMOS page shows it. */
    readonly state: pulumi.Output<"Active" | "Inactive">;
    /** The conditions that the LLMOS operator wrote. */
    readonly conditions: pulumi.Output<Condition[]>;
    /** What was proved about cluster, store, keys and CORS, and when. */
    readonly checks: pulumi.Output<Check[]>;

    constructor(name: string, args: RegistryArgs, options?: pulumi.ComponentResourceOptions) {
        // Before anything is registered: a component of which nothing follows would stay in the program.
        refuseIncomplete(name, args);
        super("llmos:index:Registry", name, {}, options);
        const parts = new Parts(this, name, args);
        const bucket = parts.bucket();
        const secret = parts.secret(bucket);
        const cors = parts.cors([bucket, ...secret]);
        const registry = parts.registry(secret[0], [bucket, ...secret, ...cors]);
        const [flag] = parts.defaultFlag(registry);
        this.name = madeBy(registry, args.name ?? name);
        this.endpoint = registry.endpoint;
        this.bucket = registry.bucket;
        this.secretName = registry.secretName;
        this.storageAddress = registry.storageAddress;
        this.isDefault = flag ? flag.isDefault : pulumi.output(false);
        this.state = registry.state;
        this.conditions = registry.conditions;
        const [corsRules] = cors;
        this.checks = corsRules
            ? pulumi.all([registry.checks, corsRules.checks]).apply((lists) => lists.flat())
            : registry.checks;
        const { endpoint, secretName, storageAddress, isDefault, state, conditions, checks } = this;
        this.registerOutputs({
            name: this.name,
            bucket: this.bucket,
            endpoint,
            secretName,
            storageAddress,
            isDefault,
            state,
            conditions,
            checks,
        });
    }
}

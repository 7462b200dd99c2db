import * as pulumi from "@pulumi/pulumi";
import type { RegistryObjectInputs, RegistryObjectState } from "../resources/registryInputs";
import { type ArgsOf, keepSecret, prepare } from "./inputs";
import { shell } from "./shell";

/** Arguments of a {@link RegistryObject}. */
export type RegistryObjectArgs = ArgsOf<RegistryObjectInputs>;

const provider = shell("RegistryObject");

/**
 * The `ml.llmos.ai/v1 Registry` object, and the LLMOS operator's verdict on it: done when the operator says that
 * the registry is accessible, or failed with its own message.
 */
export class RegistryObject extends pulumi.dynamic.Resource {
    /** Name of the Registry. */
    declare readonly name: pulumi.Output<RegistryObjectState["name"]>;
    /** Endpoint, as `host[:port]`. */
    declare readonly endpoint: pulumi.Output<RegistryObjectState["endpoint"]>;
    /** Bucket name. */
    declare readonly bucket: pulumi.Output<RegistryObjectState["bucket"]>;
    /** Name of the credential Secret. */
    declare readonly secretName: pulumi.Output<RegistryObjectState["secretName"]>;
    /** For display; in virtual-host style whatever the server speaks. Undefined while Inactive. */
    declare readonly storageAddress: pulumi.Output<string | undefined>;
    /** Active or Inactive, as the LLMOS page shows it. */
    declare readonly state: pulumi.Output<RegistryObjectState["state"]>;
    /** The conditions that the operator wrote. */
    declare readonly conditions: pulumi.Output<RegistryObjectState["conditions"]>;
    /** `fresh`: given after our last change; `unchanged`: from before it, and not taken back; `none`: not awaited. */
    declare readonly operatorVerdict: pulumi.Output<RegistryObjectState["operatorVerdict"]>;
    /** When the verdict was found, ISO 8601. */
    declare readonly operatorVerdictAt: pulumi.Output<RegistryObjectState["operatorVerdictAt"]>;
    /** What was proved about store and keys, and when. */
    declare readonly checks: pulumi.Output<RegistryObjectState["checks"]>;

    constructor(name: string, args: RegistryObjectArgs, options?: pulumi.CustomResourceOptions) {
        const outputs = {
            uid: undefined,
            storageAddress: undefined,
            state: undefined,
            conditions: undefined,
            operatorVerdict: undefined,
            operatorVerdictAt: undefined,
            checks: undefined,
            salt: undefined,
            provedDigest: undefined,
            seenDigest: undefined,
        };
        super(
            provider,
            name,
            { ...outputs, ...prepare(name, args) },
            keepSecret(options),
            "llmos",
            "RegistryObject",
        );
    }
}

import * as pulumi from "@pulumi/pulumi";
import type { DefaultRegistryInputs, DefaultRegistryState } from "../resources/defaultRegistry";
import { type ArgsOf, prepare } from "./inputs";
import { shell } from "./shell";

/** Arguments of a {@link DefaultRegistry}. */
export type DefaultRegistryArgs = ArgsOf<DefaultRegistryInputs>;

const provider = shell("DefaultRegistry");

/**
 * The mark that makes one registry the cluster's default for new models and datasets. It is taken from the
 * previous one, with a warning that names it; deleting it leaves none.
 */
export class DefaultRegistry extends pulumi.dynamic.Resource {
    /** Name of the registry that is the default. */
    declare readonly registry: pulumi.Output<DefaultRegistryState["registry"]>;
    /** Whether it is the default, and the only one. */
    declare readonly isDefault: pulumi.Output<DefaultRegistryState["isDefault"]>;

    constructor(name: string, args: DefaultRegistryArgs, options?: pulumi.CustomResourceOptions) {
        const outputs = { isDefault: undefined, otherDefaults: undefined };
        super(provider, name, { ...outputs, ...prepare(name, args) }, options, "llmos", "DefaultRegistry");
    }
}

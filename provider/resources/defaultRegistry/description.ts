import {
    clusterFields,
    type Guarded,
    guardedFields,
    type InCluster,
    objectName,
} from "../../description/arguments";
import { describe } from "../../description/description";
import {
    derived,
    type HiddenOf,
    hidden,
    type InputsOf,
    type OutputsOf,
    required,
} from "../../description/fields";
import { flag, list, text } from "../../description/kinds";

const own = {
    /** The registry that new models and datasets use. One in a cluster. */
    registry: required(text(objectName)),
    /** The program resource, as `ownerOf` names it. */
    owner: derived(text(), "store"),
};

const computed = {
    /** Whether it is the default, and the only one. */
    isDefault: required(flag),
    /** Other registries marked as the default when last looked at. */
    otherDefaults: hidden(list(text())),
    /** The creation that the flag comes from; empty for one that somebody had set, and that is kept as it was. */
    instance: hidden(text()),
};

export interface DefaultRegistryInputs extends InputsOf<typeof own>, InCluster, Guarded {}
export interface DefaultRegistryComputed extends OutputsOf<typeof computed> {}
export interface DefaultRegistryState
    extends DefaultRegistryInputs,
        DefaultRegistryComputed,
        HiddenOf<typeof computed> {}

export const defaultRegistryDescription = describe(
    "DefaultRegistry",
    { ...own, ...clusterFields("replace"), ...guardedFields },
    computed,
);

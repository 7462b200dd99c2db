/** What Model, Dataset and DatasetVersion have in common: arguments and state. */
import {
    clusterFields,
    type Guarded,
    guardedFields,
    type InCluster,
    type Owned,
    objectName,
    ownedFields,
    type S3Options,
    s3OptionFields,
} from "../../description/arguments";
import {
    filledIn,
    type HiddenOf,
    hidden,
    type InputsOf,
    named,
    type OutputsOf,
    optional,
    refers,
    required,
    shown,
    withDefault,
} from "../../description/fields";
import { list, number, object, text, written } from "../../description/kinds";
import type { Condition } from "../../llmos/objects";

const timeouts = {
    /** For the object to be ready, or its publication to be taken back. Default 120. */
    readySeconds: optional(number(0)),
    /** For a refusal to turn, because the operator tries again. Default 5. */
    graceSeconds: optional(number(0)),
    /** For a DatasetVersion to be published. Default 900. */
    publishSeconds: optional(number(0)),
    /** For the object and its content to be deleted, or what a former publication has left. Default 600. */
    deleteSeconds: optional(number(0)),
};

/** How long to wait for the operator, in seconds. */
export interface StoredTimeouts extends InputsOf<typeof timeouts> {}

const own = {
    /** Name of the object. Default: the resource's name. Another name is another object. */
    name: named(text(objectName), "replace"),
    /** Namespace. Default `default`. */
    namespace: shown(withDefault(text(objectName), "default", "replace")),
    /** How long to wait for the operator. */
    timeouts: optional(object<StoredTimeouts>("StoredTimeouts", timeouts), "store"),
};

/** Arguments of all three. The options are for the server of the registry that holds the content. */
export const storedFields = {
    ...own,
    ...s3OptionFields,
    ...clusterFields("replace"),
    ...guardedFields,
    ...ownedFields,
};

export interface StoredInputs extends InputsOf<typeof own>, S3Options, InCluster, Guarded, Owned {}

/** State of all three, beside the arguments. */
export const storedComputed = {
    /** UID of the object. */
    uid: hidden(text()),
    /** The creation that the object comes from. */
    instance: hidden(text()),
    /** The registry that holds the content. */
    registryName: required(text()),
    /** Where the content lies in the bucket, without a slash at its end. */
    path: required(text()),
    /** The same with the bucket: `s3://bucket/path`. */
    storageUri: required(text()),
    /** The operator's conditions. */
    conditions: required(list(written<Condition>("Condition"))),
};

export interface StoredComputed
    extends OutputsOf<typeof storedComputed>,
        Required<Pick<StoredInputs, "namespace">> {}
export interface StoredState extends StoredInputs, StoredComputed, HiddenOf<typeof storedComputed> {
    namespace: string;
}

/** Arguments of what names its registry. */
export const registryFields = {
    /** The registry that holds the content. Default: the cluster's default registry, at the time of creation. */
    registry: refers("RegistryObject", optional(text(objectName), "replace")),
    /** The registry that was chosen: another default later does not move it. */
    registryName: filledIn(text(), "store"),
};

export interface InRegistry extends InputsOf<typeof registryFields> {}

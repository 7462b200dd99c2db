import {
    bucketName,
    type Guarded,
    guardedFields,
    type Owned,
    objectName,
    ownedFields,
    type S3Access,
    s3AccessFields,
} from "../../description/arguments";
import { describe } from "../../description/description";
import {
    changing,
    type HiddenOf,
    hidden,
    type InputsOf,
    type OutputsOf,
    optional,
    refers,
    required,
    withDefault,
} from "../../description/fields";
import { flag, text } from "../../description/kinds";

const own = {
    /** Bucket name (S3 "Bucket naming rules"). Another name is another bucket. */
    name: refers("Bucket", changing(bucketName, "replace")),
    /** It exists already: it is used as it is, and never deleted. Default false: make it. */
    existing: withDefault(flag, false),
    /**
     * Delete the bucket with all that is in it. Default false. Counts only once it has been applied by an `up`, so that one
     * edit and one destroy cannot lose data.
     */
    forceDestroy: withDefault(flag, false, "store"),
    /**
     * Name of the Registry that stores in it: the bucket is not exchanged while models or datasets use that, and not deleted
     * while it stores there. Without it, no cluster is asked who else stores in the bucket before it is deleted.
     */
    registry: optional(text(objectName), "store"),
    /** Says that the content has been moved: lets the bucket be exchanged although the registry is used. */
    relocate: optional(flag, "store"),
};

const computed = {
    /** URL of the bucket, path style. */
    url: required(text()),
    /** This stack made it or adopted it, and deletes it when it is empty. */
    managed: required(flag),
    /** The creation that the bucket's mark names; empty for a bucket that is only used. */
    instance: hidden(text()),
};

export interface BucketInputs extends InputsOf<typeof own>, S3Access, Guarded, Owned {}
export interface BucketComputed extends OutputsOf<typeof computed> {}
export interface BucketState extends BucketInputs, BucketComputed, HiddenOf<typeof computed> {}

export const bucketDescription = describe(
    "Bucket",
    // Another endpoint may be another address of the same server: a replacement would delete the very bucket that is used
    // now, so that it is an update, and the old bucket is left.
    { ...own, ...s3AccessFields, ...guardedFields, ...ownedFields },
    computed,
);

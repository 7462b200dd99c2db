import {
    type ContentInputs,
    type ContentState,
    contentComputed,
    contentFields,
} from "../../content/description";
import { objectName } from "../../description/arguments";
import type { Refined } from "../../description/decoding";
import { describe } from "../../description/description";
import {
    filledIn,
    type InputsOf,
    message,
    type OutputsOf,
    optional,
    refers,
    required,
    withDefault,
} from "../../description/fields";
import { flag, object, text } from "../../description/kinds";
import {
    type StoredComputed,
    type StoredInputs,
    type StoredState,
    storedComputed,
    storedFields,
} from "../stored/description";

/** It is a folder in the bucket. */
function versionName(value: string): Refined<string> {
    return /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(value)
        ? { value }
        : {
              refused: `"${value}" is not a version: at most 63 letters, digits, dots, hyphens and underscores, a letter or digit at both ends (it becomes a label, Kubernetes "Labels and Selectors").`,
          };
}

const copySource = {
    /** Version of the source. */
    version: required(text(versionName)),
    /** Dataset of the source. Default: the dataset of the new version. */
    dataset: optional(text(objectName)),
    /** Namespace of that dataset. Default: the namespace of the new version. */
    namespace: optional(text(objectName)),
};

/** The version that a new one starts from. */
export interface CopySource extends InputsOf<typeof copySource> {}

const own = {
    /** Name of the dataset, in the same namespace. */
    dataset: refers("Dataset", required(text(objectName), "replace")),
    /** Version, for example `v1`. Unique in the dataset. */
    version: required(text(versionName), "replace"),
    /** Start with the content of another version. */
    copyFrom: optional(object<CopySource>("CopySource", copySource), "replace"),
    /** The registry of the dataset. */
    registryName: filledIn(text(), "store"),
};

const publication = {
    /**
     * Publish it: LLMOS makes a volume snapshot of its content, for notebooks and training. False takes a publication back;
     * not given, it is left as it is on the LLMOS page.
     */
    publish: optional(flag),
    /**
     * Lets the content of a published version change: its publication is taken back before, and made again afterwards.
     * Default false: such a change is refused, because notebooks would go on with the former content. Needs `publish: true`.
     */
    republish: withDefault(flag, false, "store"),
    /** What LLMOS says of a publication that is declared and is not there. */
    unpublished: message(text()),
};

/** Arguments of what can be published. */
export interface PublicationInputs extends InputsOf<typeof publication> {}

const computed = {
    /** How far LLMOS has come with the publication; empty when there is none. */
    publishPhase: required(text()),
};

export interface DatasetVersionInputs
    extends InputsOf<typeof own>,
        StoredInputs,
        ContentInputs,
        PublicationInputs {}
export interface DatasetVersionComputed extends StoredComputed, ContentState, OutputsOf<typeof computed> {}
export type DatasetVersionState = Omit<DatasetVersionInputs, "pending" | "unpublished"> &
    StoredState &
    ContentState &
    OutputsOf<typeof computed>;

export const datasetVersionDescription = describe(
    "DatasetVersion",
    { ...storedFields, ...own, ...publication, ...contentFields },
    { ...storedComputed, ...contentComputed, ...computed },
);

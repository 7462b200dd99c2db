import { describe } from "../../description/description";
import type { InputsOf } from "../../description/fields";
import { type CardInputs, cardFields, datasetMetadataFields } from "../stored/cardDescription";
import {
    type InRegistry,
    registryFields,
    type StoredComputed,
    type StoredInputs,
    type StoredState,
    storedComputed,
    storedFields,
} from "../stored/description";

export interface DatasetInputs
    extends StoredInputs,
        InRegistry,
        CardInputs,
        InputsOf<typeof datasetMetadataFields> {}
export interface DatasetComputed extends StoredComputed {}
export type DatasetState = DatasetInputs & StoredState;

export const datasetDescription = describe(
    "Dataset",
    { ...storedFields, ...registryFields, ...cardFields, ...datasetMetadataFields },
    storedComputed,
);

import {
    type ContentInputs,
    type ContentState,
    contentComputed,
    contentFields,
} from "../../content/description";
import { describe } from "../../description/description";
import type { InputsOf } from "../../description/fields";
import { type CardInputs, cardFields, modelMetadataFields } from "../stored/cardDescription";
import {
    type InRegistry,
    registryFields,
    type StoredComputed,
    type StoredInputs,
    type StoredState,
    storedComputed,
    storedFields,
} from "../stored/description";

export interface ModelInputs
    extends StoredInputs,
        InRegistry,
        CardInputs,
        InputsOf<typeof modelMetadataFields>,
        ContentInputs {}
export interface ModelComputed extends StoredComputed, ContentState {}
export type ModelState = Omit<ModelInputs, "pending"> & StoredState & ContentState;

export const modelDescription = describe(
    "Model",
    { ...storedFields, ...registryFields, ...cardFields, ...modelMetadataFields, ...contentFields },
    { ...storedComputed, ...contentComputed },
);

/** Cards: what the LLMOS page shows of a model or a dataset. */
import { derived, type InputsOf, optional } from "../../description/fields";
import { flag, list, number, object, text } from "../../description/kinds";

/** Arguments of what has a card. */
export const cardFields = {
    /** The card's text (Markdown). Give either this or `cardFile`. It replaces the whole card, also what was written on the LLMOS page. */
    card: optional(text(), "store"),
    /** Markdown file with the card's text; a relative path starts at the program's folder. */
    cardFile: optional(text(), "store"),
    /** The card's text, wherever it comes from: how a changed file is seen. */
    cardText: derived(text(), "write"),
};

export interface CardInputs extends InputsOf<typeof cardFields> {}

const modelMetadata = {
    /** The model that it was made from. */
    baseModel: optional(text()),
    /** Results of its evaluation. */
    evaluationResults: optional(text()),
    /** Framework, for example `pytorch`. */
    framework: optional(text()),
    /** Language. */
    language: optional(text()),
    /** Library that loads it. */
    libraryName: optional(text()),
    /** Version of the library. */
    libraryVersion: optional(text()),
    /** License. */
    license: optional(text()),
    /** What it was trained with. */
    trainingData: optional(text()),
    /** It runs on a CPU. */
    cpu: optional(flag),
    /** It runs on a GPU. */
    gpu: optional(flag),
    /** Datasets. */
    datasets: optional(list(text())),
    /** Metrics. */
    metrics: optional(list(text())),
    /** Tags. */
    tags: optional(list(text())),
};

/** What a model's card tells in fields (`ml.llmos.ai/v1 Model`, spec.modelCard.metadata). */
export interface ModelMetadata extends InputsOf<typeof modelMetadata> {}

const datasetMetadata = {
    /** How to cite it. */
    citation: optional(text()),
    /** Whom to ask. */
    contact: optional(text()),
    /** Where it can be downloaded. */
    downloadUrl: optional(text()),
    /** Its home page. */
    homepage: optional(text()),
    /** Language. */
    language: optional(text()),
    /** License. */
    license: optional(text()),
    /** Number of samples. */
    numSamples: optional(number(0)),
    /** Authors. */
    authors: optional(list(text())),
    /** Features. */
    features: optional(list(text())),
    /** How it is split. */
    splitTypes: optional(list(text())),
    /** Tags. */
    tags: optional(list(text())),
};

/** What a dataset's card tells in fields (`ml.llmos.ai/v1 Dataset`, spec.datasetCard.metadata). */
export interface DatasetMetadata extends InputsOf<typeof datasetMetadata> {}

export const modelMetadataFields = {
    /** What the card tells in fields. */
    metadata: optional(object<ModelMetadata>("ModelMetadata", modelMetadata)),
};

export const datasetMetadataFields = {
    /** What the card tells in fields. */
    metadata: optional(object<DatasetMetadata>("DatasetMetadata", datasetMetadata)),
};

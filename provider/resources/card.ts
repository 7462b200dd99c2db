/** Cards: what the LLMOS page shows of a model or a dataset, as text or as a Markdown file. */
import { readFile } from "node:fs/promises";
import { failure } from "../errors";
import { type Decoder, type Fields, flag, list, number, object, optional, required, text } from "../fields";
import type { Card } from "../kubernetes/storedObjects";

/** A Markdown file with the card's text. */
export interface CardFile {
    /** Path; a relative one starts at the program's folder. */
    file: string;
}

/** Arguments of what has a card. */
export interface CardInputs {
    /** The card's text (Markdown), or the file that holds it. */
    card?: string | CardFile;
    /** The card's text, filled in by the provider: how a changed file is seen. */
    cardText?: string;
}

const cardFile = object<CardFile>({ file: required(text()) });

const card: Decoder<string | CardFile> = (value, path, into) =>
    typeof value === "string" ? value : cardFile(value, path, into);

export const cardFields: Fields<CardInputs> = { card: optional(card, "store"), cardText: optional(text()) };

/** The text of a card; undefined without one. */
export async function readCard(inputs: CardInputs): Promise<string | undefined> {
    const { card: given } = inputs;
    if (given === undefined || typeof given === "string") {
        return given;
    }
    return await readFile(given.file, "utf8").catch((error: NodeJS.ErrnoException) => {
        throw failure("content-missing", {
            found: `The card "${given.file}" cannot be read (${error.code})`,
            where: `the folder ${process.cwd()}`,
            why: "Its text is what the LLMOS page shows.",
            next: "Correct the path; a relative one starts at the program's folder.",
            property: "card",
        });
    });
}

/** What a model's card tells in fields (`ml.llmos.ai/v1 Model`, spec.modelCard.metadata). */
export interface ModelMetadata {
    baseModel?: string;
    evaluationResults?: string;
    framework?: string;
    language?: string;
    libraryName?: string;
    libraryVersion?: string;
    license?: string;
    trainingData?: string;
    cpu?: boolean;
    gpu?: boolean;
    datasets?: string[];
    metrics?: string[];
    tags?: string[];
}

export const modelMetadata = object<ModelMetadata>({
    baseModel: optional(text()),
    evaluationResults: optional(text()),
    framework: optional(text()),
    language: optional(text()),
    libraryName: optional(text()),
    libraryVersion: optional(text()),
    license: optional(text()),
    trainingData: optional(text()),
    cpu: optional(flag),
    gpu: optional(flag),
    datasets: optional(list(text())),
    metrics: optional(list(text())),
    tags: optional(list(text())),
});

/** What a dataset's card tells in fields (`ml.llmos.ai/v1 Dataset`, spec.datasetCard.metadata). */
export interface DatasetMetadata {
    citation?: string;
    contact?: string;
    downloadUrl?: string;
    homepage?: string;
    language?: string;
    license?: string;
    /** Number of samples. */
    numSamples?: number;
    authors?: string[];
    features?: string[];
    splitTypes?: string[];
    tags?: string[];
}

export const datasetMetadata = object<DatasetMetadata>({
    citation: optional(text()),
    contact: optional(text()),
    downloadUrl: optional(text()),
    homepage: optional(text()),
    language: optional(text()),
    license: optional(text()),
    numSamples: optional(number(0)),
    authors: optional(list(text())),
    features: optional(list(text())),
    splitTypes: optional(list(text())),
    tags: optional(list(text())),
});

/** The declared part of a card. */
interface DeclaredCard {
    readonly cardText?: string;
    readonly metadata?: object;
}

/**
 * The card as it is written. Null where the stack has declared one before, and does no longer: it goes. Undefined where
 * none was ever declared: what is there then is somebody else's.
 */
export function cardOf(declared: DeclaredCard, former: DeclaredCard = {}): Card | null | undefined {
    const { cardText, metadata } = declared;
    if (isDeclared(declared)) {
        return { description: cardText ?? "", metadata: metadata ?? {} };
    }
    return isDeclared(former) ? null : undefined;
}

function isDeclared({ cardText, metadata }: DeclaredCard): boolean {
    return cardText !== undefined || metadata !== undefined;
}

/** After a look: the declared parts of the card as they are in the cluster. What nobody declared is somebody else's. */
export function observedCard(declared: DeclaredCard, found: Card | null | undefined): DeclaredCard {
    return {
        ...(declared.cardText !== undefined && { cardText: found?.description ?? "" }),
        ...(declared.metadata !== undefined && { metadata: found?.metadata ?? {} }),
    };
}

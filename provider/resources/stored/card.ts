/** The card of a model or a dataset, from the arguments to the object and back. */

import { readFile } from "node:fs/promises";
import { sizeOf } from "../../content/progress";
import { type Finding, failure } from "../../finding";
import type { Card } from "../../llmos/storedObjects";
import type { CardInputs } from "./cardDescription";

/** The text of a card; undefined without one. */
export async function readCard({ card, cardFile }: CardInputs): Promise<string | undefined> {
    if (cardFile === undefined) {
        return card;
    }
    return await readFile(cardFile, "utf8").catch((error: NodeJS.ErrnoException) => {
        throw failure("content-missing", {
            found: `The card "${cardFile}" cannot be read (${error.code})`,
            where: `the folder ${process.cwd()}`,
            why: "Its text is what the LLMOS page shows.",
            next: "Correct the path; a relative one starts at the program's folder.",
            property: "cardFile",
        });
    });
}

/**
 * Largest card, in bytes of JSON: etcd takes requests of 1.5 MiB (etcd documentation, `--max-request-bytes`), and the object
 * holds more than its card.
 */
export const MOST_CARD_BYTES = 1.5 * 1024 * 1024 - 32 * 1024;

/** Where the text of a card comes from is said once, and a card is stored in the cluster, whose objects are small. */
export function cardFindings(inputs: CardInputs & { readonly metadata?: object }): Finding[] {
    const { card, cardFile } = inputs;
    if (card === undefined || cardFile === undefined) {
        return tooLarge(inputs);
    }
    return [
        failure("argument-invalid", {
            found: "Both card and cardFile are given",
            where: "card",
            why: "Each of the two is the card's text.",
            next: "Give card for a text, or cardFile for a file that holds it.",
            property: "cardFile",
        }).finding,
    ];
}

function tooLarge({ cardText = "", cardFile, metadata }: CardInputs & { metadata?: object }): Finding[] {
    const json = JSON.stringify({ description: cardText, metadata });
    // The API server writes these as \u003c and the like.
    const bytes = Buffer.byteLength(json.replace(/[<>&]/g, "......"));
    if (bytes <= MOST_CARD_BYTES) {
        return [];
    }
    return [
        failure("argument-invalid", {
            found: `The card is too large for an object of the cluster: ${sizeOf(bytes)} as JSON, of at most ${sizeOf(MOST_CARD_BYTES)}`,
            where: cardFile === undefined ? "card" : `cardFile "${cardFile}"`,
            why: "The API server refuses requests that etcd does not take (1.5 MiB), and would do so only after the content was sent.",
            next: "Shorten it: embedded images, mostly. What is long can be a file of the content.",
            property: cardFile === undefined ? "card" : "cardFile",
        }).finding,
    ];
}

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

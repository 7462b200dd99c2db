/**
 * Only whole answers go on to the SDK. Its parser takes half a document for a whole one: a list that is cut off would
 * be a short list, an empty body "no CORS rules", and what was only half heard would count as known.
 */
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { contentOf } from "../network/body";
import { BrokenAnswer } from "../network/causes";
import { isBusy } from "../network/retry";

/** Root elements of the answers whose content counts (S3 API reference, "Response Syntax"), where servers differ several. */
const ROOTS: Readonly<Record<string, readonly string[]>> = {
    ListObjectsV2Command: ["ListBucketResult"],
    // S3Mock gives versions under the root of a list of objects. One that has no versions at all holds none either.
    ListObjectVersionsCommand: ["ListVersionsResult", "ListBucketResult"],
    ListMultipartUploadsCommand: ["ListMultipartUploadsResult"],
    // With the second names of these two, as moto has them.
    ListPartsCommand: ["ListPartsResult", "ListPartsResponse"],
    CreateMultipartUploadCommand: ["InitiateMultipartUploadResult"],
    CompleteMultipartUploadCommand: ["CompleteMultipartUploadResult", "CompleteMultipartUploadResponse"],
    DeleteObjectsCommand: ["DeleteResult"],
    GetBucketCorsCommand: ["CORSConfiguration"],
};

const ALL_ROOTS = [...new Set(Object.values(ROOTS).flat())];

/**
 * A whole answer to another question of S3: the server does not know the one that was asked, and has left a part of it out
 * (S3Mock answers `GET ?cors` with the list of objects). Asked again, it would say the same.
 */
export class OtherAnswer extends Error {
    /** `root` is the root element of the answer. */
    constructor(
        readonly root: string,
        readonly status: number,
    ) {
        super(`the answer with status ${status} is ${root}, which was not asked for`);
    }
}

/** A page for a browser: of a web console, or of a proxy on the way. Asked again, there would be the same. */
export class WebPage extends Error {
    constructor(readonly status: number) {
        super(`the answer with status ${status} is a web page`);
    }
}

interface HttpAnswer {
    readonly statusCode: number;
    readonly headers: Record<string, string>;
    body: unknown;
}

/**
 * Reads every body to its end, within the tries and the deadline of its request: one that breaks off can then be asked
 * for again. What this provider reads is small: a page of a list at most.
 *
 * @internal
 */
export function wholeAnswersOnly(client: S3Client): void {
    client.middlewareStack.add(
        (next, context) => async (args) => {
            const result = await next(args);
            const answer = result.response as HttpAnswer;
            if (answer.body instanceof Readable) {
                const content = await contentOf(answer.body);
                check(content.toString("utf8"), answer, context.commandName ?? "");
                answer.body = Readable.from([content], { objectMode: false });
            }
            return result;
        },
        { step: "deserialize", priority: "low", name: "wholeAnswersOnly" },
    );
}

/**
 * Throws what is cut off, and what answers another question. A refusal without a body, or with a page that is no XML (of a
 * proxy), is told by its status.
 */
function check(text: string, answer: HttpAnswer, command: string): void {
    const { statusCode } = answer;
    if (isPage(text, answer, command) && !isBusy(statusCode)) {
        throw new WebPage(statusCode);
    }
    const roots = ROOTS[command];
    if (statusCode >= 300) {
        if (/^\s*(<\?xml|<Error\b)/.test(text) && !isWhole(text, "Error")) {
            throw new BrokenAnswer(statusCode);
        }
    } else if (roots && ![...roots, "Error"].some((root) => isWhole(text, root))) {
        const other = ALL_ROOTS.find((root) => isWhole(text, root));
        throw other === undefined ? new BrokenAnswer(statusCode) : new OtherAnswer(other, statusCode);
    }
}

function isPage(text: string, { statusCode, headers }: HttpAnswer, command: string): boolean {
    if (command === "HeadBucketCommand") {
        return /^text\/html\b/i.test(headers["content-type"] ?? "");
    }
    // An object may be a page.
    const isObject = command === "GetObjectCommand" && statusCode < 300;
    return !isObject && /^\uFEFF?\s*<(!doctype html|html)\b/i.test(text);
}

/** Whether the text is one document with that root, from its start to its closing tag. */
function isWhole(text: string, root: string): boolean {
    const document = text.replace(/^\uFEFF?\s*(<\?xml[^>]*\?>)?\s*/, "").trimEnd();
    const empty = new RegExp(`^<${root}(\\s[^>]*)?/>$`);
    const filled = new RegExp(`^<${root}[\\s>][^]*</${root}\\s*>$`);
    return empty.test(document) || filled.test(document);
}

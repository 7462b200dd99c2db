/**
 * Only whole answers go on to the SDK. Its parser takes half a document for a whole one: a list that is cut off would
 * be a short list, an empty body "no CORS rules", and what was only half heard would count as known.
 */
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { contentOf } from "../body";
import { BrokenAnswer } from "../network";

/** Root elements of the answers whose content counts (S3 API reference, "Response Syntax"), where servers differ several. */
const ROOTS: Readonly<Record<string, string>> = {
    ListObjectsV2Command: "ListBucketResult",
    ListObjectVersionsCommand: "ListVersionsResult",
    ListMultipartUploadsCommand: "ListMultipartUploadsResult",
    // With the second names of these two, as moto has them.
    ListPartsCommand: "ListPartsResult|ListPartsResponse",
    CreateMultipartUploadCommand: "InitiateMultipartUploadResult",
    CompleteMultipartUploadCommand: "CompleteMultipartUploadResult|CompleteMultipartUploadResponse",
    DeleteObjectsCommand: "DeleteResult",
    GetBucketCorsCommand: "CORSConfiguration",
};

interface HttpAnswer {
    readonly statusCode: number;
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
                check(content.toString("utf8"), answer, ROOTS[context.commandName ?? ""]);
                answer.body = Readable.from([content], { objectMode: false });
            }
            return result;
        },
        { step: "deserialize", priority: "low", name: "wholeAnswersOnly" },
    );
}

/** Throws what is cut off. A refusal without a body, or with a page that is no XML (of a proxy), is told by its status. */
function check(text: string, answer: HttpAnswer, root: string | undefined): void {
    const { statusCode } = answer;
    if (statusCode >= 300) {
        if (/^\s*(<\?xml|<Error\b)/.test(text) && !isWhole(text, "Error")) {
            throw new BrokenAnswer(statusCode);
        }
    } else if (root !== undefined && !isWhole(text, root) && !isWhole(text, "Error")) {
        throw new BrokenAnswer(statusCode);
    }
}

/** Whether the text is one document with that root, from its start to its closing tag. */
function isWhole(text: string, root: string): boolean {
    const document = text.replace(/^\uFEFF?\s*(<\?xml[^>]*\?>)?\s*/, "").trimEnd();
    const empty = new RegExp(`^<(?:${root})(\\s[^>]*)?/>$`);
    const filled = new RegExp(`^<(?:${root})[\\s>][^]*</(?:${root})\\s*>$`);
    return empty.test(document) || filled.test(document);
}

/** What a person is told when something fails: one finding, in words, without what programs say to each other. */
import { expect } from "vitest";
import { LlmosError } from "../../provider/finding";

/** Asserts that an error is a finding with its four parts, at that place, and gives the first part. */
export function explained(error: unknown, place: string): string {
    expect(error, String((error as Error)?.stack ?? error)).toBeInstanceOf(LlmosError);
    const { found, where, why, next } = (error as LlmosError).finding;
    for (const part of [found, where, why, next]) {
        expect(part).toMatch(/^\S.+$/);
        expect(part).not.toMatch(RAW);
    }
    expect(where).toContain(place);
    return found;
}

/** Markup, dumps, stack traces, and the words of the S3 SDK and of parsers. */
export const RAW =
    /<\/?\w|\{"|Deserialization|SyntaxError|TypeError|undefined|\bat .+:\d+:\d+|UnknownError|\$response/;

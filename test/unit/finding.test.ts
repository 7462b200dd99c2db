import { expect, describe as group, it } from "vitest";
import { describe, failure, findingOf, firstFindings, LlmosError } from "../../provider/finding";

const rest = {
    found: 'The bucket "models" does not exist',
    where: "https://s3.registry.com:5000",
    why: "The registry stores models and datasets in it.",
    next: "Correct the name.",
};
const TEXT = `The bucket "models" does not exist
  where: https://s3.registry.com:5000
  why:   The registry stores models and datasets in it.
  next:  Correct the name.`;

group("errors", () => {
    it("tell what, where, why and what to do next, in four lines", () => {
        expect(describe({ code: "no-such-bucket", severity: "error", ...rest })).toBe(TEXT);
    });

    it("carry their finding, and its text as the message", () => {
        const error = failure("no-such-bucket", rest);
        expect(error).toBeInstanceOf(LlmosError);
        expect(error.message).toBe(TEXT);
        expect(findingOf(error)).toEqual({ code: "no-such-bucket", severity: "error", ...rest });
    });

    it("of questions at the same time are those of the first that has any, however it has failed", async () => {
        const [early, late] = [failure("crds-missing", rest), failure("namespace-missing", rest)];
        const none = Promise.resolve([]);
        expect(await firstFindings(none, none)).toEqual([]);
        expect(await firstFindings(none, Promise.reject(early), Promise.reject(late))).toEqual([
            early.finding,
        ]);
        expect(await firstFindings(none, none, Promise.resolve([late.finding]))).toEqual([late.finding]);
    });

    it("are never made of a programming error", () => {
        const bug = new TypeError("x is not a function");
        expect(() => findingOf(bug)).toThrow(bug);
    });
});

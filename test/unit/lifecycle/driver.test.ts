import { expect, test } from "vitest";
import { withoutUndefined } from "../../../provider/lifecycle/driver";

test("nothing that goes to an engine holds undefined, at any depth", () => {
    const sent = withoutUndefined({
        name: "a",
        gone: undefined,
        nothing: null,
        rules: [undefined, { id: undefined, allowedOrigins: ["b", undefined] }],
        inner: { gone: undefined, deeper: { gone: undefined, kept: 0 } },
    });
    expect(sent).toStrictEqual({
        name: "a",
        nothing: null,
        rules: [{ allowedOrigins: ["b"] }],
        inner: { deeper: { kept: 0 } },
    });
});

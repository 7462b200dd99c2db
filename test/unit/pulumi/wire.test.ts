import { expect, test } from "vitest";
import { UNKNOWN } from "../../../provider/description/decoding";
import { received } from "../../../provider/pulumi/wire";

const SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

test("the engine's sentinel becomes UNKNOWN, at any depth, and nothing else does", () => {
    expect(
        received({
            name: SENTINEL,
            near: `${SENTINEL} `,
            rules: [{ allowedOrigins: ["https://a.example.com", SENTINEL] }],
            credentials: { accessKeyId: "a", secretAccessKey: SENTINEL },
            nothing: null,
            count: 7,
            on: false,
        }),
    ).toEqual({
        name: UNKNOWN,
        near: `${SENTINEL} `,
        rules: [{ allowedOrigins: ["https://a.example.com", UNKNOWN] }],
        credentials: { accessKeyId: "a", secretAccessKey: UNKNOWN },
        nothing: null,
        count: 7,
        on: false,
    });
});

test("the engine's own key is taken out", () => {
    expect(received({ __provider: "code", name: "a" })).toEqual({ name: "a" });
    expect(received(undefined)).toEqual({});
});

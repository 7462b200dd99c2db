/** How values travel between engine and plugin. */
import { expect, test } from "vitest";
import { UNKNOWN } from "../../../../provider/description/decoding";
import type { Table } from "../../../../provider/description/fields";
import { optional, secret } from "../../../../provider/description/fields";
import { list, object, text } from "../../../../provider/description/kinds";
import { opened, packed, sealed, unpacked } from "../../../../provider/pulumi/plugin/values";

const UNKNOWN_SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const wrapped = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
});

const inner = { key: secret(optional(text())), id: optional(text()) };
const fields = {
    name: optional(text()),
    salt: secret(optional(text())),
    credentials: optional(object("Keys", inner)),
    all: optional(list(object("Keys", inner))),
} as unknown as Table;

test("secrets come in clear and what is unknown as such, at any depth", () => {
    const came = {
        name: UNKNOWN_SENTINEL,
        salt: wrapped(UNKNOWN_SENTINEL),
        credentials: wrapped({ key: wrapped("k") }),
        all: [{ key: wrapped("k") }],
        __provider: "code",
    };
    expect(opened(unpacked(packed(came)))).toEqual({
        name: UNKNOWN,
        salt: UNKNOWN,
        credentials: { key: "k" },
        all: [{ key: "k" }],
    });
});

test("what the description says is secret goes as one, whatever it came as", () => {
    const plain = { name: "n", salt: "s", credentials: { key: "k", id: "i" }, all: [{ key: "k", id: "i" }] };
    expect(sealed(plain, fields, plain)).toEqual({
        name: "n",
        salt: wrapped("s"),
        credentials: { key: wrapped("k"), id: "i" },
        all: [{ key: wrapped("k"), id: "i" }],
    });
});

test("what came as a secret goes as one, and is wrapped once", () => {
    const plain = { name: "n", credentials: { id: "i" }, all: [{ id: "i" }] };
    const came = { name: wrapped("N"), credentials: wrapped({ id: "i" }), all: [{ id: wrapped("i") }] };
    const gone = {
        name: wrapped("n"),
        credentials: wrapped({ id: "i" }),
        all: [{ id: wrapped("i") }],
    };
    expect(sealed(plain, fields, came)).toEqual(gone);
    expect(sealed(gone, fields, came)).toEqual(gone);
});

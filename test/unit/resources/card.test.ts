import { expect, test } from "vitest";
import { cardOf } from "../../../provider/resources/stored/card";

const TEXT = { cardText: "text" };
const FIELDS = { metadata: { license: "MIT" } };

test.each([
    ["a text", TEXT, {}, { description: "text", metadata: {} }],
    ["fields", FIELDS, {}, { description: "", metadata: { license: "MIT" } }],
    ["fields only, and a text before", FIELDS, TEXT, { description: "", metadata: { license: "MIT" } }],
    ["none, and a text before", {}, TEXT, null],
    ["none, and fields before", {}, FIELDS, null],
    ["none, and none before", {}, {}, undefined],
])("of a card with %s is written", (_what, declared, former, written) => {
    expect(cardOf(declared, former)).toEqual(written);
});

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as Pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { LIFECYCLES } from "../../../provider/resources";
import { BUILT_PACKAGE } from "../builtPackage";

// The text of the functions counts, and the test runner would rewrite it: so the built package, by plain `require`.
const load = createRequire(__filename);
const pulumi = load("@pulumi/pulumi") as typeof Pulumi;
const { shell } = load(
    join(BUILT_PACKAGE, "pulumi/shell.js"),
) as typeof import("../../../provider/pulumi/shell");

/** What the engine stores, made as `pulumi.dynamic.Resource` makes it. */
async function stored(type: string): Promise<string> {
    const provider = shell(type);
    const { text } = await pulumi.runtime.serializeFunction(() => provider, { allowSecrets: true });
    return text;
}

const SNAPSHOT = readFileSync(join(__dirname, "shell.snapshot.txt"), "utf8");

test.each(Object.keys(LIFECYCLES))(
    "the stored provider of %s is the text that every release writes",
    async (type) => {
        expect(await stored(type)).toBe(SNAPSHOT.replaceAll('type: "Bucket"', `type: "${type}"`));
    },
);

test("it is small, and holds no path", () => {
    expect(Buffer.byteLength(SNAPSHOT)).toBeLessThan(3_072);
    const requires = [...SNAPSHOT.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    expect(requires).toEqual(Array(7).fill("pulumi-llmos/dynamic"));
    expect(SNAPSHOT.replaceAll("pulumi-llmos/dynamic", "")).not.toContain("/");
});

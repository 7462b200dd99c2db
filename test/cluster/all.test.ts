/**
 * All files of this folder, one after another, as one file. Each needs the cluster to itself, and vitest runs files
 * one after another only when it runs nothing beside them; a single file it runs beside those of the other projects.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe } from "vitest";

const files = readdirSync(__dirname).filter((name) => name.endsWith(".test.ts"));

for (const file of files.filter((name) => name !== basename(__filename)).sort()) {
    describe(`test/cluster/${file}`, async () => {
        await import(join(__dirname, file));
    });
}

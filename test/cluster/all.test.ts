/**
 * All files of this folder, one after another, as one file. Each needs the cluster to itself, and vitest runs files
 * one after another only when it runs nothing beside them; a single file it runs beside those of the other projects.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, describe, expect, inject } from "vitest";
import { Outside } from "../support/outside";

const files = readdirSync(__dirname).filter((name) => name.endsWith(".test.ts"));

for (const file of files.filter((name) => name !== basename(__filename)).sort()) {
    describe(`test/cluster/${file}`, async () => {
        // Called after what the file itself has to be called at its end.
        afterAll(async () => {
            const outside = await Outside.of(inject("cluster"));
            const left = await outside.named("");
            outside.s3.destroy();
            expect(left, "what it has left to the next file").toEqual({
                registries: [],
                secrets: [],
                buckets: [],
            });
        });
        await import(join(__dirname, file));
    });
}

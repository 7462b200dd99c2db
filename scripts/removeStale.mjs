/**
 * Removes from `dist/` what was compiled from a source that is no longer there. An incremental build leaves such files,
 * where they shadow folders of the same name and would be published.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const DIST = join(ROOT, "dist");

for (const path of existsSync(DIST) ? readdirSync(DIST, { recursive: true, encoding: "utf8" }) : []) {
    const compiled = /^(.*?)(\.d\.ts|\.js|\.js\.map)$/.exec(path);
    if (compiled && !existsSync(join(ROOT, "provider", `${compiled[1]}.ts`))) {
        rmSync(join(DIST, path));
    }
}

/** What documents point to is there. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/processes";

const listing = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
    cwd: ROOT,
    encoding: "utf8",
});
const documents = listing.trim().split("\n");

test.each(documents)("%s links to files that are there", (document) => {
    const text = readFileSync(join(ROOT, document), "utf8");
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const files = links
        .filter((target) => !/^(https?:|#)/.test(target))
        .map((target) => target.split("#")[0]!);
    expect(files.filter((file) => !existsSync(join(ROOT, dirname(document), file)))).toEqual([]);
});

test("CONTRIBUTING.md names folders and files that are there", () => {
    const text = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
    const paths = text.match(/\b(?:provider|test|examples|scripts)\/[\w./-]*[\w/]/g) ?? [];
    expect(paths.length).toBeGreaterThan(10);
    expect([...new Set(paths)].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

/** The declarations of the package, as a user's TypeScript reads them on each `pulumi preview` and `up`. */
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { ROOT } from "../support/processes";

/** What Pulumi compiles a program with that has no tsconfig.json, and all declarations checked. */
const OPTIONS: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2020,
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    strict: true,
    noEmit: true,
    types: ["node"],
};

test("the quickstart compiles, and its types lead to no client library", () => {
    const program = ts.createProgram([join(ROOT, "examples", "quickstart", "index.ts")], OPTIONS);
    const problems = ts
        .getPreEmitDiagnostics(program)
        .map((one) => ts.flattenDiagnosticMessageText(one.messageText, "\n"));
    expect(problems).toEqual([]);
    const files = program.getSourceFiles().map(({ fileName }) => fileName);
    expect(files.filter((file) => /node_modules\/(@aws-sdk|@smithy|@kubernetes)\//.test(file))).toEqual([]);
});

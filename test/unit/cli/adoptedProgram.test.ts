import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import {
    type Adopted,
    literal,
    type ProgramParts,
    programText,
    variablesFor,
} from "../../../provider/cli/adoptedProgram";
import { ROOT } from "../../support/processes";

const models: Adopted = {
    name: "models",
    description: 'Shared "models"',
    endpoint: "s3.registry.com:5000",
    bucket: "models",
    secretName: "s3-keys",
    isDefault: true,
    cors: { allowedOrigins: ["https://llmos.example.com"] },
};
const own: Adopted = {
    name: "own-rules.2",
    endpoint: "s3.registry.com:5000",
    bucket: "own",
    secretName: "s3-keys",
    isDefault: false,
    cors: {
        rules: [
            { allowedOrigins: ["*"], allowedMethods: ["GET", "HEAD"], maxAgeSeconds: 600 },
            {
                id: "writing",
                allowedOrigins: [
                    "https://one.example.com",
                    "https://two.example.com",
                    "https://three.example.com",
                ],
                allowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
                allowedHeaders: ["*"],
                exposeHeaders: ["ETag"],
            },
        ],
    },
};
const parts: ProgramParts = {
    server: "https://10.0.0.1:6443",
    adopted: [models, own],
    leftOut: [
        { name: "plain", reason: "uses http (useSSL: false), and LLMOS supports only HTTPS endpoints" },
    ],
    defaults: ["models"],
    s3: { region: "eu-central-1" },
};

const PROGRAM = `/**
 * Registries of the LLMOS cluster https://10.0.0.1:6443, written by \`pulumi-llmos adopt\`.
 *
 * The first \`pulumi up\` takes them into the stack and changes nothing in the cluster or the buckets. From then on
 * this program says what they are. \`pulumi destroy\` deletes the Registry objects that nothing uses and the CORS rules
 * of their buckets, but no bucket and no Secret; { protect: true } as a registry's third argument prevents it.
 */
import * as llmos from "pulumi-llmos";

const models = new llmos.Registry("models", {
    description: 'Shared "models"',
    endpoint: "s3.registry.com:5000",
    region: "eu-central-1",
    bucket: { name: "models", existing: true },
    credentials: { secretName: "s3-keys", existing: true },
    cors: { allowedOrigins: ["https://llmos.example.com"] },
    default: true,
    adopt: true,
    // Adopting writes nothing. Take this line out afterwards, to have changes proved.
    proveWriting: false,
});

const ownRules2 = new llmos.Registry("own-rules.2", {
    endpoint: "s3.registry.com:5000",
    region: "eu-central-1",
    bucket: { name: "own", existing: true },
    credentials: { secretName: "s3-keys", existing: true },
    cors: {
        rules: [
            { allowedOrigins: ["*"], allowedMethods: ["GET", "HEAD"], maxAgeSeconds: 600 },
            {
                id: "writing",
                allowedOrigins: [
                    "https://one.example.com",
                    "https://two.example.com",
                    "https://three.example.com",
                ],
                allowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
                allowedHeaders: ["*"],
                exposeHeaders: ["ETag"],
            },
        ],
    },
    adopt: true,
    // Adopting writes nothing. Take this line out afterwards, to have changes proved.
    proveWriting: false,
});

// Left out: "plain" uses http (useSSL: false), and LLMOS supports only HTTPS endpoints.

/** State of each registry, as the LLMOS page shows it. */
export const states = {
    models: models.state,
    "own-rules.2": ownRules2.state,
};
`;

/** Errors of syntax only: what the package's own types say is for the engine test. */
function syntaxErrors(text: string): string[] {
    const { diagnostics = [] } = ts.transpileModule(text, {
        reportDiagnostics: true,
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
    });
    return diagnostics.map((one) => ts.flattenDiagnosticMessageText(one.messageText, "\n"));
}

describe("the program for registries", () => {
    it("declares each, says what is left out, and exports their states", () => {
        expect(programText(parts)).toBe(PROGRAM);
    });

    it("is formatted as a formatter would", () => {
        const biome = join(ROOT, "node_modules", ".bin", "biome");
        const style = ["--indent-style=space", "--indent-width=4", "--line-width=100"];
        const options = ["format", "--vcs-enabled=false", ...style, "--stdin-file-path=program.ts"];
        const { stdout, stderr } = spawnSync(biome, options, { input: PROGRAM, encoding: "utf8" });
        expect(stdout, stderr).toBe(PROGRAM);
    });

    it("says why CORS is left alone", () => {
        const finding = {
            code: "access-denied",
            severity: "error",
            found: "The S3 server denies s3:GetBucketCORS to these keys",
            where: "there",
            why: "so",
            next: "then",
        } as const;
        const text = (cors: Adopted["cors"]) => programText({ ...parts, adopted: [{ ...own, cors }] });
        expect(text({ unread: finding })).toContain(`
    // The bucket's CORS rules could not be read: The S3 server denies s3:GetBucketCORS to these
    // keys.
    cors: { unmanaged: true },
`);
        expect(text({ leftAlone: "This S3 server has no bucket CORS." })).toContain(`
    // This S3 server has no bucket CORS.
    cors: { unmanaged: true },
`);
    });

    it("declares no default where the cluster has several", () => {
        const text = programText({ ...parts, defaults: ["models", "others"] });
        expect(text).toContain(`
    // The cluster has 2 defaults: models, others. Set true on the one that is meant.
    default: false,
`);
    });

    it("holds any text that a registry can have, and no line of a comment gets out of it", () => {
        const texts = fc.string({ unit: "binary" });
        const registries = fc.record({
            description: texts,
            origin: texts,
            found: texts,
            server: texts,
            reason: texts,
        });
        fc.assert(
            fc.property(registries, ({ description, origin, found, server, reason }) => {
                const text = programText({
                    ...parts,
                    server,
                    adopted: [
                        { ...models, description, cors: { allowedOrigins: [origin] } },
                        { ...own, cors: { leftAlone: found } },
                    ],
                    leftOut: [{ name: "plain", reason }],
                });
                expect(syntaxErrors(text)).toEqual([]);
                const { statements } = ts.createSourceFile("index.ts", text, ts.ScriptTarget.ES2022);
                expect(statements.map(({ kind }) => kind)).toEqual([
                    ts.SyntaxKind.ImportDeclaration,
                    ts.SyntaxKind.VariableStatement,
                    ts.SyntaxKind.VariableStatement,
                    ts.SyntaxKind.VariableStatement,
                ]);
            }),
            { numRuns: 30 },
        );
    });
});

describe("a literal", () => {
    it("is the value", () => {
        const value = fc.jsonValue().filter((one) => one !== null);
        fc.assert(
            fc.property(fc.oneof(value, fc.string({ unit: "binary" })), (one) => {
                // As a key of a literal, it is no property.
                fc.pre(!JSON.stringify(one).includes('"__proto__":'));
                expect(new Function(`return ${literal(one)};`)()).toEqual(JSON.parse(JSON.stringify(one)));
            }),
        );
    });
});

describe("variables", () => {
    it.each([
        [["models"], ["models"]],
        [
            ["team-models", "team.models", "teamModels"],
            ["teamModels", "teamModels_2", "teamModels_3"],
        ],
        [
            ["default", "2nd", "llmos", "states"],
            ["registryDefault", "registry2nd", "registryLlmos", "registryStates"],
        ],
        [
            ["constructor", "undefined", "a--b"],
            ["constructor", "registryUndefined", "aB"],
        ],
    ])("for %j are %j", (names, variables) => {
        expect(variablesFor(names)).toEqual(variables);
    });

    it("are valid and all different, whatever the registries are called", () => {
        const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?$/);
        fc.assert(
            fc.property(fc.uniqueArray(name, { maxLength: 20 }), (names) => {
                const variables = variablesFor(names);
                expect(new Set(variables).size).toBe(names.length);
                const text = variables.map((variable) => `const ${variable} = 0;`).join("\n");
                expect(syntaxErrors(`"use strict";\n${text}\nexport {};`)).toEqual([]);
            }),
        );
    });
});

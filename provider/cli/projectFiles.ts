/** The files of a Pulumi project, and writing them where nothing is overwritten. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { failure } from "../finding";
import { ownPackage } from "./ownPackage";

const NAME = "llmos-registries";

/** File contents by name. */
export type ProjectFiles = Readonly<Record<string, string>>;

/** A whole project around a program. */
export function projectFiles(program: string): ProjectFiles {
    const { version, peerDependencies } = ownPackage();
    return {
        "package.json": json({
            name: NAME,
            private: true,
            main: "index.ts",
            dependencies: {
                "@pulumi/pulumi": peerDependencies["@pulumi/pulumi"],
                "pulumi-llmos": `^${version}`,
            },
            devDependencies: { "@types/node": "^20.0.0", typescript: "^5.9.0" },
        }),
        "Pulumi.yaml": `name: ${NAME}\ndescription: The model registries of an LLMOS cluster\nruntime:\n    name: nodejs\n`,
        "tsconfig.json": json({
            compilerOptions: {
                strict: true,
                target: "ES2022",
                module: "Node16",
                moduleResolution: "Node16",
                types: ["node"],
                skipLibCheck: true,
                noEmit: true,
            },
            files: ["index.ts"],
        }),
        "index.ts": program,
    };
}

const FILES = ["package.json", "Pulumi.yaml", "tsconfig.json", "index.ts"];

/** Fails when one of the files is there already, before anything is asked or written. */
export function refuseExisting(folder: string): void {
    const existing = FILES.filter((name) => existsSync(join(folder, name)));
    if (existing.length > 0) {
        throw failure("argument-invalid", {
            found: `${existing.join(", ")} ${existing.length === 1 ? "is" : "are"} there already`,
            where: resolve(folder),
            why: "Files that somebody wrote are never overwritten.",
            next: "Choose another folder with --out, or move them away.",
        });
    }
}

/** Writes the files; none that has come into being meanwhile is overwritten. */
export function writeFiles(folder: string, files: ProjectFiles): void {
    try {
        mkdirSync(folder, { recursive: true });
        for (const [name, content] of Object.entries(files)) {
            writeFileSync(join(folder, name), content, { flag: "wx" });
        }
    } catch (error) {
        const { code, path } = error as NodeJS.ErrnoException;
        throw failure("argument-invalid", {
            found: `The program cannot be written (${code})`,
            where: path ?? resolve(folder),
            why: "Without its files there is nothing to run.",
            next: "Check the folder and its permissions, or choose another one with --out.",
        });
    }
}

function json(content: unknown): string {
    return `${JSON.stringify(content, null, 4)}\n`;
}

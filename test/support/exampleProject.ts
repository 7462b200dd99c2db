/** A copy of an example, worked with by the commands of its README. */
import { spawn } from "node:child_process";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxDetails } from "../../examples/sandbox";
import { shellQuote } from "../../examples/sandbox/environment";
import { ROOT } from "./processes";
import type { EngineRun } from "./project";
import { projectFolder } from "./projectFolder";

export interface ExampleOptions {
    /** Folder below `examples`. */
    readonly example: string;
    /** Stack that is made. Default `dev`. */
    readonly stack?: string;
    /** Additions to the environment of the engine. */
    readonly environment?: Record<string, string>;
}

/** Inside the repository, so that node finds the packages of the example above it, as if `npm install` had run. */
export class ExampleProject {
    private constructor(
        readonly folder: string,
        private readonly sandbox: SandboxDetails,
        private readonly environment: Record<string, string>,
    ) {}

    static async create(sandbox: SandboxDetails, options: ExampleOptions): Promise<ExampleProject> {
        const folder = await projectFolder(options.example);
        await cp(join(ROOT, "examples", options.example), folder, { recursive: true });
        const project = new ExampleProject(folder, sandbox, options.environment ?? {});
        await project.succeeds(`pulumi stack init ${options.stack ?? "dev"}`);
        return project;
    }

    /** Sets configuration in one command; the READMEs have one for each value. */
    async configure(plain: Record<string, string>, secrets: Record<string, string> = {}): Promise<void> {
        const option =
            (kind: string) =>
            ([key, value]: [string, string]) =>
                `--${kind} ${shellQuote(`${key}=${value}`)}`;
        const options = [
            ...Object.entries(plain).map(option("plaintext")),
            ...Object.entries(secrets).map(option("secret")),
        ];
        await this.succeeds(`pulumi config set-all ${options.join(" ")}`);
    }

    /** Runs a command line by a shell; fails, with what was printed, when it does not end well. */
    async succeeds(commandLine: string, input?: string): Promise<string> {
        const { exitCode, output } = await this.run(commandLine, input);
        if (exitCode !== 0) {
            throw new Error(`${commandLine} ended with ${exitCode}:\n${output}`);
        }
        return output;
    }

    /** Runs a command line by a shell. */
    run(commandLine: string, input = ""): Promise<EngineRun> {
        const shell = spawn("sh", ["-c", commandLine], {
            cwd: this.folder,
            env: { ...process.env, ...this.sandbox.environment, ...this.environment },
        });
        let output = "";
        for (const stream of [shell.stdout, shell.stderr]) {
            stream.on("data", (chunk: Buffer) => {
                output += chunk.toString();
            });
        }
        shell.stdin.end(input);
        return new Promise((settle, reject) => {
            shell.on("error", reject);
            shell.on("close", (code) => settle({ exitCode: code ?? -1, output }));
        });
    }

    file(path: string): Promise<string> {
        return readFile(join(this.folder, path), "utf8");
    }

    async outputs(): Promise<Record<string, unknown>> {
        return JSON.parse(await this.succeeds("pulumi stack output --json"));
    }

    async remove(): Promise<void> {
        await rm(this.folder, { recursive: true, force: true });
    }
}

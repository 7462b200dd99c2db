/** A Pulumi project of a test: a real program, run by the real engine, in a folder and a stack of its own. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxDetails } from "../../examples/sandbox";
import { ROOT } from "./processes";
import { projectFolder } from "./projectFolder";
import { testCache } from "./testCache";

const STACK = "dev";

/** What a program may take for granted. */
const HEADER = `"use strict";
const pulumi = require("@pulumi/pulumi");
const llmos = require("pulumi-llmos");
const values = require("./values.json");
`;

/** The outcome of one engine command. */
export interface EngineRun {
    readonly exitCode: number;
    /** Standard output and standard error, as they came. */
    readonly output: string;
}

/** An engine command on its way. */
export interface StartedRun {
    readonly pid: number;
    readonly ended: Promise<EngineRun>;
    /** What it has written so far. */
    written(): string;
}

/** One resource of an exported state. */
export interface StateResource {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly inputs: Record<string, unknown>;
    readonly outputs: Record<string, unknown>;
    readonly delete?: boolean;
    readonly initErrors?: string[];
}

/** A program in Pulumi's YAML: resources and outputs, as Pulumi.yaml has them. */
export interface YamlProgram {
    readonly config?: object;
    readonly resources: object;
    readonly outputs?: object;
}

export interface ProjectOptions {
    /** Body of the program (JavaScript), where `pulumi`, `llmos` and `values` are there; or one in YAML, with the plugin. */
    readonly program: string | YamlProgram;
    /** What the program reads as `values`. Keys in it are found by `secrets`. */
    readonly values?: Record<string, unknown>;
    /** Stack configuration, for example `{ "llmos:caBundle": pem }`. */
    readonly config?: Record<string, string>;
    /** Additions to the environment of the engine; undefined takes a variable away. */
    readonly environment?: Record<string, string | undefined>;
    /** Texts that may never be seen, in clear or base64, in any output or state of this project. */
    readonly secrets?: readonly string[];
}

export class Project {
    private readonly name = `test-${randomBytes(4).toString("hex")}`;

    private constructor(
        readonly folder: string,
        private readonly sandbox: SandboxDetails,
        private readonly options: ProjectOptions,
    ) {}

    /** Makes folder and stack. */
    static async create(sandbox: SandboxDetails, options: ProjectOptions): Promise<Project> {
        const folder = await projectFolder("project");
        const project = new Project(folder, sandbox, options);
        await project.setValues(options.values ?? {});
        await project.setProgram(options.program);
        const made = await project.pulumi("stack", "init", STACK);
        if (made.exitCode !== 0) {
            throw new Error(made.output);
        }
        // JSON is YAML: appended to what `stack init` wrote (the salt of the stack's encryption).
        await appendFile(
            join(folder, `Pulumi.${STACK}.yaml`),
            `\nconfig: ${JSON.stringify(options.config ?? {})}\n`,
        );
        return project;
    }

    async setProgram(program: string | YamlProgram): Promise<void> {
        const { name } = this;
        if (typeof program === "string") {
            const runtime = { name: "nodejs", options: { typescript: false } };
            await this.write("package.json", JSON.stringify({ name, private: true, main: "index.js" }));
            await this.write("Pulumi.yaml", JSON.stringify({ name, runtime }));
            await this.write("index.js", HEADER + program);
        } else {
            const plugins = { providers: [{ name: "llmos", path: join(ROOT, "plugin") }] };
            // JSON is YAML.
            await this.write("Pulumi.yaml", JSON.stringify({ name, runtime: "yaml", plugins, ...program }));
        }
    }

    async setValues(values: Record<string, unknown>): Promise<void> {
        await this.write("values.json", JSON.stringify(values));
    }

    up(...args: string[]): Promise<EngineRun> {
        return this.pulumi("up", "--yes", "--skip-preview", ...args);
    }

    preview(...args: string[]): Promise<EngineRun> {
        return this.pulumi("preview", "--diff", ...args);
    }

    refresh(...args: string[]): Promise<EngineRun> {
        return this.pulumi("refresh", "--yes", "--skip-preview", ...args);
    }

    destroy(...args: string[]): Promise<EngineRun> {
        return this.pulumi("destroy", "--yes", "--skip-preview", ...args);
    }

    /** Runs the engine, and fails when a secret is seen in what it prints. */
    async pulumi(...args: string[]): Promise<EngineRun> {
        const run = await this.run(args);
        this.scan(run.output, `output of pulumi ${args.join(" ")}`);
        return run;
    }

    /** The exported state, as text; fails when a secret is seen in it. */
    async exportState(): Promise<string> {
        const { output } = await this.run(["stack", "export"]);
        this.scan(output, "exported state");
        return output;
    }

    /** The resources of the state, by the last part of their URN. */
    async resources(): Promise<Map<string, StateResource>> {
        const { output } = await this.run(["stack", "export", "--show-secrets"]);
        const { deployment } = JSON.parse(output.slice(output.indexOf("{"))) as {
            deployment: { resources?: StateResource[] };
        };
        return new Map((deployment.resources ?? []).map((one) => [one.urn.split("::").pop() ?? "", one]));
    }

    private async write(file: string, text: string): Promise<void> {
        await writeFile(join(this.folder, file), text);
    }

    async remove(): Promise<void> {
        await rm(this.folder, { recursive: true, force: true });
    }

    /** Fails when a secret of this project stands in a text, in clear or base64. */
    scan(text: string, what: string): void {
        for (const secret of this.options.secrets ?? []) {
            for (const form of [secret, Buffer.from(secret).toString("base64").replace(/=+$/, "")]) {
                if (text.includes(form)) {
                    throw new Error(`A key was found in the ${what}:\n${text.replaceAll(form, "<KEY>")}`);
                }
            }
        }
    }

    /** Runs the engine; what it prints is for the caller to look through. */
    run(args: string[]): Promise<EngineRun> {
        return this.start(args).ended;
    }

    /** Starts the engine. It has ended when it is gone itself: what it has started may live on when it is killed. */
    start(args: string[]): StartedRun {
        const stack = args[0] === "stack" && args[1] === "init" ? [] : ["--stack", STACK];
        const engine = spawn(
            this.sandbox.programs["pulumi"] ?? "pulumi",
            [...args, ...stack, "--non-interactive"],
            {
                cwd: this.folder,
                env: {
                    ...process.env,
                    PULUMI_LLMOS_CACHE: testCache(),
                    ...this.sandbox.environment,
                    ...this.options.environment,
                },
                stdio: ["ignore", "pipe", "pipe"],
            },
        );
        let output = "";
        engine.stdout.on("data", (chunk: Buffer) => {
            output += chunk.toString("utf8");
        });
        engine.stderr.on("data", (chunk: Buffer) => {
            output += chunk.toString("utf8");
        });
        const ended = new Promise<EngineRun>((settle, reject) => {
            const settled = (code: number | null) => settle({ exitCode: code ?? -1, output });
            engine.on("error", reject);
            engine.on("close", settled);
            engine.on("exit", (code, signal) => signal && settled(code));
        });
        return { pid: engine.pid ?? Number.NaN, ended, written: () => output };
    }
}

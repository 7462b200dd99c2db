import { copyFile, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type ChildRun, runChild } from "./childRun";
import { runCommand } from "./command";
import { type Sandbox, startSandbox } from "./index";
import { type Interruption, interruption } from "./interruption";
import { SandboxProblem } from "./problem";
import { cacheFolder } from "./programCache";
import { duration, type Output, step, streamOutput } from "./progress";
import { registryTable } from "./registryTable";

const USAGE = `Usage: npm run quickstart

Starts the sandbox (see npm run sandbox -- --help), runs pulumi up for the project in the root of this repository
against it, shows the registries of the cluster, and stops the sandbox again.
`;

const ROOT = resolve(__dirname, "..", "..");
const STACK = "quickstart";

runCommand(USAGE, async () => {
    const interrupted = interruption();
    const output = streamOutput(process.stdout);
    output.log("Starting the sandbox:");
    const started = Date.now();
    const sandbox = await Promise.race([startSandbox(output), interrupted]);
    if (!("stop" in sandbox)) {
        return sandbox.exitCode;
    }
    output.log(`Sandbox ready after ${duration(Date.now() - started)}.`);
    try {
        await deploy(sandbox, output, interrupted);
        output.log(`\nThe registries of the cluster:\n\n${await registryTable(sandbox.kubeconfigFile)}\n`);
    } finally {
        await step(output, { doing: "stopping the sandbox", done: "sandbox stopped" }, () => sandbox.stop());
    }
    output.log(`Nothing is left on this machine but the programs in ${cacheFolder()}.`);
    return 0;
});

async function deploy(sandbox: Sandbox, output: Output, interrupted: Promise<Interruption>): Promise<void> {
    // The stack's configuration is written beside the Pulumi.yaml that the engine finds: a copy keeps it out of here.
    const project = join(sandbox.folder, "project");
    await mkdir(project);
    await copyFile(join(ROOT, "Pulumi.yaml"), join(project, "Pulumi.yaml")).catch((error: Error) => {
        throw new SandboxProblem(
            {
                found: "the quickstart project cannot be read",
                where: error.message,
                why: "there is nothing to deploy",
                next: "run npm run quickstart in a complete checkout of this repository",
            },
            { cause: error },
        );
    });
    const pulumi = (cwd: string, show: ChildRun["show"], ...args: string[]) =>
        runChild({
            command: sandbox.programs["pulumi"] ?? "pulumi",
            args: ["--stack", STACK, ...args],
            cwd,
            env: sandbox.environment,
            show,
            interrupted,
        });
    const { endpoint, accessKeyId, secretAccessKey, caBundle } = sandbox.s3;
    await step(output, { doing: "making the stack", done: "stack made" }, async () => {
        await pulumi(project, "failure", "stack", "init");
        await pulumi(
            project,
            "failure",
            "config",
            "set-all",
            ...["--plaintext", `endpoint=${endpoint}`, "--plaintext", `llmos:caBundle=${caBundle}`],
            ...["--secret", `accessKeyId=${accessKeyId}`, "--secret", `secretAccessKey=${secretAccessKey}`],
        );
    });
    output.log("\npulumi up:\n");
    const started = Date.now();
    const configFile = join(project, `Pulumi.${STACK}.yaml`);
    await pulumi(ROOT, "all", "up", "--yes", "--config-file", configFile);
    output.log(`pulumi up took ${duration(Date.now() - started)}.`);
}

/** The command line: its commands, options and help, and what becomes of an error. */

import { Command, CommanderError, Option } from "commander";
import picocolors from "picocolors";
import { parseBucketName, parseEndpoint } from "../description/endpoint";
import { describe, LlmosError } from "../finding";
import { parseOrigin } from "../s3/cors/rule";
import type { AdoptOptions } from "./adopt";
import type { DoctorOptions } from "./doctor";
import { ALL_WELL, NOT_ASKED } from "./exitCodes";
import {
    addressingOption,
    type ConnectionOptions,
    caBundleOption,
    checked,
    contextOption,
    jsonOption,
    kubeconfigOption,
    namespaceOption,
    regionOption,
    settingsOf,
    UsageError,
} from "./options";
import { ownPackage } from "./ownPackage";
import type { StatusOptions } from "./status";
import type { Terminal } from "./terminal";

const AFTER_HELP = `
Exit code:
  0  all is well
  1  something was found wrong
  2  wrong usage, or it was not possible to ask

NO_COLOR takes the colours out; so does an output that is no terminal.`;

const DOCTOR_HELP = `
The keys for --endpoint are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
The keys of a registry are those of its Secret.`;

/** Runs a command line, without the program's name in front, and gives the exit code. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
    let exitCode = ALL_WELL;
    const program = programOf(terminal, (code) => {
        exitCode = code;
    });
    try {
        await program.parseAsync(args, { from: "user" });
        return exitCode;
    } catch (error) {
        return exitCodeOf(error, terminal);
    }
}

/** Tells an error that was not told yet. */
function exitCodeOf(error: unknown, terminal: Terminal): number {
    if (error instanceof CommanderError) {
        return error.exitCode === 0 ? ALL_WELL : NOT_ASKED;
    }
    const [first = "", ...rest] = textOf(error).split("\n");
    terminal.tell(`${[terminal.errorColours.red(first), ...rest].join("\n")}\n`);
    return NOT_ASKED;
}

function textOf(error: unknown): string {
    if (error instanceof LlmosError) {
        return describe(error.finding);
    }
    return error instanceof UsageError
        ? `error: ${error.message}`
        : `This is a fault of pulumi-llmos. Please report it, with these lines:\n${error instanceof Error ? error.stack : error}`;
}

function programOf(terminal: Terminal, ended: (exitCode: number) => void): Command {
    const program = new Command("pulumi-llmos")
        .description(
            "Looks at the model registries of an LLMOS cluster, and takes them into a Pulumi program.",
        )
        .version(ownPackage().version)
        .exitOverride()
        .configureOutput({
            writeOut: terminal.write,
            writeErr: terminal.tell,
            outputError: (text, write) => write(terminal.errorColours.red(text)),
        })
        // Commander takes the colours out again where they are not wanted.
        .configureHelp({ styleTitle: picocolors.createColors(true).bold })
        .addHelpText("after", AFTER_HELP);
    addDoctor(program, terminal, ended);
    addStatus(program, terminal, ended);
    addAdopt(program, terminal, ended);
    return program;
}

function addDoctor(program: Command, terminal: Terminal, ended: (exitCode: number) => void): void {
    const parseOne = checked("--origin", parseOrigin);
    const endpoint = new Option("--endpoint <host[:port]>", "examine an S3 server without a cluster")
        .argParser(checked("--endpoint", parseEndpoint))
        .conflicts(["kubeconfig", "context", "namespace"]);
    program
        .command("doctor")
        .description("asks what preview asks, and says what is wrong and what to do about it")
        .argument("[registry]", "registry of the cluster (default: all of them)")
        .addOption(kubeconfigOption())
        .addOption(contextOption())
        .addOption(namespaceOption())
        .addOption(endpoint)
        .addOption(
            new Option("--bucket <name>", "with --endpoint: bucket to examine").argParser(
                checked("--bucket", parseBucketName),
            ),
        )
        .addOption(caBundleOption())
        .addOption(regionOption())
        .addOption(addressingOption())
        .option(
            "--origin <url>",
            "address of the LLMOS page, to be asked for as a browser would; repeatable",
            (value: string, before: string[] = []) => [...before, parseOne(value)],
        )
        .option("--write", "prove writing too, with one small object that is deleted again")
        .addOption(jsonOption())
        .addHelpText("after", DOCTOR_HELP)
        .action(async (name: string | undefined, options: DoctorOptions) => {
            const { doctor } = await import("./doctor.js");
            ended(await doctor(terminal, name, options));
        });
}

function addStatus(program: Command, terminal: Terminal, ended: (exitCode: number) => void): void {
    program
        .command("status")
        .description("lists the registries of the cluster, as the LLMOS page does")
        .addOption(kubeconfigOption())
        .addOption(contextOption())
        .addOption(jsonOption())
        .option("-w, --watch", "show the list again on each change, until Ctrl-C")
        .action(async (options: ConnectionOptions & StatusOptions) => {
            const { status } = await import("./status.js");
            ended(await status(terminal, settingsOf(options), options));
        });
}

function addAdopt(program: Command, terminal: Terminal, ended: (exitCode: number) => void): void {
    program
        .command("adopt")
        .description("writes a Pulumi program for the registries that the cluster has; changes nothing there")
        .argument("[names...]", "registries to take (default: all)")
        .option("-o, --out <folder>", "folder for the program; nothing in it is overwritten", ".")
        .addOption(kubeconfigOption())
        .addOption(contextOption())
        .addOption(namespaceOption())
        .addOption(caBundleOption())
        .addOption(regionOption())
        .addOption(addressingOption())
        .action(async (names: string[], options: AdoptOptions) => {
            const { adopt } = await import("./adopt.js");
            ended(await adopt(terminal, names, options));
        });
}

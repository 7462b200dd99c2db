/** The command line: its commands, options and help, and what becomes of an error. */
import { Command, CommanderError } from "commander";
import picocolors from "picocolors";
import { describe, findingOf } from "../errors";
import type { AdoptOptions } from "./adopt";
import { ALL_WELL, NOT_ASKED } from "./exitCodes";
import {
    addressingOption,
    type ConnectionOptions,
    caBundleOption,
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

/** Tells an error that was not told yet. A programming error is thrown on. */
function exitCodeOf(error: unknown, terminal: Terminal): number {
    if (error instanceof CommanderError) {
        return error.exitCode === 0 ? ALL_WELL : NOT_ASKED;
    }
    const text = error instanceof UsageError ? `error: ${error.message}` : describe(findingOf(error));
    const [first = "", ...rest] = text.split("\n");
    terminal.tell(`${[terminal.errorColours.red(first), ...rest].join("\n")}\n`);
    return NOT_ASKED;
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
    addStatus(program, terminal, ended);
    addAdopt(program, terminal, ended);
    return program;
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

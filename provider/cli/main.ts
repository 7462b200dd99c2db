#!/usr/bin/env node
/** What `npx pulumi-llmos` runs. */
import { runCli } from "./program";
import { processTerminal } from "./terminal";

runCli(process.argv.slice(2), processTerminal()).then((exitCode) => {
    // Set, not called: what is still on its way into a pipe is written first.
    process.exitCode = exitCode;
});

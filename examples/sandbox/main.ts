import { join } from "node:path";
import { runCommand } from "./command";
import { shellQuote, writeEnvironmentFile } from "./environment";
import { type Sandbox, startSandbox } from "./index";
import { interruption } from "./interruption";
import { textOf } from "./problem";
import { duration, streamOutput } from "./progress";

const USAGE = `Usage: npm run sandbox

Starts a Kubernetes API server with the LLMOS custom resources, an S3 server over HTTPS and a stand-in of the LLMOS
operator on this machine, tells how to use them, and stops all of it on Ctrl-C. A program that is neither on PATH nor
where its installer leaves it (~/.pulumi/bin, KUBEBUILDER_ASSETS, setup-envtest) is built once, with Go, and kept in a
cache of yours.

Environment:
  PULUMI_LLMOS_CACHE    another folder for the programs that are built
  PULUMI_LLMOS_VERBOSE  tell where each program comes from
`;

runCommand(USAGE, async () => {
    const interrupted = interruption();
    const output = streamOutput(process.stdout);
    const started = Date.now();
    output.log("Starting the sandbox:");
    const sandbox = await Promise.race([startSandbox(output), interrupted]);
    if (!("stop" in sandbox)) {
        output.log(`Interrupted (${sandbox.reason}).`);
        return sandbox.exitCode;
    }
    await writeEnvironmentFile(environmentFile(sandbox), sandbox.environment);
    output.log(`Ready after ${duration(Date.now() - started)}.\n${directions(sandbox)}`);
    const end = await Promise.race([interrupted, sandbox.died]);
    output.log("\nStopping the sandbox …");
    await sandbox.stop();
    if ("details" in end) {
        output.log(textOf(end));
        return 1;
    }
    output.log(`Stopped; ${sandbox.folder} is removed.`);
    return 0;
});

function environmentFile(sandbox: Sandbox): string {
    return join(sandbox.folder, "environment.sh");
}

/** How to use a sandbox from another terminal: lines to copy. */
function directions(sandbox: Sandbox): string {
    const { s3, kubeconfigFile } = sandbox;
    const set = (name: string, value: string) => `export ${name}=${shellQuote(value)}`;
    return `
In another terminal, kubectl:
    ${set("KUBECONFIG", kubeconfigFile)}
    kubectl get registries.ml.llmos.ai

The AWS command line:
    ${set("AWS_ACCESS_KEY_ID", s3.accessKeyId)}
    ${set("AWS_SECRET_ACCESS_KEY", s3.secretAccessKey)}
    ${set("AWS_REGION", s3.region)}
    ${set("AWS_CA_BUNDLE", s3.caFile)}
    aws --endpoint-url ${s3.url} s3 ls

Pulumi, with its state in the sandbox too (the first line sets PATH, KUBECONFIG and PULUMI_…; for the quickstart
example, run them in the root of the repository):
    . ${shellQuote(environmentFile(sandbox))}
    pulumi stack init sandbox
    pulumi config set endpoint ${s3.endpoint}
    pulumi config set --secret accessKeyId ${shellQuote(s3.accessKeyId)}
    pulumi config set --secret secretAccessKey -- ${shellQuote(s3.secretAccessKey)}
    pulumi config set llmos:caBundle < ${shellQuote(s3.caFile)}
    pulumi up

How a publication of a DatasetVersion fails is seen by asking the stand-ins for it (all that can be asked for:
examples/sandbox/standInSettings.ts):
    kubectl -n llmos-system create configmap stand-in --from-literal=job=fail

Logs of all servers: ${sandbox.folder}
Ctrl-C stops the sandbox and removes that folder.`;
}

/** `pulumi-llmos doctor` in this process, for the words of what it finds. */
import { expect, vi } from "vitest";
import type { SandboxDetails } from "../../examples/sandbox";
import { runCli } from "../../provider/cli/program";
import { RecordingTerminal } from "./recordingTerminal";
import { refuseSecrets } from "./secrets";

export class Doctor {
    constructor(
        private readonly sandbox: Pick<SandboxDetails, "kubeconfigFile" | "s3">,
        /** Texts that may never be seen, in clear or base64. */
        private readonly secrets: readonly string[],
    ) {}

    /**
     * What stands under each ✗ of its tree, without the branches; less the operator's verdict, which follows from the
     * rest. The keys for a store are the administrator's unless `keys` are given.
     */
    async finds(line: readonly string[], keys: Partial<Keys> = {}): Promise<string[]> {
        const { accessKeyId, secretAccessKey } = { ...this.sandbox.s3, ...keys };
        vi.stubEnv("KUBECONFIG", this.sandbox.kubeconfigFile);
        vi.stubEnv("AWS_ACCESS_KEY_ID", accessKeyId);
        vi.stubEnv("AWS_SECRET_ACCESS_KEY", secretAccessKey);
        vi.stubEnv("AWS_SESSION_TOKEN", undefined);
        const terminal = new RecordingTerminal();
        const exitCode = await runCli(["doctor", ...line], terminal).finally(() => vi.unstubAllEnvs());
        const { stdout, stderr } = terminal;
        refuseSecrets(stdout + stderr, this.secrets, "output of doctor");
        expect({ exitCode, stderr }, stdout).toEqual({ exitCode: 1, stderr: "" });
        const entries = stdout.split(/^[├└]─ /m).filter((entry) => entry.startsWith("✗"));
        return entries.map(withoutBranches).filter((words) => !words.startsWith("The LLMOS operator cannot"));
    }
}

interface Keys {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
}

/** The four lines of a finding, without the name of the check and what draws the tree. */
function withoutBranches(entry: string): string {
    const [first = "", ...rest] = entry.split("\n").slice(0, 4);
    return [first.slice(17), ...rest.map((line) => line.slice(3))].join("\n");
}

/** Kubeconfigs of all kinds, many of them, and what kubectl makes of the same ones. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { streamOutput } from "../../examples/sandbox/progress";
import { findingOf } from "../../provider/finding";
import { findConnection } from "../../provider/kubernetes/findConnection";
import { fromGo } from "../matrix/getting";
import { testKubeconfigs } from "../support/kubeconfigFuzz";
import { damaged, kubeconfigs } from "../support/kubeconfigs";

testKubeconfigs(100_000);

const folder = mkdtempSync(join(tmpdir(), "kubectl-"));
let kubectl: string;

beforeAll(async () => {
    const source = {
        name: "kubectl",
        module: "k8s.io/kubernetes",
        main: "/cmd/kubectl",
        versionVariables: () => ({}),
        firstBuild: "about two minutes",
    };
    kubectl = (await fromGo(source, streamOutput(process.stderr), join(__dirname, "programs"))).program;
});
afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
});

/** What both are compared in. */
interface Seen {
    readonly server: string;
    readonly user: string;
    readonly namespace: string;
    readonly token: string;
}

/** What kubectl reads; undefined where it refuses. */
function seenByKubectl(): Seen | undefined {
    const { status, stdout } = spawnSync(kubectl, ["config", "view", "--minify", "--raw", "-o", "json"]);
    if (status !== 0) {
        return undefined;
    }
    const { clusters, contexts, users } = JSON.parse(stdout.toString());
    const { user = "", namespace = "" } = contexts[0].context;
    return {
        server: clusters?.[0].cluster.server ?? "",
        user,
        namespace,
        token: users?.[0].user.token ?? "",
    };
}

/** What we read; undefined where it is refused in words. */
function seenByUs(): Seen | undefined {
    try {
        const { server, userName, namespace, user } = findConnection(undefined, {});
        return { server, user: userName, namespace, token: user.token };
    } catch (error) {
        findingOf(error);
        return undefined;
    }
}

/** One to three files; one that cannot be read would make all of them nothing to both. */
const environments = fc.array(fc.oneof({ weight: 9, arbitrary: kubeconfigs }, damaged), {
    minLength: 1,
    maxLength: 3,
});

test("200 environments mean to us what they mean to kubectl, or are refused", () => {
    const outcomes = { agreed: 0, refusedByBoth: 0, refusedByUs: 0 };
    for (const environment of fc.sample(environments, 200)) {
        const files = environment.map((kubeconfig, index) => {
            const file = join(folder, String(index));
            writeFileSync(file, JSON.stringify(kubeconfig));
            return file;
        });
        vi.stubEnv("KUBECONFIG", ["/no/such/file", ...files, "", files[0]].join(delimiter));
        const [theirs, ours] = [seenByKubectl(), seenByUs()];
        if (ours) {
            // Whoever stands in the address is not shown.
            const server = theirs?.server.replace(/\/\/.*@/, "//").replace(/\/$/, "");
            expect(ours, JSON.stringify(environment)).toEqual({ ...theirs, server });
        }
        outcomes[ours ? "agreed" : theirs ? "refusedByUs" : "refusedByBoth"] += 1;
    }

    // Each of them happens.
    expect(outcomes.refusedByBoth * outcomes.refusedByUs, JSON.stringify(outcomes)).toBeGreaterThan(0);
    expect(outcomes.agreed, JSON.stringify(outcomes)).toBeGreaterThan(50);
});

/** A user of the sandbox's cluster with certain rights, and no others. */
import type { SandboxDetails } from "../../examples/sandbox";
import type { KubeRequest } from "./kubeRequest";

/** A rule of a ClusterRole. */
export interface Rule {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
}

const RBAC = "/apis/rbac.authorization.k8s.io/v1";

/** A service account; its rights can be changed. */
export class LimitedUser {
    private constructor(
        private readonly ask: KubeRequest,
        private readonly name: string,
        /** As content, with a token of an hour. */
        readonly kubeconfig: string,
    ) {}

    static async create(
        { kubeconfigFile, apiServerUrl }: Pick<SandboxDetails, "kubeconfigFile" | "apiServerUrl">,
        ask: KubeRequest,
        name: string,
    ): Promise<LimitedUser> {
        const metadata = { name };
        const account = `/api/v1/namespaces/llmos-system/serviceaccounts`;
        const subject = { kind: "ServiceAccount", name, namespace: "llmos-system" };
        const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
        await made(ask, account, { metadata });
        await made(ask, `${RBAC}/clusterroles`, { metadata, rules: [] });
        await made(ask, `${RBAC}/clusterrolebindings`, { metadata, roleRef, subjects: [subject] });
        const { status } = await made(ask, `${account}/${name}/token`, {
            spec: { expirationSeconds: 3_600 },
        });
        const { KubeConfig } = await import("@kubernetes/client-node");
        const own = new KubeConfig();
        own.loadFromFile(kubeconfigFile);
        const ca = own.getCurrentCluster()?.caData;
        const kubeconfig = JSON.stringify({
            apiVersion: "v1",
            kind: "Config",
            clusters: [{ name, cluster: { server: apiServerUrl, "certificate-authority-data": ca } }],
            users: [{ name, user: { token: status.token } }],
            contexts: [{ name, context: { cluster: name, user: name } }],
            "current-context": name,
        });
        return new LimitedUser(ask, name, kubeconfig);
    }

    /** From now on it has these rights in all namespaces. */
    async may(rules: readonly Rule[]): Promise<void> {
        const { status, body } = await this.ask("PATCH", `${RBAC}/clusterroles/${this.name}`, { rules });
        if (status !== 200) {
            throw new Error(JSON.stringify(body));
        }
    }
}

async function made(ask: KubeRequest, path: string, object: object) {
    const { status, body } = await ask("POST", path, object);
    if (status !== 201) {
        throw new Error(`${path}: ${JSON.stringify(body)}`);
    }
    return body;
}

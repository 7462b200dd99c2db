/** The permissions that the README lists (Requirements) are enough, on the cluster and on S3, and no more are used. */
import { randomBytes } from "node:crypto";
import { Agent } from "node:https";
import { PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { beforeAll, expect, inject, test } from "vitest";
import { createUser } from "../../examples/sandbox";
import { Registry } from "../../provider";
import { type KubeRequest, kubeRequests } from "../support/kubeRequest";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const { s3 } = sandbox;
const name = `permitted-${randomBytes(3).toString("hex")}`;
const limited = {
    accessKeyId: `LIMITED${randomBytes(6).toString("hex")}`,
    secretAccessKey: randomBytes(20).toString("hex"),
};

const CLUSTER_RULES = [
    {
        apiGroups: ["ml.llmos.ai"],
        resources: ["registries"],
        verbs: ["get", "list", "watch", "patch", "create", "delete"],
    },
    {
        apiGroups: ["ml.llmos.ai"],
        resources: ["models", "datasets", "datasetversions", "localmodels"],
        verbs: ["list"],
    },
    { apiGroups: ["agent.llmos.ai"], resources: ["datacollections"], verbs: ["list"] },
    {
        apiGroups: [""],
        resources: ["namespaces"],
        resourceNames: ["kube-system", "llmos-system"],
        verbs: ["get"],
    },
];
const SECRET_RULES = [
    { apiGroups: [""], resources: ["secrets"], verbs: ["get", "patch", "create", "delete"] },
];
const BUCKET_ACTIONS = [
    "s3:ListBucket",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
];

const program = () =>
    void new Registry(name, {
        endpoint: s3.endpoint,
        bucket: { name, existing: true },
        credentials: limited,
        adminCredentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
        cors: { allowedOrigins: ["https://llmos.example.com"] },
    });

let stack: StackStandIn;
let ask: KubeRequest;

beforeAll(async () => {
    ask = await kubeRequests(sandbox.kubeconfigFile);
    await createUser(sandbox, { ...limited, role: "user" });
    await makeLimitedBucket();
    stack = new StackStandIn(sandbox, { kubeconfig: await limitedKubeconfig() });
});

test("a whole life needs no other right", async () => {
    await stack.succeeds(stack.preview(program));
    await stack.succeeds(stack.up(program));
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
    expect(stack.resources.get(`${name}-registry`)?.outputs["state"]).toBe("Active");
    await stack.succeeds(stack.destroy());
    expect((await ask("GET", `/apis/ml.llmos.ai/v1/registries/${name}`)).status).toBe(404);
});

test("rights on objects of these names alone are enough to make them: none is listed", async () => {
    const create = {
        apiGroups: ["", "ml.llmos.ai"],
        resources: ["registries", "secrets"],
        verbs: ["create"],
    };
    const verbs = ["get", "watch", "patch", "delete"];
    const registry = { apiGroups: ["ml.llmos.ai"], resources: ["registries"], resourceNames: [name], verbs };
    const secret = { apiGroups: [""], resources: ["secrets"], resourceNames: [`${name}-credentials`], verbs };
    const others = CLUSTER_RULES.filter(({ resources }) => !resources.includes("registries"));
    await giveRights([create, registry, secret, ...others], []);
    await stack.succeeds(stack.preview(program));
    await stack.succeeds(stack.up(program));
    expect(stack.resources.get(`${name}-registry`)?.outputs["state"]).toBe("Active");
    expect((await stack.succeeds(stack.refresh())).done).toEqual([]);
    // Who else uses the Secret cannot be known without a list.
    const kept = await stack.destroy();
    expect(kept.told.join("\n")).toContain(
        "The API server refuses to list: registries.ml.llmos.ai is forbidden",
    );
    await giveRights(CLUSTER_RULES, SECRET_RULES);
    await stack.succeeds(stack.destroy());
});

test("a verb that the cluster forbids is told at preview, with nothing changed", async () => {
    const reading = CLUSTER_RULES.map((rule) => ({
        ...rule,
        verbs: rule.verbs.filter((verb) => verb !== "patch" && verb !== "create"),
    }));
    await giveRights(reading, SECRET_RULES);
    const preview = await stack.preview(program);
    const words = preview.told.join("\n");
    expect(words).toContain("The cluster does not let this user create or patch registries.ml.llmos.ai");
    expect(words).toContain("the README lists the permissions (Requirements)");
});

/** From now on the limited user may do this in the cluster, and that in the namespace of the Secrets. */
async function giveRights(inCluster: readonly object[], inNamespace: readonly object[]): Promise<void> {
    for (const [path, rules] of [
        [`clusterroles/${name}`, inCluster],
        [`namespaces/llmos-system/roles/${name}`, inNamespace],
    ] as const) {
        const { status } = await ask("PATCH", `/apis/rbac.authorization.k8s.io/v1/${path}`, { rules });
        expect(status).toBe(200);
    }
}

/** A bucket on which the limited user has what LLMOS needs. */
async function makeLimitedBucket(): Promise<void> {
    const { CreateBucketCommand } = await import("@aws-sdk/client-s3");
    const client = new S3Client({
        endpoint: s3.url,
        region: s3.region,
        credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
        forcePathStyle: true,
        requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: s3.caBundle }) }),
    });
    await client.send(new CreateBucketCommand({ Bucket: name }));
    const resource = [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`];
    const statement = {
        Effect: "Allow",
        Principal: { AWS: [limited.accessKeyId] },
        Action: BUCKET_ACTIONS,
        Resource: resource,
    };
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: splitByResource(statement) });
    await client.send(new PutBucketPolicyCommand({ Bucket: name, Policy: policy }));
    client.destroy();
}

/** Some servers refuse a statement that names bucket actions for objects, or object actions for the bucket. */
function splitByResource(statement: { Action: string[]; Resource: string[] }): object[] {
    const isOfObjects = (action: string) => action.endsWith("Object");
    const [bucket, objects] = statement.Resource;
    return [
        { ...statement, Action: statement.Action.filter((action) => !isOfObjects(action)), Resource: bucket },
        { ...statement, Action: statement.Action.filter(isOfObjects), Resource: objects },
    ];
}

/** A kubeconfig, as content, of a service account with those rights and no others. */
async function limitedKubeconfig(): Promise<string> {
    const metadata = { name };
    const subject = { kind: "ServiceAccount", name, namespace: "llmos-system" };
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const roleRef = (kind: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name });
    const namespaced = `${rbac}/namespaces/llmos-system`;
    for (const [path, body] of [
        ["/api/v1/namespaces/llmos-system/serviceaccounts", { metadata }],
        [`${rbac}/clusterroles`, { metadata, rules: CLUSTER_RULES }],
        [`${rbac}/clusterrolebindings`, { metadata, roleRef: roleRef("ClusterRole"), subjects: [subject] }],
        [`${namespaced}/roles`, { metadata, rules: SECRET_RULES }],
        [`${namespaced}/rolebindings`, { metadata, roleRef: roleRef("Role"), subjects: [subject] }],
    ] as const) {
        const made = await ask("POST", path, body);
        expect(made.status, JSON.stringify(made.body)).toBe(201);
    }
    const tokenPath = `/api/v1/namespaces/llmos-system/serviceaccounts/${name}/token`;
    const token = await ask("POST", tokenPath, { spec: { expirationSeconds: 3600 } });
    const { KubeConfig } = await import("@kubernetes/client-node");
    const own = new KubeConfig();
    own.loadFromFile(sandbox.kubeconfigFile);
    const ca = own.getCurrentCluster()?.caData;
    return JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name, cluster: { server: sandbox.apiServerUrl, "certificate-authority-data": ca } }],
        users: [{ name, user: { token: token.body.status.token } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
        "current-context": name,
    });
}

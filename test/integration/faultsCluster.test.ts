/** An API server that misbehaves: what passes is retried, what lasts is told in words, and nothing is half believed. */

import { afterAll, describe, expect, inject, test } from "vitest";
import { Model, Registry, type RegistryArgs } from "../../provider";
import { identify } from "../../provider/access/cluster";
import type { Cluster, KubernetesObject } from "../../provider/kubernetes/cluster";
import { realContext } from "../../provider/lifecycle/context";
import { REGISTRIES, type RegistryResource, registryPath } from "../../provider/llmos/objects";
import { registrySubject, VerdictWatch } from "../../provider/llmos/verdict";
import { askCluster, askForRegistries } from "../../provider/preflight/cluster";
import { known } from "../../provider/reading";
import { bucket } from "../../provider/resources/bucket/lifecycle";
import { explained } from "../support/explained";
import {
    answerLost,
    cutOff,
    emptied,
    type Fault,
    halved,
    instead,
    kubernetesStatus,
    late,
    proxyPage,
    reset,
    silence,
} from "../support/faults";
import { Recorder } from "../support/recorder";
import { StackStandIn } from "../support/stackStandIn";

const sandbox = inject("sandbox");
const quiet = { info: async () => {}, warn: async () => {} };
const SECRETS = "/api/v1/namespaces/default/secrets";
/** What a wait needs. */
const waiting = realContext({}, quiet);

const nothing = () => {};

const recorders: Recorder[] = [];

async function stage() {
    const { recorder, kubeconfig } = await Recorder.beforeCluster(sandbox);
    recorders.push(recorder);
    const context = realContext({}, quiet);
    const cluster = await context.cluster({ kubeconfig });
    return { recorder, kubeconfig, context, cluster };
}

afterAll(async () => {
    await Promise.all(recorders.map((recorder) => recorder.stop()));
});

function secret(name: string, value: string) {
    const data = { value: Buffer.from(value).toString("base64") };
    return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "default" }, data };
}

const PASSING: Record<string, Fault> = {
    latency: late(400),
    reset,
    "a lost answer": answerLost,
    "a body that ends early": cutOff("end"),
    "a body that is reset": cutOff("reset"),
    "half a document": halved,
    "nothing in the answer": emptied,
    "500": kubernetesStatus(500, "InternalError"),
    "503": kubernetesStatus(503, "ServiceUnavailable"),
    "429 with Retry-After": kubernetesStatus(429, "TooManyRequests", { "retry-after": "1" }),
    "a page of a proxy": proxyPage,
    "half a refusal": instead(404, "application/json", '{"kind":"Status","reason":"NotFou'),
};

describe("once for each request is retried, all through an object's life", () => {
    test.concurrent.each(Object.entries(PASSING))("%s", async (title, fault) => {
        const { recorder, cluster } = await stage();
        const name = `faults-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
        const path = `${SECRETS}/${name}`;
        recorder.faults.set(fault, 1);
        expect(await cluster.identity()).toMatch(/^[0-9a-f-]{36}$/);
        expect(await cluster.read(path)).toEqual({ outcome: "absent" });
        const made = await created<KubernetesObject>(cluster, SECRETS, secret(name, "one"));
        recorder.faults.set(fault, 1);
        const watch = await cluster.watch(SECRETS, name, nothing, nothing);
        const { resourceVersion } = made.metadata;
        const annotations = { seen: "yes" };
        const merged = await cluster.merge(path, { metadata: { annotations, resourceVersion } });
        // A merge whose answer is lost has been done, and the second one meets what the first has made.
        expect(merged).toSatisfy((each) => each === "conflict" || each.metadata.uid === made.metadata.uid);
        const seen = { outcome: "present", value: { metadata: { annotations, uid: made.metadata.uid } } };
        expect(await cluster.read(path)).toMatchObject(seen);
        expect(await cluster.list(`/apis/no.such.group/v1/things`)).toBe(undefined);
        await cluster.delete(path, made.metadata.uid);
        expect(recorder.faults.hits).toBeGreaterThanOrEqual(4);
        recorder.faults.heal();
        expect(await cluster.read(path)).toEqual({ outcome: "absent" });
        watch.stop();
    });
});

test.concurrent("that does not tell whether a registry stores in a bucket keeps the bucket", async () => {
    const { recorder, kubeconfig, context } = await stage();
    const { endpoint, caBundle, accessKeyId, secretAccessKey } = sandbox.s3;
    const credentials = { accessKeyId, secretAccessKey };
    const inputs = { name: "faults-kept", endpoint, caBundle, credentials, registry: "faults-none" };
    const cluster = { kubeconfig };
    const { id, state } = await bucket.create(context, { ...inputs, cluster });
    // Deleted in another process than it was made in.
    const later = realContext({}, quiet);
    recorder.faults.set(kubernetesStatus(403, "Forbidden"), undefined, /registries/);
    const error = await bucket.delete(later, id, state).catch((each) => each);
    expect(explained(error, "/registries")).toContain("The API server refuses to list");
    expect((await bucket.read(later, id, state)).outcome).toBe("present");
    recorder.faults.heal();
    await bucket.delete(later, id, state);
    expect((await bucket.read(later, id, state)).outcome).toBe("absent");
});

test.concurrent("that gives no answer is waited for once by all that preview asks of it", async () => {
    const { recorder, kubeconfig, context } = await stage();
    recorder.faults.set(silence);
    expect(await identify(context, { cluster: { kubeconfig } }, { clusterId: "former" })).toEqual({
        clusterId: "former",
    });
    const [finding] = await askForRegistries(context, { kubeconfig });
    expect(finding?.found).toBe("The cluster's API server did not answer in time");
    // On a machine that is busy, its time can be over before the one request has come here.
    expect([[], ["GET /api/v1/namespaces/kube-system"]]).toContainEqual(recorder.requests);
});

test.concurrent("a preview of several registries and a model waits for it once, and asks once what they share", async () => {
    const { recorder, kubeconfig } = await stage();
    const { endpoint, accessKeyId, secretAccessKey } = sandbox.s3;
    const preview = async (credentials: RegistryArgs["credentials"]) => {
        const stack = new StackStandIn(sandbox, { kubeconfig });
        const options = { endpoint, credentials, reachability: "warn" } as const;
        const cors = { allowedOrigins: ["https://llmos.example.com"] };
        const run = stack.preview(() => {
            const dependsOn = ["faults-one", "faults-two", "faults-three"].map(
                (name) =>
                    new Registry(name, {
                        ...options,
                        bucket: { name },
                        cors,
                        default: name === "faults-one",
                    }),
            );
            new Model("faults-model", { reachability: "warn", registry: "faults-none" }, { dependsOn });
        });
        return (await stack.succeeds(run)).told;
    };
    const who = "GET /api/v1/namespaces/kube-system";
    const secrets = "GET /api/v1/namespaces/llmos-system/secrets";

    await preview({ accessKeyId, secretAccessKey });
    const asked = [
        who,
        "GET /api/v1/namespaces/llmos-system",
        "GET /api/v1/namespaces/default",
        `GET ${REGISTRIES}`,
        "GET /apis/ml.llmos.ai/v1/namespaces/default/models/faults-model",
        // Whose is what lies at the place of the model?
        `GET ${REGISTRIES}/faults-none`,
        ...["one", "two", "three"].map((name) => `${secrets}/faults-${name}-credentials`),
        // May Secrets, Registries and Models be created, and may they be patched?
        ...Array(6).fill("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    ];
    expect(recorder.requests.splice(0).sort()).toEqual(asked.sort());

    recorder.faults.set(silence, undefined, /secrets|llmos|default/);
    const told = await preview({ secretName: "faults-keys", existing: true });
    expect(recorder.requests).toEqual([who, `${secrets}/faults-keys`]);
    const words = new Set(told.map((line) => line.split("\n")[0]));
    expect(words).toEqual(new Set(["warning: The cluster's API server did not answer in time"]));
});

describe("that lasts is one finding, and never an answer", () => {
    const DAMAGED = "The cluster's API server gave an answer that is cut off or damaged";
    const BROKEN = "The connection to the cluster's API server broke off";
    // Node takes a body in chunks that ends with its connection for a whole one; its content then tells.
    const HALF = expect.stringMatching(`^(${BROKEN}|${DAMAGED})$`);
    const overloaded = (verb: string, words: string) =>
        `The API server, or a proxy before it, cannot ${verb} now${words}`;
    test.concurrent.each<[string, Fault, (verb: string) => unknown]>([
        ["reset", reset, () => BROKEN],
        ["a lost answer", answerLost, () => BROKEN],
        ["a body that ends early", cutOff("end"), () => HALF],
        ["a body that is reset", cutOff("reset"), () => HALF],
        ["half a document", halved, () => DAMAGED],
        ["nothing in the answer", emptied, () => DAMAGED],
        [
            "a page with status 200",
            instead(200, "text/html", "<html><body>Please log in</body></html>"),
            () => DAMAGED,
        ],
        ["null", instead(200, "application/json", "null"), () => DAMAGED],
        ["500", kubernetesStatus(500, "InternalError"), (verb) => overloaded(verb, ": please try again")],
        [
            "503",
            kubernetesStatus(503, "ServiceUnavailable"),
            (verb) => overloaded(verb, ": please try again"),
        ],
        [
            "429",
            kubernetesStatus(429, "TooManyRequests", { "retry-after": "1" }),
            (verb) => overloaded(verb, ": please try again"),
        ],
        ["a page of a proxy", proxyPage, (verb) => overloaded(verb, "")],
        [
            "half a refusal",
            instead(404, "application/json", '{"kind":"Status","reason":"NotFou'),
            () => DAMAGED,
        ],
    ])("%s", async (_title, fault, found) => {
        const { recorder, cluster } = await stage();
        recorder.faults.set(fault);
        const failed = async (action: Promise<unknown>) =>
            explained(
                await action.then(
                    (value) => (value as { error?: unknown }).error ?? value,
                    (error) => error,
                ),
                `https://localhost:${recorder.port}`,
            );
        const path = "/api/v1/namespaces/kube-system";
        const words = await Promise.all([
            failed(cluster.read(path)),
            failed(cluster.list("/api/v1/namespaces")),
        ]);
        expect(words).toEqual([found("read"), found("list")]);
    });
});

describe("preview's question", () => {
    test.concurrent.each<[string, Fault, RegExp]>([
        ["that gets no answer", silence, /did not answer in time/],
        [
            "that is told to come back in an hour",
            kubernetesStatus(429, "TooManyRequests", { "retry-after": "3600" }),
            /please try again/,
        ],
        [
            "that is told to come back in twenty seconds",
            kubernetesStatus(429, "TooManyRequests", { "retry-after": "20" }),
            /please try again/,
        ],
        ["whose connection is always reset", reset, /broke off/],
    ])("%s ends with its deadline, explained", async (_title, fault, words) => {
        const { recorder, context, kubeconfig } = await stage();
        recorder.faults.set(fault);
        const findings = await askCluster(context, { kubeconfig });
        expect(findings).toHaveLength(1);
        expect(JSON.stringify(findings)).toMatch(words);
    });

    test.concurrent("retries what passes", async () => {
        const { recorder, context, kubeconfig } = await stage();
        recorder.faults.set([reset, kubernetesStatus(503, "ServiceUnavailable"), halved], 1);
        expect(await askForRegistries(context, { kubeconfig })).toEqual([]);
    });
});

/** A Registry without keys: the operator's verdict on it is a refusal, at once. */
async function applied(cluster: Cluster, name: string): Promise<RegistryResource> {
    return await created<RegistryResource>(cluster, REGISTRIES, {
        apiVersion: "ml.llmos.ai/v1",
        kind: "Registry",
        metadata: { name },
        spec: {
            backendType: "S3",
            s3Config: {
                useSSL: true,
                endpoint: sandbox.s3.endpoint,
                bucket: "none",
                accessCredentialSecretName: `${name}-none`,
            },
        },
    });
}

/** Creates, where a first answer may have been lost: the object that is there then is the one that was made. */
async function created<T extends KubernetesObject>(
    cluster: Cluster,
    collection: string,
    object: KubernetesObject & { spec?: object },
): Promise<T> {
    const made = await cluster.create<T>(collection, object);
    return made === "conflict"
        ? (known(await cluster.read<T>(`${collection}/${object.metadata.name}`)) as T)
        : made;
}

/** What a watch would go on from is gone, and nothing more comes. */
const goneEvent: Fault = ({ response }) => {
    const object = { kind: "Status", status: "Failure", reason: "Expired", code: 410 };
    response.writeHead(200, { "content-type": "application/json" });
    response.write(`${JSON.stringify({ type: "ERROR", object })}\n`);
};

describe("a watch", () => {
    const BREAKS: [string, Fault][] = [
        ["is refused while the server starts", kubernetesStatus(503, "ServiceUnavailable")],
        ["breaks off in the middle of a line", halved],
        ["is reset in the middle of a line", cutOff("reset")],
        ["says nothing", silence],
        ["is refused with 410", kubernetesStatus(410, "Expired")],
    ];
    test.concurrent.each(BREAKS)("that %s does not hide the operator's verdict", async (title, fault) => {
        const { recorder, cluster } = await stage();
        const name = `faults-watch-${title.replaceAll(" ", "-")}`;
        await applied(cluster, name);
        recorder.faults.set(fault, title === "says nothing" ? 0 : 2, /watch=true/);
        const watch = await VerdictWatch.open(cluster, registrySubject(cluster, name), waiting);
        try {
            recorder.faults.set(fault, title === "says nothing" ? 0 : 2, /watch=true/);
            const written = await applied(cluster, name);
            const patience = { verdictMs: 10_000, graceMs: 100, settleMs: 100 };
            const error = await watch.verdict(written, undefined, patience).catch((each) => each);
            expect(explained(error, `Registry ${name}`)).toContain(
                "The LLMOS operator cannot use the registry",
            );
        } finally {
            watch.stop();
            recorder.faults.heal();
            await cluster.delete(registryPath(name), undefined);
        }
    });

    test.concurrent("ends with its last event, 410, though its connection stays", async () => {
        const { recorder, cluster } = await stage();
        recorder.faults.set(goneEvent, 1, /watch=true/);
        const types: string[] = [];
        await new Promise<void>((ended, failed) => {
            cluster.watch(SECRETS, "faults-none", ({ type }) => types.push(type), ended).catch(failed);
        });
        expect(types).toEqual(["ERROR"]);
    });

    test.concurrent("that cannot be opened is one finding", async () => {
        const { recorder, cluster } = await stage();
        recorder.faults.set(kubernetesStatus(503, "ServiceUnavailable"), undefined, /watch=true/);
        const error = await VerdictWatch.open(
            cluster,
            registrySubject(cluster, "faults-none"),
            waiting,
        ).catch((each) => each);
        expect(explained(error, "/registries")).toBe(
            "The API server, or a proxy before it, cannot watch now: please try again",
        );
    });
});

/**
 * The whole preflight of what is there already, question by question: what `pulumi-llmos doctor` asks. The questions and
 * their words are those of preview.
 */
import { randomUUID } from "node:crypto";
import { connectionWith } from "../access/bucket";
import { readKeys } from "../access/keys";
import { storageFindings } from "../access/registryStore";
import type { ClusterReference, Keys, S3Server } from "../description/arguments";
import { type Finding, findingOf } from "../finding";
import type { Context } from "../lifecycle";
import { isDefault, REGISTRIES, type RegistryResource } from "../llmos/objects";
import { defaultsFinding } from "../llmos/registries";
import { verdictFindings } from "../llmos/verdict";
import { urlOf } from "../s3/client";
import { askForBucket, noBucket } from "./bucket";
import { type Check, type CheckName, check, judged, skipped } from "./checks";
import { askCluster, askForNamespace, askForRegistries } from "./cluster";
import { examineCors } from "./cors";
import { askEndpoint } from "./endpoint";

/** A store to examine, as far as it is known. */
export interface ExaminedStore extends S3Server {
    /** Not given: only the endpoint is asked. */
    readonly bucket?: string;
    /** Not given: only the endpoint is asked. */
    readonly keys?: Keys;
    /** Addresses of the LLMOS page, asked for as a browser would; default: those that the bucket's rules name. */
    readonly origins?: readonly string[];
    /** Prove writing too, with one small object that is deleted again. Default false: nothing is changed. */
    readonly writing?: boolean;
}

/** Endpoint, keys and bucket, writing, CORS. */
export async function examineStore(context: Context, store: ExaminedStore): Promise<Check[]> {
    const { bucket, keys, origins = [], writing = false } = store;
    const connection = connectionWith(context, store, keys ?? { accessKeyId: "", secretAccessKey: "" });
    const url = urlOf(store.endpoint);
    const endpoint = await check(context, "endpoint", url, () => askEndpoint(context, connection));
    if (endpoint.outcome === "failed") {
        return [endpoint, ...unasked(context, ["keys", "cors"], "the endpoint does not answer")];
    }
    if (!keys || bucket === undefined) {
        const missing = keys ? "bucket" : "keys";
        return [endpoint, ...unasked(context, ["keys", "cors"], `no ${missing} given`)];
    }
    const answer = await check(context, "keys", `${url}/${bucket}`, async () => {
        const { findings, exists } = await askForBucket(context, connection, bucket);
        return exists === false ? [noBucket(store.endpoint, bucket)] : findings;
    });
    if (answer.outcome === "failed") {
        return [endpoint, answer, ...unasked(context, ["cors"], "the bucket cannot be read")];
    }
    const opened = await context.objectStore(connection);
    const proveWriting = async () => {
        // Nobody else's: registries that share a bucket are examined at the same time.
        await opened.proveWriting(bucket, `doctor ${randomUUID()}`);
        return [];
    };
    return [
        endpoint,
        answer,
        ...(writing ? [await check(context, "keys-write", `${url}/${bucket}`, proveWriting)] : []),
        ...(await examineCors(context, opened, bucket, origins).catch((error: unknown) => [
            judged(context, "cors", `${url}/${bucket}`, [findingOf(error)]),
        ])),
    ];
}

/** Cluster, LLMOS, namespace of the Secrets, and the number of defaults. */
export async function examineCluster(
    context: Context,
    reference: ClusterReference | undefined,
    namespace: string,
): Promise<Check[]> {
    const { server, checks } = await examineServer(context, reference);
    if (checks.some(({ outcome }) => outcome === "failed")) {
        return [...checks, ...unasked(context, ["llmos", "namespace"], "the cluster does not answer")];
    }
    const [llmos, system] = await Promise.all([
        check(context, "llmos", `${server}${REGISTRIES}`, () => askForRegistries(context, reference)),
        check(context, "namespace", namespace, () => askForNamespace(context, reference, namespace)),
    ]);
    const defaults =
        llmos.outcome === "failed"
            ? skipped(context, "default", "not asked: LLMOS is not installed")
            : await check(context, "default", "one default registry at most", () =>
                  askForDefaults(context, reference),
              );
    return [...checks, llmos, system, defaults];
}

async function examineServer(
    context: Context,
    reference: ClusterReference | undefined,
): Promise<{ server: string; checks: Check[] }> {
    const server = await context.clusterReader(reference).then(
        (cluster) => cluster.server,
        () => "",
    );
    return {
        server,
        checks: [await check(context, "cluster", server, () => askCluster(context, reference))],
    };
}

async function askForDefaults(context: Context, reference: ClusterReference | undefined): Promise<Finding[]> {
    const cluster = await context.clusterReader(reference);
    const registries = (await cluster.list<RegistryResource>(REGISTRIES)) ?? [];
    return defaultsFinding(registries.filter(isDefault).map(({ metadata }) => metadata.name));
}

/** How a registry of the cluster is examined. */
export type RegistryExamination = Partial<Pick<ExaminedStore, "origins" | "writing" | "caBundle">> &
    Pick<S3Server, "region" | "addressing"> & {
        /** Namespace of its Secret. */
        readonly namespace: string;
    };

/** Secret, endpoint, keys and bucket, CORS, and the operator's verdict. */
export async function examineRegistry(
    context: Context,
    reference: ClusterReference | undefined,
    registry: RegistryResource,
    { namespace, ...how }: RegistryExamination,
): Promise<Check[]> {
    const cluster = await context.clusterReader(reference);
    const s3 = registry.spec?.s3Config;
    const secretName = s3?.accessCredentialSecretName ?? "";
    let keys: Keys | undefined;
    const secret = await check(context, "secret", `${namespace}/${secretName}`, async () => {
        keys = await readKeys(cluster, namespace, secretName);
        return [];
    });
    const verdict = judged(
        context,
        "verdict",
        "the LLMOS operator's verdict",
        verdictFindings(cluster, registry),
    );
    const unusable = storageFindings(registry);
    const store =
        unusable.length > 0
            ? [
                  judged(context, "endpoint", s3?.endpoint ?? "", unusable),
                  ...unasked(context, ["keys", "cors"], "the endpoint cannot be used"),
              ]
            : await examineStore(context, {
                  ...how,
                  endpoint: s3?.endpoint ?? "",
                  bucket: s3?.bucket ?? "",
                  ...(keys && { keys }),
              });
    return [secret, ...store, verdict];
}

function unasked(context: Context, names: CheckName[], why: string): Check[] {
    return names.map((name) => skipped(context, name, `not asked: ${why}`));
}

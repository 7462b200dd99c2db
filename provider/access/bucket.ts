/** From the arguments of a resource to an open store: the keys are resolved at the last moment. */
import type { Guarded, S3Access, S3Server } from "../description/arguments";
import type { Finding } from "../finding";
import { findingOf } from "../finding";
import type { Context, KnownPart } from "../lifecycle";
import { WRITTEN } from "../lifecycle/questions";
import { type S3Connection, urlOf } from "../s3/client";
import type { ObjectStore } from "../s3/objectStore";
import { identify, ownClusterReader } from "./cluster";
import { resolveKeys } from "./keys";

/** The identity of the cluster that holds the Secret with the keys, or the registry; none where neither is named. */
export async function identifyHolder(
    context: Context,
    access: KnownPart<S3Access & Guarded & { registry?: string }>,
    prior: KnownPart<S3Access> | undefined,
): Promise<{ clusterId?: string }> {
    const inSecret = access.credentials?.secretName !== undefined;
    return inSecret || access.registry !== undefined ? await identify(context, access, prior) : {};
}

export async function connectionOf(context: Context, access: S3Access): Promise<S3Connection> {
    const keys = await resolveKeys(context, access.credentials, access);
    return connectionWith(context, access, keys);
}

/**
 * Under which a process remembers that a BucketCors has come to stand for a bucket of this name, at whatever endpoint and
 * under whatever resource name: the bucket of the one that it replaces may be the same under another address.
 */
export function standsFor(bucket: string): string {
    return `BucketCors ${bucket}`;
}

/** The connection of an access with other keys; the stack's CA bundle is trusted beside that of the access. */
export function connectionWith(context: Context, server: S3Server, keys: S3Connection["keys"]): S3Connection {
    const bundles = [server.caBundle, context.settings.caBundle].filter((each) => each !== undefined);
    return {
        endpoint: server.endpoint,
        keys,
        ...(server.region !== undefined && { region: server.region }),
        ...(server.addressing !== undefined && { addressing: server.addressing }),
        ...(bundles.length > 0 && { caBundle: [...new Set(bundles)].join("\n") }),
    };
}

export async function storeOf(context: Context, access: S3Access): Promise<ObjectStore> {
    return await context.objectStore(await connectionOf(context, access));
}

/**
 * Asks a store for preview, as `question` does it; `what` tells questions of it apart. Rejects with what stands in the way.
 */
export async function askStore<T>(
    context: Context,
    connection: S3Connection,
    what: string,
    question: (store: ObjectStore) => Promise<T>,
): Promise<T> {
    const store = await context.objectStore(connection);
    const key = `${WRITTEN}${what} ${JSON.stringify(connection)}`;
    return await context.questions.ask(urlOf(connection.endpoint), key, (deadline) =>
        question(store.within(deadline)),
    );
}

/**
 * The connection for preview's questions. A Secret that another resource of the program still makes is no
 * finding: then there is nothing to ask with yet.
 */
export async function askableConnection(
    context: Context,
    access: KnownPart<S3Access & { awaits?: string[] }>,
): Promise<{ connection?: S3Connection; findings: Finding[] }> {
    const { endpoint, credentials } = access;
    if (endpoint === undefined || credentials === undefined) {
        return { findings: [] };
    }
    try {
        const keys = await resolveKeys(context, credentials, access, ownClusterReader);
        return { connection: connectionWith(context, { ...access, endpoint }, keys), findings: [] };
    } catch (error) {
        const finding = findingOf(error);
        const later = finding.code === "secret-missing" && access.awaits?.includes("credentials");
        return { findings: later ? [] : [finding] };
    }
}

/** S3 keys in a Secret of the cluster: the form in which the LLMOS operator reads them. */
import { createHmac, randomBytes } from "node:crypto";
import { type Credentials, type InCluster, type Keys, keysIn } from "../description/arguments";
import { keyIdFlaw, secretFlaw } from "../description/keyText";
import { failure } from "../finding";
import type { ClusterReader } from "../kubernetes/cluster";
import type { Context } from "../lifecycle";
import {
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    type SecretResource,
    SYSTEM_NAMESPACE,
    secretPath,
} from "../llmos/objects";
import { known, type Reading } from "../reading";
import { ownCluster } from "./cluster";

/** Namespace of credential Secrets: the argument, the stack configuration, else where the operator looks. */
export function namespaceOf(context: Context, namespace?: string): string {
    return namespace ?? context.settings.namespace ?? SYSTEM_NAMESPACE;
}

/** The keys themselves: as given, or read from the cluster, which is by default the one that verbs ask. */
export async function resolveKeys(
    context: Context,
    credentials: Credentials,
    holder: InCluster,
    own: (context: Context, holder: InCluster) => Promise<ClusterReader> = ownCluster,
): Promise<Keys> {
    const keys = keysIn(credentials);
    if (keys) {
        return keys;
    }
    const cluster = await own(context, holder);
    return await readKeys(cluster, namespaceOf(context, credentials.namespace), credentials.secretName ?? "");
}

/** Reads the keys of a Secret, exactly as the operator does: not trimmed. Refuses those that cannot be right. */
export async function readKeys(cluster: ClusterReader, namespace: string, name: string): Promise<Keys> {
    const secret = known(await readSecret(cluster, namespace, name));
    const place = { where: `${cluster.server}, Secret ${namespace}/${name}`, property: "secretName" };
    if (!secret) {
        throw failure("secret-missing", {
            found: `The Secret "${name}" does not exist in namespace "${namespace}"`,
            why: "The LLMOS operator reads the S3 keys from it.",
            next: "Correct the name, create the Secret, or give the keys themselves in credentials.",
            ...place,
        });
    }
    const keys = keysOf(secret);
    const missing = [ACCESS_KEY_ID, SECRET_ACCESS_KEY].filter((key) => !secret.data?.[key]);
    if (!keys) {
        throw failure("secret-incomplete", {
            found: `The Secret "${name}" does not contain ${missing.join(" and ")}`,
            why: "The LLMOS operator looks for exactly these keys.",
            next: `Add the missing data under ${missing.join(" and ")}.`,
            ...place,
        });
    }
    const flaws = [
        flawed(ACCESS_KEY_ID, keyIdFlaw(keys.accessKeyId)),
        flawed(SECRET_ACCESS_KEY, secretFlaw(keys.secretAccessKey)),
    ].filter((each) => each !== undefined);
    if (flaws.length > 0) {
        throw failure("secret-unfit", {
            found: `The Secret "${name}" holds no usable keys: ${flaws.join(", and ")}`,
            why: "The LLMOS operator takes them as they are, and the S3 server refuses the signature.",
            next: `Write it anew: kubectl create secret generic ${name} --namespace ${namespace} --from-literal=${ACCESS_KEY_ID}=ID --from-literal=${SECRET_ACCESS_KEY}=SECRET --dry-run=client --output=yaml | kubectl apply --filename=-. Where keys come from a file or a pipe, use printf %s instead of echo, which adds a newline.`,
            ...place,
        });
    }
    return keys;
}

function flawed(entry: string, flaw: string | undefined): string | undefined {
    return flaw && `${entry} ${flaw}`;
}

export function readSecret(
    cluster: ClusterReader,
    namespace: string,
    name: string,
): Promise<Reading<SecretResource>> {
    return cluster.read<SecretResource>(secretPath(namespace, name));
}

/** The keys that a Secret holds; undefined when one is missing or empty. */
export function keysOf(secret: SecretResource): Keys | undefined {
    const accessKeyId = decode(secret.data?.[ACCESS_KEY_ID]);
    const secretAccessKey = decode(secret.data?.[SECRET_ACCESS_KEY]);
    return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
}

/** The `data` of a Secret that holds these keys. */
export function secretData(keys: Keys): Record<string, string> {
    return { [ACCESS_KEY_ID]: encode(keys.accessKeyId), [SECRET_ACCESS_KEY]: encode(keys.secretAccessKey) };
}

/** A salt for `digestOf`: hex, 16 random bytes. */
export function newSalt(): string {
    return randomBytes(16).toString("hex");
}

/** Salted hash by which a change of the keys is seen without storing them in clear. */
export function digestOf(keys: Keys, salt: string): string {
    return createHmac("sha256", salt)
        .update(JSON.stringify([keys.accessKeyId, keys.secretAccessKey]))
        .digest("hex");
}

function encode(text: string): string {
    return Buffer.from(text, "utf8").toString("base64");
}

function decode(base64: string | undefined): string {
    return Buffer.from(base64 ?? "", "base64").toString("utf8");
}

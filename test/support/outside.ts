/**
 * A sandbox looked at from outside: bare requests to the API server, and Amazon's own client for S3. Never the code
 * under test.
 */
import { Agent } from "node:https";
import {
    DeleteBucketCommand,
    DeleteObjectCommand,
    GetBucketCorsCommand,
    ListBucketsCommand,
    ListObjectsV2Command,
    PutObjectCommand,
    S3Client,
} from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { SandboxDetails } from "../../examples/sandbox";
import { type KubeRequest, kubeRequests } from "./kubeRequest";
import { StoredObjects } from "./storedObjects";

/** Key of the mark that says whose a bucket is. */
const MARK_KEY = ".pulumi-llmos/bucket.json";
const REGISTRIES = "/apis/ml.llmos.ai/v1/registries";
const SECRETS = "/api/v1/namespaces/llmos-system/secrets";

/** A Secret, its data decoded. */
export interface SeenSecret {
    readonly uid: string;
    readonly data: Record<string, string>;
}

/** Amazon's client, bare, for a server and its keys. */
export function s3ClientOf(s3: Omit<SandboxDetails["s3"], "caFile" | "endpoint">): S3Client {
    return new S3Client({
        endpoint: s3.url,
        region: s3.region,
        forcePathStyle: true,
        credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
        requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: s3.caBundle }) }),
    });
}

/** Whether a name is the prefix, or goes on with another word: the names of test files that share a sandbox differ in them. */
export function isBelow(name: string, prefix: string): boolean {
    return prefix === "" || name === prefix || name.startsWith(prefix.endsWith("-") ? prefix : `${prefix}-`);
}

export class Outside {
    readonly stored: StoredObjects;

    private constructor(
        readonly ask: KubeRequest,
        readonly s3: S3Client,
    ) {
        this.stored = new StoredObjects(ask);
    }

    static async of({ kubeconfigFile, s3 }: Pick<SandboxDetails, "kubeconfigFile" | "s3">): Promise<Outside> {
        return new Outside(await kubeRequests(kubeconfigFile), s3ClientOf(s3));
    }

    // biome-ignore lint/suspicious/noExplicitAny: tests look into the object as it is.
    async registry(name: string): Promise<any> {
        return await this.object(`${REGISTRIES}/${name}`);
    }

    async secret(name: string): Promise<SeenSecret | undefined> {
        const secret = await this.object(`${SECRETS}/${name}`);
        if (!secret) {
            return undefined;
        }
        const entries = Object.entries(secret.data as Record<string, string>);
        const data = entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]);
        return { uid: secret.metadata.uid, data: Object.fromEntries(data) };
    }

    /** Names of the Registries, Secrets and buckets that are a prefix, or begin with its words; all for an empty one. */
    async named(prefix: string): Promise<{ registries: string[]; secrets: string[]; buckets: string[] }> {
        const [registries, secrets, { Buckets = [] }] = await Promise.all([
            this.object(REGISTRIES),
            this.object(SECRETS),
            this.s3.send(new ListBucketsCommand({})),
        ]);
        const those = (names: string[]) => names.filter((name) => isBelow(name, prefix)).sort();
        const namesOf = (list: { items: { metadata: { name: string } }[] }) =>
            those(list.items.map(({ metadata }) => metadata.name));
        return {
            registries: namesOf(registries),
            secrets: namesOf(secrets),
            buckets: those(Buckets.map(({ Name = "" }) => Name)),
        };
    }

    /** Origins that the bucket's CORS document allows. */
    async origins(bucket: string): Promise<string[]> {
        const { CORSRules = [] } = await this.s3.send(new GetBucketCorsCommand({ Bucket: bucket }));
        return CORSRules.flatMap(({ AllowedOrigins = [] }) => AllowedOrigins);
    }

    /** Keys in a bucket, without the mark that says whose the bucket is. */
    async objects(bucket: string): Promise<string[]> {
        const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: bucket }));
        return Contents.map(({ Key = "" }) => Key).filter((key) => key !== MARK_KEY);
    }

    async put(bucket: string, key: string, body = "content"): Promise<void> {
        await this.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    }

    async remove(bucket: string, key: string): Promise<void> {
        await this.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    }

    /** Deletes every Registry, every Secret of the operator's namespace and every bucket: for a sandbox of one's own. */
    async clear(): Promise<void> {
        const { registries, secrets, buckets } = await this.named("");
        for (const path of [
            ...registries.map((name) => `${REGISTRIES}/${name}`),
            ...secrets.map((name) => `${SECRETS}/${name}`),
        ]) {
            await this.expect(200, "DELETE", path);
        }
        for (const bucket of buckets) {
            await this.removeBucket(bucket);
        }
    }

    /** Deletes a bucket with all that is in it, the mark that says whose it is too. */
    async removeBucket(bucket: string): Promise<void> {
        const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: bucket }));
        for (const { Key = "" } of Contents) {
            await this.remove(bucket, Key);
        }
        await this.s3.send(new DeleteBucketCommand({ Bucket: bucket }));
    }

    /** Where the history of the cluster's Registries stands now; for `registryHistory`. */
    async now(): Promise<string> {
        return (await this.object(REGISTRIES)).metadata.resourceVersion;
    }

    /** What happened to the Registries since then, as the API server itself tells it. */
    async registryHistory(since: string): Promise<string[]> {
        const query = `watch=true&resourceVersion=${since}&timeoutSeconds=1`;
        const body: string = await this.expect(200, "GET", `${REGISTRIES}?${query}`);
        const events = body
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line));
        const told = events.map(({ type, object }) => {
            const active = object.status?.conditions?.[0]?.status === "True" ? "is Active" : "is Inactive";
            const flag = object.metadata.annotations?.["ml.llmos.ai/is-default-registry"];
            const isDefault = { true: ", the default", false: ", no default" }[String(flag)] ?? "";
            return `${object.metadata.name} ${type === "MODIFIED" ? active + isDefault : type}`;
        });
        return told.filter((line, index) => line !== told[index - 1]);
    }

    async expect(code: number, ...asked: Parameters<KubeRequest>) {
        const { status, body } = await this.ask(...asked);
        if (status === code) {
            return body;
        }
        throw new Error(`${asked[0]} ${asked[1]} was answered with ${status}: ${JSON.stringify(body)}`);
    }

    private async object(path: string) {
        const { status, body } = await this.ask("GET", path);
        return status === 404 ? undefined : body;
    }
}

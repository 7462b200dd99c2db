import type { SecureContext } from "node:tls";
import { type Answer, exchange } from "./exchange";
import { signedHeaders } from "./signature";
import { inTries, isPassing, isPassingFailure } from "./tries";

/** What minio-go is given by the operator to look at one bucket. */
export interface Target {
    endpoint: string;
    bucket: string;
    useSSL: boolean;
    accessKeyID: string;
    accessKeySecret: string;
}

/** The parts of an endpoint once minio-go has accepted it. */
export interface Endpoint {
    scheme: "http" | "https";
    /** As written, with its port if it has one. */
    host: string;
    hostname: string;
    port: number;
}

/**
 * Takes an endpoint as minio-go does, or throws its words. A lone trailing slash passes; a scheme is read as a host
 * "https:" with a path. Source: minio-go v7.0.89, utils.go, getEndpointURL and isValidEndpointURL.
 */
export function parseEndpoint(endpoint: string, useSSL: boolean): Endpoint {
    const [, host = "", path = ""] = /^([^/?#]*)(\/[^?#]*)?/.exec(endpoint) ?? [];
    if (path !== "" && path !== "/") throw new Error("Endpoint url cannot have fully qualified paths.");
    const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d*))?$/.exec(host) ?? [];
    const hostname = bracketed ?? name ?? "";
    if (!hostname || /^[-_.]|[-_]$|[`~!@#$%^&*()+={}[\]|\\"';><\s]/.test(hostname)) {
        throw new Error(`Endpoint: ${host} does not follow ip address or domain name standards.`);
    }
    return {
        scheme: useSSL ? "https" : "http",
        host,
        hostname,
        port: port ? Number(port) : useSSL ? 443 : 80,
    };
}

/**
 * minio-go's BucketExists: GetBucketLocation signed for us-east-1, then HEAD signed for the region found, both path
 * style. Gives that region, or undefined when there is no such bucket. Throws what minio-go would return as an error.
 * Source: minio-go v7.0.89, bucket-cache.go, api-stat.go and api.go, executeMethod: the location is tried again for the
 * code of a refusal alone, HEAD for its status and for failures of the network too.
 */
export async function regionOfBucket(
    endpoint: Endpoint,
    target: Target,
    trust: SecureContext,
    signal: AbortSignal,
): Promise<string | undefined> {
    refuseBucketName(target.bucket);
    const ask = (method: "GET" | "HEAD", query: string, region: string) =>
        send({ endpoint, target, trust, signal, method, query, region });
    let known: { region: string | undefined } | undefined;
    const attempt = async () => {
        known ??= { region: regionAnswered(await ask("GET", "location=", "us-east-1")) };
        const { region } = known;
        if (region === undefined) return undefined;
        const head = await ask("HEAD", "", region).catch((error: Error) => {
            throw isPassingFailure(error) ? new Passing(error.message) : error;
        });
        if (head.status === 200) return region;
        const { code, message } = errorOf(head);
        if (code === "NoSuchBucket") return undefined;
        throw isPassing(code, head.status) ? new Passing(message) : new Error(message);
    };
    return inTries(attempt, (error) => error instanceof Passing, signal);
}

/** A failure after which minio-go tries again. */
class Passing extends Error {}

/** The region that GetBucketLocation tells, or undefined when there is no such bucket. */
function regionAnswered(location: Answer): string | undefined {
    const failure = location.status === 200 ? undefined : errorOf(location);
    if (failure?.code === "NoSuchBucket") return undefined;
    if (failure && !answersWithoutLocation.has(failure.code)) {
        throw isPassing(failure.code) ? new Passing(failure.message) : new Error(failure.message);
    }
    const named = (failure ? failure.region : element(location.body, "LocationConstraint")) ?? "";
    return regionNames[named] ?? named;
}

const answersWithoutLocation = new Set(["AccessDenied", "AuthorizationHeaderMalformed", "InvalidRegion"]);
const regionNames: Record<string, string> = { "": "us-east-1", EU: "eu-west-1" };

async function send(call: {
    endpoint: Endpoint;
    target: Target;
    trust: SecureContext;
    signal: AbortSignal;
    method: "GET" | "HEAD";
    query: string;
    region: string;
}): Promise<Answer> {
    const { endpoint, target, trust, signal, method, query, region } = call;
    const secure = endpoint.scheme === "https";
    const host = endpoint.host.replace(secure ? /:(443)?$/ : /:(80)?$/, "");
    const path = `/${encodeURIComponent(target.bucket)}/`;
    const headers = signedHeaders({ method, host, path, query, region, secure }, target);
    const peer = { ...endpoint, trust: secure ? trust : undefined, signal };
    const wire = query ? `${path}?${query}` : path;
    try {
        return await exchange(peer, { method, path: wire, headers });
    } catch (error) {
        const url = `${endpoint.scheme}://${host}${wire}`;
        const verb = method === "GET" ? "Get" : "Head";
        const said = (error as Error).message;
        const reason = said === "EOF" ? `Connection closed by foreign host ${url}. Retry again.` : said;
        throw new Error(`${verb} "${url}": ${reason}`);
    }
}

/** Source: minio-go v7.0.89, api-error-response.go, httpRespToErrorResponse. */
function errorOf(answer: Answer): { code: string; message: string; region: string | undefined } {
    const header = answer.headers["x-amz-bucket-region"];
    const region = element(answer.body, "Region") ?? (typeof header === "string" ? header : undefined);
    const code = element(answer.body, "Code");
    if (code) {
        const message = element(answer.body, "Message") || `Error response code ${code}.`;
        return { code, message, region };
    }
    if (answer.status === 404) return { code: "NoSuchBucket", message: "", region };
    if (answer.status === 403) return { code: "AccessDenied", message: "Access Denied.", region };
    const status = `${answer.status} ${answer.statusText}`;
    return { code: status, message: answer.body.trim().slice(0, 1024) || status, region };
}

function element(xml: string, name: string): string | undefined {
    const found = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1];
    return found?.replace(/&(amp|lt|gt|quot|apos|#39|#34);/g, (_, entity: string) => entities[entity]!);
}

const entities: Record<string, string> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    "#39": "'",
    "#34": '"',
};

/** Source: minio-go v7.0.89, pkg/s3utils, CheckValidBucketName: its lax form, which lets capitals and "_" pass. */
function refuseBucketName(name: string): void {
    const shape = /^[A-Za-z0-9][A-Za-z0-9.\-_:]{1,61}[A-Za-z0-9]$/;
    if (name.trim() === "") throw new Error("Bucket name cannot be empty");
    if (name.length < 3) throw new Error("Bucket name cannot be shorter than 3 characters");
    if (name.length > 63) throw new Error("Bucket name cannot be longer than 63 characters");
    if (/^(\d+\.){3}\d+$/.test(name)) throw new Error("Bucket name cannot be an ip address");
    if (/\.\.|\.-|-\./.test(name) || !shape.test(name)) {
        throw new Error("Bucket name contains invalid characters");
    }
}

/** Arguments that several resources share, with the decoders that check them. */
import { X509Certificate } from "node:crypto";
import {
    either,
    type Fields,
    flag,
    list,
    message,
    object,
    oneOf,
    optional,
    type Refined,
    required,
    text,
    withDefault,
} from "./fields";
import { parseBucketName, parseEndpoint } from "./s3/endpoint";

/** How the bucket is addressed: in the path, in the host name, or as minio-go, the operator's client, does. */
export type Addressing = "auto" | "path" | "virtual";

/** What a failed question of preview does: stop, warn, or not be asked. */
export type Reachability = "enforce" | "warn" | "off";

/** A cluster as a program names it. Neither field is compared: a rotated token is no change. */
export interface ClusterReference {
    /** Kubeconfig, as content or as a path. Content is kept secret. */
    kubeconfig?: string;
    /** Context of the kubeconfig. Default: its current one. */
    context?: string;
}

/** S3 keys. Secret: never in a log, an error or an annotation. */
export interface Keys {
    /** Access key id, as the S3 server knows it. */
    accessKeyId: string;
    /** Secret access key that belongs to it. */
    secretAccessKey: string;
}

/** Keys that stay in the cluster: read from this Secret when they are needed, and never stored in the stack. */
export interface KeysInSecret {
    /** Name of an Opaque Secret with the keys `accessKeyID` and `accessKeySecret` (LLMOS guide, "Secret Name"). */
    secretName: string;
    /** Its namespace. Default `llmos-system` or `llmos:namespace`. */
    namespace?: string;
}

/** Keys given here, or the Secret that holds them. */
export type Credentials = Keys | KeysInSecret;

/** An S3 server and how to speak to it. */
export interface S3Server {
    /** `host[:port]`, over HTTPS; `https://` in front is accepted. */
    endpoint: string;
    /** Region that requests are signed for. Default `us-east-1`, which most S3-compatible servers expect. */
    region?: string;
    /** Default `auto`: in the host name for AWS, in the path for everything else. */
    addressing?: Addressing;
    /** PEM certificates of the authority behind the endpoint, as content, for a private one. */
    caBundle?: string;
}

/** Common to all resources that ask before they act. */
export interface Guarded {
    /** Default `enforce`: a failed question of preview stops it. */
    reachability?: Reachability;
    /**
     * Arguments that come from other resources of the same program, filled in by the resource classes: what
     * they name may be missing at preview, because it is still to be made.
     */
    awaits?: string[];
}

/** Common to all resources that make something which somebody else could have made. */
export interface Owned {
    /** Takes over what exists already under this name. Default false: that is an error. */
    adopt?: boolean;
    /** `project/stack/resource`, filled in by the resource classes: how an interrupted run knows its own work. */
    owner?: string;
}

/** One line, without white space at either end: a pasted newline would become part of the key. */
function keyText(value: string): Refined<string> {
    if (value.length === 0) {
        return { refused: "is empty." };
    }
    if (value !== value.trim()) {
        const where = value === value.trimEnd() ? "begins" : "ends";
        return {
            refused: `${where} with white space or a newline, which would become part of the key: the S3 server then refuses the signature. Remove it (a file often ends with one; use .trim()).`,
        };
    }
    return { value };
}

/** A DNS-1123 subdomain, as Kubernetes demands of object names. */
export function objectName(value: string): Refined<string> {
    const fits = value.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(value);
    return fits
        ? { value }
        : {
              refused: `"${value}" is not a Kubernetes name: at most 253 lower-case letters, digits, dots and hyphens, a letter or digit at both ends (RFC 1123).`,
          };
}

/** PEM certificates that parse and have not expired. */
export function caBundle(value: string): Refined<string> {
    const certificates = value.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
    if (!certificates) {
        return {
            refused: `holds no PEM certificate ("-----BEGIN CERTIFICATE-----"). Give the content of the file, not its path.`,
        };
    }
    for (const [index, pem] of certificates.entries()) {
        const problem = certificateProblem(pem);
        if (problem) {
            return { refused: `certificate ${index + 1} of ${certificates.length} ${problem}.` };
        }
    }
    return { value };
}

function certificateProblem(pem: string): string | undefined {
    try {
        const certificate = new X509Certificate(pem);
        const expired = Date.parse(certificate.validTo) < Date.now();
        return expired ? `(${certificate.subject}) expired on ${certificate.validTo}` : undefined;
    } catch {
        return "cannot be parsed";
    }
}

export const keysFields: Fields<Keys> = {
    accessKeyId: required(text(keyText)),
    secretAccessKey: required(text(keyText)),
};

const keysInSecret = object<KeysInSecret>({
    secretName: required(text(objectName)),
    namespace: optional(text(objectName)),
});

export const credentials = either("secretName", keysInSecret, object<Keys>(keysFields));

export const s3ServerFields: Fields<S3Server> = {
    endpoint: required(text(parseEndpoint)),
    region: optional(text()),
    addressing: optional(oneOf("auto", "path", "virtual")),
    caBundle: optional(text(caBundle)),
};

/** The same without the endpoint, where a change matters only to later questions. */
export const s3OptionFields: Fields<Omit<S3Server, "endpoint">> = {
    region: { ...s3ServerFields.region, onChange: "store" },
    addressing: { ...s3ServerFields.addressing, onChange: "store" },
    caBundle: { ...s3ServerFields.caBundle, onChange: "store" },
};

export const bucketName = required(text(parseBucketName));

export const cluster = optional(
    object<ClusterReference>({ kubeconfig: optional(text()), context: optional(text()) }),
    "store",
);

export const guardedFields: Fields<Guarded> = {
    reachability: optional(oneOf<Reachability>("enforce", "warn", "off"), "store"),
    awaits: message(list(text())),
};

export const ownedFields: Fields<Owned> = {
    adopt: withDefault(flag, false, "store"),
    owner: optional(text()),
};

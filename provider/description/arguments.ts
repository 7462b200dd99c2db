/** Arguments that several kinds of resources share. */
import { parseBucketName, parseEndpoint } from "../description/endpoint";
import { caBundle } from "./certificates";
import type { Refined } from "./decoding";
import {
    changing,
    derived,
    filledIn,
    type InputsOf,
    message,
    type OnChange,
    optional,
    refers,
    required,
    secret,
    withDefault,
} from "./fields";
import { keyId, secretKey } from "./keyText";
import { flag, list, object, oneOf, text } from "./kinds";

/** How the bucket is addressed: in the path, in the host name, or as minio-go, the operator's client, does. */
export type Addressing = "auto" | "path" | "virtual";

/** What a failed question of preview does: stop, warn, or not be asked. */
export type Reachability = "enforce" | "warn" | "off";

/** A DNS-1123 subdomain, as Kubernetes demands of object names. */
export function objectName(value: string): Refined<string> {
    const fits = value.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(value);
    return fits
        ? { value }
        : {
              refused: `"${value}" is not a Kubernetes name: at most 253 lower-case letters, digits, dots and hyphens, a letter or digit at both ends (RFC 1123).`,
          };
}

/** What the client signs for: one label of a host name. The SDK takes a name of AWS's FIPS endpoints for another endpoint. */
export function regionName(value: string): Refined<string> {
    const alone = value.replace(/^fips-|-fips$/g, "");
    if (alone !== value) {
        return {
            refused: `"${value}" names a FIPS endpoint of AWS, and no region. Write "${alone}", and the endpoint's own address as endpoint.`,
        };
    }
    return /^(?!-)[a-z0-9-]{1,63}(?<!-)$/i.test(value)
        ? { value }
        : {
              refused: `"${value}" is not the name of a region: 1 to 63 letters, digits and hyphens, a letter or digit at both ends, for example "us-east-1".`,
          };
}

export const bucketName = required(text(parseBucketName));

const clusterReferenceFields = {
    /** Kubeconfig, as content or as a path. Content is kept secret. */
    kubeconfig: secret(optional(text())),
    /** Context of the kubeconfig. Default: its current one. */
    context: optional(text()),
};

/** A cluster as a program names it. Its change is a change of the state alone: a rotated token is the same cluster. */
export interface ClusterReference extends InputsOf<typeof clusterReferenceFields> {}

/** Arguments of every kind that lives in a cluster; `elsewhere` says what another cluster does. */
export function clusterFields(elsewhere: OnChange) {
    return {
        /** Which cluster. Default: stack configuration, then environment (README, "Configuration"). */
        cluster: optional(object<ClusterReference>("ClusterReference", clusterReferenceFields), "store"),
        /** Identity of the cluster (UID of namespace kube-system). */
        clusterId: filledIn(text(), elsewhere),
    };
}

/** Arguments and state of every resource that lives in a cluster. */
export interface InCluster extends InputsOf<ReturnType<typeof clusterFields>> {}

export const keysFields = {
    /** Access key id, as the S3 server knows it. */
    accessKeyId: secret(required(text(keyId))),
    /** Secret access key that belongs to it. */
    secretAccessKey: secret(required(text(secretKey))),
};

/** S3 keys. Secret: never in a log, an error or an annotation. */
export interface Keys extends InputsOf<typeof keysFields> {}

const credentialsFields = {
    /** Access key id, as the S3 server knows it. */
    accessKeyId: secret(optional(text(keyId))),
    /** Secret access key that belongs to it. */
    secretAccessKey: secret(optional(text(secretKey))),
    /**
     * Instead of the keys: name of an Opaque Secret that holds them as `accessKeyID` and `accessKeySecret` (LLMOS guide,
     * "Secret Name"). They are read when they are needed, and never stored in the stack.
     */
    secretName: refers("CredentialSecret", optional(text(objectName))),
    /** Namespace of the Secret. Default `llmos-system` or `llmos:namespace`. */
    namespace: optional(text(objectName)),
};

/** Keys given here, or the Secret that holds them. */
export interface Credentials extends InputsOf<typeof credentialsFields> {}

/** The keys given; undefined where a Secret holds them. */
export function keysIn({ accessKeyId, secretAccessKey }: Credentials): Keys | undefined {
    return accessKeyId !== undefined && secretAccessKey !== undefined
        ? { accessKeyId, secretAccessKey }
        : undefined;
}

function notOneForm({ accessKeyId, secretAccessKey, secretName }: Credentials): string | undefined {
    const keys = [accessKeyId, secretAccessKey].filter((key) => key !== undefined);
    if (keys.length === 1) {
        return `has ${accessKeyId ? "accessKeyId without secretAccessKey" : "secretAccessKey without accessKeyId"}.`;
    }
    if (keys.length === 2 && secretName !== undefined) {
        return "has both keys and secretName. Give the keys, or the name of the Secret that holds them.";
    }
    return keys.length === 0 && secretName === undefined
        ? "is empty. Give accessKeyId and secretAccessKey, or the secretName of a Secret that holds them."
        : undefined;
}

const credentials = object<Credentials>("Credentials", credentialsFields, notOneForm);

const endpointFields = {
    /** `host[:port]`, over HTTPS; `https://` in front is accepted. */
    endpoint: required(text(parseEndpoint)),
};

/** How to speak to an S3 server, where a change matters only to later questions. */
export const s3OptionFields = {
    /** Region that requests are signed for. Default `us-east-1`, which most S3-compatible servers expect. */
    region: optional(text(regionName), "store"),
    /** How the bucket is addressed. Default `auto`: in the host name for AWS, in the path for everything else. */
    addressing: optional(oneOf<Addressing>("auto", "path", "virtual"), "store"),
    /** PEM certificates of the authority behind the endpoint, as content: trusted for it beside `llmos:caBundle` and Node's own. */
    caBundle: optional(text(caBundle), "store"),
};

export interface S3Options extends InputsOf<typeof s3OptionFields> {}

/** An S3 server and how to speak to it. */
export interface S3Server extends InputsOf<typeof endpointFields>, S3Options {}

export const s3ServerFields = {
    ...endpointFields,
    region: changing(s3OptionFields.region, "write"),
    addressing: changing(s3OptionFields.addressing, "write"),
    caBundle: changing(s3OptionFields.caBundle, "write"),
};

const accessFields = {
    /** Keys that may do what this resource does, or the Secret that holds them. */
    credentials: required(credentials),
};

/** Arguments of every kind that lives in a bucket; the cluster is the one that holds the Secret with the keys. */
export const s3AccessFields = { ...s3ServerFields, ...accessFields, ...clusterFields("store") };

export interface S3Access extends S3Server, InputsOf<typeof accessFields>, InCluster {}

/** A bucket on which keys are proved. */
export interface ProofTarget extends S3Server {
    /** Bucket name. */
    bucket: string;
}

export const proofTarget = object<ProofTarget>("ProofTarget", { ...s3ServerFields, bucket: bucketName });

export const guardedFields = {
    /** What a failed question of preview does. Default `enforce`: it stops. */
    reachability: optional(oneOf<Reachability>("enforce", "warn", "off"), "store"),
    /**
     * Arguments that come from other resources of the same program, filled in by the resource classes: what
     * they name may be missing at preview, because it is still to be made.
     */
    awaits: message(list(text())),
};

/** Common to all resources that ask before they act. */
export interface Guarded extends InputsOf<typeof guardedFields> {}

export const ownedFields = {
    /** Take over what exists already under this name. Default false: that is an error. */
    adopt: withDefault(flag, false, "store"),
    /** The program resource, as `ownerOf` names it: how an interrupted run knows its own work. */
    owner: derived(text(), "write"),
};

/** Common to all resources that make something which somebody else could have made. */
export interface Owned extends InputsOf<typeof ownedFields> {}

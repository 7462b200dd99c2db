import * as pulumi from "@pulumi/pulumi";
import type { Check } from "../checks";
import type { Addressing, ClusterReference, Keys, Reachability } from "../description/arguments";
import type { Condition } from "../kubernetes/objects";
import type { Timeouts } from "../resources/registryObject/description";
import type { CorsRule } from "../s3/corsRule";
import type { Deep } from "./resourceClass";
import { Bucket, BucketCors, CredentialSecret, DefaultRegistry, RegistryObject } from "./resources";

/** The bucket of a registry. */
export interface RegistryBucketArgs {
    /** Bucket name (S3 "Bucket naming rules"). */
    name: pulumi.Input<string>;
    /** It exists already: it is used as it is, and never deleted. Default false: make it. */
    existing?: pulumi.Input<boolean>;
    /** Take over an existing bucket that is in use. Default false. */
    adopt?: pulumi.Input<boolean>;
    /** Delete the bucket with all that is in it. Default false; counts only once it has been applied. */
    forceDestroy?: pulumi.Input<boolean>;
}

/** The S3 keys of a registry, and the Secret in which LLMOS finds them. */
export interface RegistryCredentialsArgs {
    /** Access key id, as the S3 server knows it. */
    accessKeyId?: pulumi.Input<string>;
    /** Secret access key that belongs to it. */
    secretAccessKey?: pulumi.Input<string>;
    /** Name of the Secret. Default, where it is made: the registry's name followed by `-credentials`. */
    secretName?: pulumi.Input<string>;
    /**
     * The Secret exists already and holds the keys, which stay out of the stack. Then neither key is given. Default false:
     * it is made, with the two keys.
     */
    existing?: boolean;
}

/** The CORS rules of a registry's bucket. Exactly one of the three is given. */
export interface RegistryCorsArgs {
    /** Addresses of the LLMOS page (`https://llmos.example.com`), which get the rule of the LLMOS guide. */
    allowedOrigins?: pulumi.Input<pulumi.Input<string>[]>;
    /** Full rules instead. */
    rules?: pulumi.Input<pulumi.Input<Deep<CorsRule>>[]>;
    /** Leave the bucket's CORS rules alone. */
    unmanaged?: boolean;
}

/**
 * Arguments of a {@link Registry}. Which resources there are is decided by the shape of `credentials`, `cors`
 * and `default`; these are plain, and take outputs inside.
 */
export interface RegistryArgs {
    /** Name, unique in the cluster. Default: the resource's name. Another name replaces the registry, the new one first. */
    name?: pulumi.Input<string>;
    /** Shown on the LLMOS page. */
    description?: pulumi.Input<string>;
    /** S3 server as `host[:port]`; `https://` in front is accepted, http is refused (LLMOS guide). */
    endpoint: pulumi.Input<string>;
    /** The bucket: one to make, or one that exists. */
    bucket: RegistryBucketArgs;
    /** Keys for LLMOS, or the name of an existing Secret that holds them, which keeps them out of the stack. */
    credentials: RegistryCredentialsArgs;
    /** Keys that make the bucket and set CORS. Default: `credentials`. */
    adminCredentials?: pulumi.Input<Deep<Keys>>;
    /** Origins of the LLMOS page, or rules; `unmanaged: true` leaves the bucket's CORS alone. */
    cors: RegistryCorsArgs;
    /** Make it the cluster's default for new models and datasets. Default false. */
    default?: boolean;
    /** PEM certificates of the S3 server's authority, as content. Default: `llmos:caBundle`, else the system's. */
    caBundle?: pulumi.Input<string>;
    /** Region that requests are signed for. Default `us-east-1`. */
    region?: pulumi.Input<string>;
    /** How the bucket is addressed. Default `auto`: in the host name for AWS, in the path for everything else. */
    addressing?: pulumi.Input<Addressing>;
    /** What a failed question of preview does. Default `enforce`: it stops. */
    reachability?: pulumi.Input<Reachability>;
    /** Which cluster. Default: stack configuration, then environment. */
    cluster?: pulumi.Input<Deep<ClusterReference>>;
    /** Namespace of the Secret. Default `llmos-system` or `llmos:namespace`; the LLMOS operator reads `llmos-system` only. */
    namespace?: pulumi.Input<string>;
    /** Take over a Registry and a Secret of these names that exist already. Default false. */
    adopt?: pulumi.Input<boolean>;
    /** Says that the content has been moved: lets endpoint and bucket change although something uses the registry. */
    relocate?: pulumi.Input<boolean>;
    /** Prove that the keys can write, with one small object that is deleted again. Default true. */
    proveWriting?: pulumi.Input<boolean>;
    /** How long to wait for the LLMOS operator. */
    timeouts?: pulumi.Input<Deep<Timeouts>>;
}

/**
 * An LLMOS registry as one unit: bucket, CORS rules, credential Secret, Registry object and default flag, each
 * a resource of its own below this one.
 *
 * @example
 * ```ts
 * new llmos.Registry("models", {
 *     endpoint: "s3.registry.com:5000",
 *     bucket: { name: "models" },
 *     credentials: { accessKeyId, secretAccessKey },
 *     cors: { allowedOrigins: ["https://llmos.example.com"] },
 *     default: true,
 * });
 * ```
 */
export class Registry extends pulumi.ComponentResource {
    /** Name of the Registry. */
    readonly name: pulumi.Output<string>;
    /** Endpoint, as `host[:port]`. */
    readonly endpoint: pulumi.Output<string>;
    /** Bucket name. */
    readonly bucket: pulumi.Output<string>;
    /** Name of the Secret that holds the keys. */
    readonly secretName: pulumi.Output<string>;
    /** For display; in virtual-host style whatever the server speaks, so not an address to dial. */
    readonly storageAddress: pulumi.Output<string | undefined>;
    /** Whether this stack makes it the cluster's default. */
    readonly isDefault: pulumi.Output<boolean>;
    /** Active or Inactive, as the LLMOS page shows it. */
    readonly state: pulumi.Output<"Active" | "Inactive">;
    /** The conditions that the LLMOS operator wrote. */
    readonly conditions: pulumi.Output<Condition[]>;
    /** What was proved about cluster, store, keys and CORS, and when. */
    readonly checks: pulumi.Output<Check[]>;

    constructor(name: string, args: RegistryArgs, options?: pulumi.ComponentResourceOptions) {
        super("llmos:index:Registry", name, {}, options);
        refuseIncomplete(name, args);
        const parts = new Parts(this, name, args);
        const bucket = parts.bucket();
        const secret = parts.secret(bucket);
        const cors = parts.cors([bucket, ...secret]);
        const registry = parts.registry(secret[0], [bucket, ...secret, ...cors]);
        const [flag] = parts.defaultFlag(registry);
        this.name = madeBy(registry, args.name ?? name);
        this.endpoint = registry.endpoint;
        this.bucket = registry.bucket;
        this.secretName = registry.secretName;
        this.storageAddress = registry.storageAddress;
        this.isDefault = flag ? flag.isDefault : pulumi.output(false);
        this.state = registry.state;
        this.conditions = registry.conditions;
        const [corsRules] = cors;
        this.checks = corsRules
            ? pulumi.all([registry.checks, corsRules.checks]).apply((lists) => lists.flat())
            : registry.checks;
        const { endpoint, secretName, storageAddress, isDefault, state, conditions, checks } = this;
        this.registerOutputs({
            name: this.name,
            bucket: this.bucket,
            endpoint,
            secretName,
            storageAddress,
            isDefault,
            state,
            conditions,
            checks,
        });
    }
}

/**
 * The children of one registry. They are given each other's names as inputs and wait for each other, instead of
 * taking each other's outputs: an output is unknown while its resource is updated, and preview would then show
 * changes where there are none.
 */
class Parts {
    private readonly options: pulumi.CustomResourceOptions;
    private readonly registryName: pulumi.Input<string>;

    constructor(
        parent: Registry,
        private readonly name: string,
        private readonly args: RegistryArgs,
    ) {
        this.options = { parent };
        this.registryName = args.name ?? name;
    }

    bucket(): Bucket {
        const { name, existing, adopt, forceDestroy } = this.args.bucket;
        return new Bucket(
            `${this.name}-bucket`,
            given({
                ...this.storage,
                name,
                existing,
                adopt,
                forceDestroy,
                registry: this.registryName,
                relocate: this.args.relocate,
            }),
            this.options,
        );
    }

    /** None when an existing Secret is used. */
    secret(bucket: Bucket): CredentialSecret[] {
        const keys = this.keys;
        if (!keys) {
            return [];
        }
        const { endpoint, region, addressing, caBundle, namespace, adopt, proveWriting } = this.args;
        const args = given({
            ...this.common,
            name: this.secretName,
            ...keys,
            namespace,
            adopt,
            proveWriting,
            target: given({ endpoint, region, addressing, caBundle, bucket: this.args.bucket.name }),
        });
        return [new CredentialSecret(`${this.name}-secret`, args, this.after([bucket]))];
    }

    /** None when CORS is left alone. */
    cors(before: pulumi.Resource[]): BucketCors[] {
        const { cors, adopt } = this.args;
        if (cors.unmanaged) {
            return [];
        }
        const { allowedOrigins, rules } = cors;
        const adoptCors = this.args.bucket.adopt ?? adopt;
        const args = given({
            ...this.storage,
            allowedOrigins,
            rules,
            bucket: this.args.bucket.name,
            adopt: adoptCors,
            registry: this.registryName,
        });
        return [new BucketCors(`${this.name}-cors`, args, this.after(before))];
    }

    registry(secret: CredentialSecret | undefined, before: pulumi.Resource[]): RegistryObject {
        const { description, endpoint, region, addressing, caBundle, namespace } = this.args;
        const { adopt, relocate, proveWriting, timeouts } = this.args;
        const args = given({
            ...this.common,
            name: this.registryName,
            description,
            endpoint,
            region,
            addressing,
            caBundle,
            namespace,
            adopt,
            relocate,
            proveWriting,
            timeouts,
            bucket: this.args.bucket.name,
            secretName: secret ? madeBy(secret, this.secretName) : this.secretName,
            keyRevision: secret?.keyRevision,
        });
        return new RegistryObject(`${this.name}-registry`, args, this.after(before));
    }

    /** None unless it is the default. */
    defaultFlag(registry: RegistryObject): DefaultRegistry[] {
        if (!this.args.default) {
            return [];
        }
        const args = given({ ...this.common, registry: this.registryName });
        return [new DefaultRegistry(`${this.name}-default`, args, this.after([registry]))];
    }

    /** The keys; undefined where an existing Secret holds them. */
    private get keys(): Deep<Keys> | undefined {
        const { accessKeyId, secretAccessKey } = this.args.credentials;
        return accessKeyId !== undefined && secretAccessKey !== undefined
            ? { accessKeyId, secretAccessKey }
            : undefined;
    }

    private get secretName(): pulumi.Input<string> {
        return this.args.credentials.secretName ?? pulumi.interpolate`${this.registryName}-credentials`;
    }

    /** For the two resources that live in the bucket. */
    private get storage() {
        const { endpoint, region, addressing, caBundle, adminCredentials, namespace } = this.args;
        const secret = given({ secretName: this.secretName, namespace });
        const credentials = adminCredentials ?? this.keys ?? secret;
        return { ...this.common, endpoint, region, addressing, caBundle, credentials };
    }

    private get common() {
        const { cluster, reachability } = this.args;
        return { cluster, reachability };
    }

    private after(dependsOn: pulumi.Resource[]): pulumi.CustomResourceOptions {
        return { ...this.options, dependsOn };
    }
}

/**
 * The name, known at preview, that says where it comes from: preview then does not insist that it exists. The resource's
 * own output would be unknown while it is updated, and a change of it would show wherever the name is used.
 */
function madeBy(resource: pulumi.Resource, name: pulumi.Input<string>): pulumi.Output<string> {
    return pulumi.all([name, resource.urn]).apply(([known]) => known);
}

/** Refuses what the types cannot, in the words that a program without types needs as well. */
function refuseIncomplete(name: string, args: Partial<RegistryArgs> | undefined): void {
    const { endpoint, bucket, credentials, cors } = args ?? {};
    const missing = Object.entries({ endpoint, bucket, credentials, cors }).flatMap(([argument, value]) =>
        value === undefined ? [argument] : [],
    );
    if (missing.length > 0) {
        throw new pulumi.RunError(`Registry "${name}" lacks ${missing.join(", ")}. ${SEE}`);
    }
    const problem =
        shapeProblem({ bucket, credentials, cors }) ??
        credentialsProblem(credentials ?? {}) ??
        corsProblem(cors ?? {});
    if (problem !== undefined) {
        throw new pulumi.RunError(`Registry "${name}": ${problem} ${SEE}`);
    }
}

const SEE = 'docs/reference.md lists what each argument takes ("Registry").';

function shapeProblem(objects: Record<string, unknown>): string | undefined {
    const other = Object.entries(objects).find(
        ([, value]) => typeof value !== "object" || value === null || pulumi.Output.isInstance(value),
    );
    return other && `${other[0]} must be an object; its fields take outputs.`;
}

function credentialsProblem(credentials: RegistryCredentialsArgs): string | undefined {
    const { accessKeyId, secretAccessKey, secretName, existing } = credentials;
    const keys = [accessKeyId, secretAccessKey].filter((key) => key !== undefined).length;
    if (existing) {
        return secretName === undefined || keys > 0
            ? "credentials with existing: true take secretName, and no keys: the Secret holds them."
            : undefined;
    }
    return keys === 2
        ? undefined
        : "credentials need accessKeyId and secretAccessKey; or secretName and existing: true, for a Secret that holds them already.";
}

function corsProblem({ allowedOrigins, rules, unmanaged }: RegistryCorsArgs): string | undefined {
    const given = [allowedOrigins, rules, unmanaged || undefined].filter((each) => each !== undefined).length;
    return given === 1 ? undefined : "cors takes exactly one of allowedOrigins, rules and unmanaged: true.";
}

/** The arguments without those that were not given. */
function given<T extends object>(args: T): { [K in keyof T]: Exclude<T[K], undefined> } {
    const entries = Object.entries(args).filter(([, value]) => value !== undefined);
    return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** Arguments of a registry, and what is wrong with their shape. */
import * as pulumi from "@pulumi/pulumi";
import type { Addressing, ClusterReference, Keys, Reachability } from "../../description/arguments";
import type { Timeouts } from "../../resources/registryObject/description";
import type { CorsRule } from "../../s3/cors/rule";
import type { Deep } from "../resourceClass";

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
    /** Leave the bucket's CORS rules alone. Rules that this stack has set before are removed. */
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
    /** PEM certificates of the S3 server's authority, as content: trusted for it beside `llmos:caBundle` and Node's own. */
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
    /** Take over a Registry and a Secret of these names that exist already, and the bucket's CORS rules. Default false. */
    adopt?: pulumi.Input<boolean>;
    /** Says that the content has been moved: lets endpoint and bucket change although something uses the registry. */
    relocate?: pulumi.Input<boolean>;
    /** Prove that the keys can write, with one small object that is deleted again. Default true. */
    proveWriting?: pulumi.Input<boolean>;
    /** How long to wait for the LLMOS operator. */
    timeouts?: pulumi.Input<Deep<Timeouts>>;
}

/** Refuses what the types cannot, in the words that a program without types needs as well. */
export function refuseIncomplete(name: string, args: Partial<RegistryArgs> | undefined): void {
    const { endpoint, bucket, credentials, cors } = args ?? {};
    const missing = Object.entries({ endpoint, bucket, credentials, cors }).flatMap(([argument, value]) =>
        value === undefined ? [argument] : [],
    );
    if (missing.length > 0) {
        throw new pulumi.RunError(`Registry "${name}" lacks ${missing.join(", ")}. ${SEE}`);
    }
    const problem =
        shapeProblem({ bucket, credentials, cors }) ??
        unknownProblem(args ?? {}) ??
        switchProblem(args ?? {}) ??
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

/** What the arguments and their parts take; the children refuse what is wrong elsewhere. */
const KNOWN = namesOf<RegistryArgs>({
    name: true,
    description: true,
    endpoint: true,
    bucket: true,
    credentials: true,
    adminCredentials: true,
    cors: true,
    default: true,
    caBundle: true,
    region: true,
    addressing: true,
    reachability: true,
    cluster: true,
    namespace: true,
    adopt: true,
    relocate: true,
    proveWriting: true,
    timeouts: true,
});
const KNOWN_IN = {
    bucket: namesOf<RegistryBucketArgs>({ name: true, existing: true, adopt: true, forceDestroy: true }),
    credentials: namesOf<RegistryCredentialsArgs>({
        accessKeyId: true,
        secretAccessKey: true,
        secretName: true,
        existing: true,
    }),
    cors: namesOf<RegistryCorsArgs>({ allowedOrigins: true, rules: true, unmanaged: true }),
};

/** The names of a table that the type keeps whole. */
function namesOf<A>(table: { [K in keyof Required<A>]: true }): string[] {
    return Object.keys(table);
}

function unknownProblem(args: Partial<RegistryArgs>): string | undefined {
    const parts = (["bucket", "credentials", "cors"] as const).map((part) => ({
        at: `${part}.`,
        given: args[part] ?? {},
        known: KNOWN_IN[part],
    }));
    for (const { at, given, known } of [{ at: "", given: args, known: KNOWN }, ...parts]) {
        const unknown = Object.keys(given).find((name) => !known.includes(name));
        if (unknown !== undefined) {
            return `${at}${unknown} is no argument. Known here: ${known.join(", ")}.`;
        }
    }
    return undefined;
}

/** A text "false" would count as true, and so would an output, whatever it comes to. */
function switchProblem(args: Partial<RegistryArgs>): string | undefined {
    const { credentials, cors } = args;
    const switches = {
        default: args.default,
        "credentials.existing": credentials?.existing,
        "cors.unmanaged": cors?.unmanaged,
    };
    const other = Object.entries(switches).find(
        ([, value]) => value !== undefined && typeof value !== "boolean",
    );
    return (
        other &&
        `${other[0]} must be true or false, and no output: it decides which resources there are, also at preview.`
    );
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

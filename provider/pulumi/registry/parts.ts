/** The children of a registry, and the name that they know it by. */
import * as pulumi from "@pulumi/pulumi";
import type { Keys } from "../../description/arguments";
import type { Deep } from "../resourceClass";
import { Bucket, BucketCors, CredentialSecret, DefaultRegistry, RegistryObject } from "../resources";
import type { RegistryArgs } from "./args";

/**
 * The children of one registry. They are given each other's names as inputs and wait for each other, instead of
 * taking each other's outputs: an output is unknown while its resource is updated, and preview would then show
 * changes where there are none.
 */
export class Parts {
    private readonly options: pulumi.CustomResourceOptions;
    private readonly registryName: pulumi.Input<string>;

    constructor(
        parent: pulumi.ComponentResource,
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
export function madeBy(resource: pulumi.Resource, name: pulumi.Input<string>): pulumi.Output<string> {
    return pulumi.all([name, resource.urn]).apply(([known]) => known);
}

/** The arguments without those that were not given. */
function given<T extends object>(args: T): { [K in keyof T]: Exclude<T[K], undefined> } {
    const entries = Object.entries(args).filter(([, value]) => value !== undefined);
    return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

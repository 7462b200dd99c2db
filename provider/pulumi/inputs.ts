/** From plain arguments to arguments that take outputs, and what every resource class adds to them. */
import * as pulumi from "@pulumi/pulumi";
import type { ClusterReference, Credentials } from "../arguments";

/** A plain type of which every part may be an output. */
export type Deep<T> = T extends (infer E)[]
    ? pulumi.Input<Deep<E>>[]
    : T extends object
      ? { [K in keyof T]: pulumi.Input<Deep<T[K]>> }
      : T;

/** Arguments of a resource class: the lifecycle's inputs, less what is filled in for it. */
export type ArgsOf<I> = {
    [K in keyof I as Exclude<K, FilledIn>]: pulumi.Input<Deep<I[K]>>;
};

type FilledIn = "owner" | "awaits" | "clusterId" | "registryName" | "cardText" | "pending" | "unpublished";

/** The same, where the object is called like the resource unless `name` says otherwise. */
export type NamedArgsOf<I> = Omit<ArgsOf<I>, "name"> & {
    /** Name of the object. Default: the resource's name. Another name replaces it. */
    name?: pulumi.Input<string>;
};

/** Adds the owner and what the program is still to make, and keeps keys secret. */
export function prepare(name: string, args: object): Record<string, unknown> {
    const prepared: Record<string, unknown> = { ...args };
    if ("credentials" in prepared) {
        prepared.credentials = secretKeys(prepared.credentials as pulumi.Input<Credentials>);
    }
    for (const key of ["accessKeyId", "secretAccessKey"]) {
        if (key in prepared) {
            prepared[key] = pulumi.secret(prepared[key]);
        }
    }
    if (prepared.cluster !== undefined) {
        prepared.cluster = secretKubeconfig(prepared.cluster as pulumi.Input<ClusterReference>);
    }
    return { ...prepared, owner: ownerOf(name), awaits: awaited(args) };
}

/** `project/stack/resource`: how a resource knows what an interrupted run of its own has made. */
function ownerOf(name: string): string {
    return `${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
}

/** Keys are secret; the name of a Secret that holds them is not. */
function secretKeys(credentials: pulumi.Input<Credentials>): pulumi.Output<unknown> {
    return pulumi
        .output(credentials)
        .apply((given) => ("secretName" in given ? given : pulumi.secret(given)));
}

/** The content of a kubeconfig holds a token; a path or the name of a context does not. */
function secretKubeconfig(cluster: pulumi.Input<ClusterReference>): pulumi.Output<unknown> {
    return pulumi
        .output(cluster)
        .apply((given) =>
            given.kubeconfig === undefined
                ? given
                : { ...given, kubeconfig: pulumi.secret(given.kubeconfig) },
        );
}

/** Arguments that name something which another resource of the program may still have to make. */
const MAY_BE_MADE = ["name", "credentials", "secretName", "registry", "dataset"];

/** Those of them that do come from other resources; undefined when none does. */
async function awaited(args: object): Promise<string[] | undefined> {
    const names: string[] = [];
    for (const [name, value] of Object.entries(args)) {
        if (MAY_BE_MADE.includes(name) && (await sourcesOf(value)) > 0) {
            names.push(name);
        }
    }
    return names.length > 0 ? names : undefined;
}

/** How many resources an input comes from. */
async function sourcesOf(value: unknown): Promise<number> {
    const output = pulumi.output(value) as pulumi.Output<unknown> & {
        allResources?(): Promise<Set<unknown>>;
    };
    return (await output.allResources?.())?.size ?? 0;
}

/** The salt is secret: without it, a digest cannot be used to try out keys. */
export function keepSecret(options: pulumi.CustomResourceOptions | undefined): pulumi.CustomResourceOptions {
    return pulumi.mergeOptions(options, { additionalSecretOutputs: ["salt"] });
}

/** Lookups: what the LLMOS page shows of the registries of a cluster, read live. */

import * as pulumi from "@pulumi/pulumi";
import type { ClusterReference } from "../description/arguments";
import type { Settings } from "../lifecycle/settings";
import type { RegistryRow } from "../llmos/registries";
import type { Deep } from "./resourceClass";

/** Arguments of the lookups. */
export interface LookupArgs {
    /** Which cluster. Default: stack configuration, then environment. */
    cluster?: ClusterReference;
}

/** Arguments of {@link getRegistry}. */
export interface GetRegistryArgs extends LookupArgs {
    /** Name of the Registry. */
    name: string;
}

/** Options of the lookups that give outputs. */
export interface LookupOptions {
    /**
     * Resources to wait for: a lookup does not by itself wait for what the same program makes. While one of them
     * is still to be made, at preview, the outcome is unknown.
     */
    dependsOn?: pulumi.Resource | pulumi.Resource[];
}

/** One registry. A registry that does not exist is an error. */
export async function getRegistry(args: GetRegistryArgs): Promise<RegistryRow> {
    const { findRegistry } = await import("../llmos/registries.js");
    return await findRegistry(settings(), args.cluster, args.name);
}

/** All registries of the cluster, by name, with the columns of the LLMOS page. */
export async function getRegistries(args: LookupArgs = {}): Promise<RegistryRow[]> {
    const { listRegistries } = await import("../llmos/registries.js");
    return await listRegistries(settings(), args.cluster);
}

/** The default registry of the cluster; undefined when there is none. Two are an error. */
export async function getDefaultRegistry(args: LookupArgs = {}): Promise<RegistryRow | undefined> {
    const { findDefaultRegistry } = await import("../llmos/registries.js");
    return await findDefaultRegistry(settings(), args.cluster);
}

/** {@link getRegistry} with inputs that may be outputs. */
export function getRegistryOutput(
    args: Deep<GetRegistryArgs>,
    options?: LookupOptions,
): pulumi.Output<RegistryRow> {
    return afterwards(args, options, (known) => getRegistry(known as GetRegistryArgs));
}

/** {@link getRegistries} with inputs that may be outputs. */
export function getRegistriesOutput(
    args: Deep<LookupArgs> = {},
    options?: LookupOptions,
): pulumi.Output<RegistryRow[]> {
    return afterwards(args, options, (known) => getRegistries(known as LookupArgs));
}

/** {@link getDefaultRegistry} with inputs that may be outputs. */
export function getDefaultRegistryOutput(
    args: Deep<LookupArgs> = {},
    options?: LookupOptions,
): pulumi.Output<RegistryRow | undefined> {
    return afterwards(args, options, (known) => getDefaultRegistry(known as LookupArgs));
}

/** A lookup once its arguments, and all outputs of what it depends on, are known. */
function afterwards<T>(
    args: object,
    { dependsOn = [] }: LookupOptions = {},
    lookup: (known: unknown) => Promise<T>,
): pulumi.Output<T> {
    const outputs = [dependsOn].flat().flatMap((resource) => Object.values(resource).filter(isOutput));
    // Only waited for: a secret among them does not make the outcome one.
    const ready = pulumi.unsecret(pulumi.all(outputs));
    return pulumi.all([args, ready]).apply(([known]) => lookup(known)) as pulumi.Output<T>;
}

function isOutput(value: unknown): value is pulumi.Output<unknown> {
    return pulumi.Output.isInstance(value);
}

/** The stack configuration, as the resources have it. */
function settings(): Settings {
    const config = new pulumi.Config("llmos");
    const [kubeconfig, context] = [config.get("kubeconfig"), config.get("context")];
    return { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) };
}

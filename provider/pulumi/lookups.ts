/** Lookups: what the LLMOS page shows of the registries of a cluster, read live. */
import * as pulumi from "@pulumi/pulumi";
import type { ClusterReference } from "../kubernetes/connection";
import type { Settings } from "../lifecycle";
import type { RegistryRow } from "../registries";
import type { Deep } from "./inputs";

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

/** One registry. A registry that does not exist is an error. */
export async function getRegistry(args: GetRegistryArgs): Promise<RegistryRow> {
    const { findRegistry } = await import("../registries.js");
    return await findRegistry(settings(), args.cluster, args.name);
}

/** All registries of the cluster, by name, with the columns of the LLMOS page. */
export async function getRegistries(args: LookupArgs = {}): Promise<RegistryRow[]> {
    const { listRegistries } = await import("../registries.js");
    return await listRegistries(settings(), args.cluster);
}

/** The default registry of the cluster; undefined when there is none. Two are an error. */
export async function getDefaultRegistry(args: LookupArgs = {}): Promise<RegistryRow | undefined> {
    const { findDefaultRegistry } = await import("../registries.js");
    return await findDefaultRegistry(settings(), args.cluster);
}

/** {@link getRegistry} with inputs that may be outputs. */
export function getRegistryOutput(args: Deep<GetRegistryArgs>): pulumi.Output<RegistryRow> {
    return pulumi.output(args).apply((known) => getRegistry(known as GetRegistryArgs));
}

/** {@link getRegistries} with inputs that may be outputs. */
export function getRegistriesOutput(args: Deep<LookupArgs> = {}): pulumi.Output<RegistryRow[]> {
    return pulumi.output(args).apply((known) => getRegistries(known as LookupArgs));
}

/** {@link getDefaultRegistry} with inputs that may be outputs. */
export function getDefaultRegistryOutput(
    args: Deep<LookupArgs> = {},
): pulumi.Output<RegistryRow | undefined> {
    return pulumi.output(args).apply((known) => getDefaultRegistry(known as LookupArgs));
}

/** The stack configuration, as the resources have it. */
function settings(): Settings {
    const config = new pulumi.Config("llmos");
    const [kubeconfig, context] = [config.get("kubeconfig"), config.get("context")];
    return { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) };
}

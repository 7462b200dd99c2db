/**
 * LLMOS model registries in Pulumi programs.
 *
 * @packageDocumentation
 */

export type {
    Addressing,
    ClusterReference,
    Credentials,
    Keys,
    ProofTarget,
    Reachability,
} from "./description/arguments";
export type { Finding, FindingCode, Severity } from "./finding";
export type { Condition } from "./llmos/objects";
export type { RegistryRow } from "./llmos/registries";
export type { Check, CheckName } from "./preflight/checks";
export {
    type GetRegistryArgs,
    getDefaultRegistry,
    getDefaultRegistryOutput,
    getRegistries,
    getRegistriesOutput,
    getRegistry,
    getRegistryOutput,
    type LookupArgs,
    type LookupOptions,
} from "./pulumi/lookups";
export type {
    RegistryArgs,
    RegistryBucketArgs,
    RegistryCorsArgs,
    RegistryCredentialsArgs,
} from "./pulumi/registry/args";
export { Registry } from "./pulumi/registry/registry";
export * from "./pulumi/resources";
export type { CopySource } from "./resources/datasetVersion/description";
export type { Timeouts } from "./resources/registryObject/description";
export type { DatasetMetadata, ModelMetadata } from "./resources/stored/cardDescription";
export type { StoredTimeouts } from "./resources/stored/description";
export type { CorsMethod, CorsRule } from "./s3/cors/rule";

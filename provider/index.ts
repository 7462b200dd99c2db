/**
 * LLMOS model registries in Pulumi programs.
 *
 * @packageDocumentation
 */

export type { Check, CheckName } from "./checks";
export type {
    Addressing,
    ClusterReference,
    Credentials,
    Keys,
    ProofTarget,
    Reachability,
} from "./description/arguments";
export type { Finding, FindingCode, Severity } from "./errors";
export type { Condition } from "./kubernetes/objects";
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
export type { RegistryRow } from "./registries";
export type { CopySource } from "./resources/datasetVersion/description";
export type { Timeouts } from "./resources/registryObject/description";
export type { DatasetMetadata, ModelMetadata } from "./resources/stored/cardDescription";
export type { StoredTimeouts } from "./resources/stored/description";
export type { CorsMethod, CorsRule } from "./s3/corsRule";

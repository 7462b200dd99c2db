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
    KeysInSecret,
    Reachability,
} from "./arguments";
export type { Check, CheckName } from "./checks";
export type { Finding, FindingCode, Severity } from "./errors";
export type { Condition } from "./kubernetes/objects";
export type { StoredTimeouts } from "./kubernetes/storedObjects";
export type { ProofTarget } from "./proof";
export { Bucket, type BucketArgs } from "./pulumi/bucket";
export { BucketCors, type BucketCorsArgs } from "./pulumi/bucketCors";
export { CredentialSecret, type CredentialSecretArgs } from "./pulumi/credentialSecret";
export { Dataset, type DatasetArgs } from "./pulumi/dataset";
export { DatasetVersion, type DatasetVersionArgs } from "./pulumi/datasetVersion";
export { DefaultRegistry, type DefaultRegistryArgs } from "./pulumi/defaultRegistry";
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
export { Model, type ModelArgs } from "./pulumi/model";
export {
    Registry,
    type RegistryArgs,
    type RegistryBucketArgs,
    type RegistryCorsArgs,
    type RegistryKeysArgs,
} from "./pulumi/registry";
export { RegistryObject, type RegistryObjectArgs } from "./pulumi/registryObject";
export type { RegistryRow } from "./registries";
export type { CardFile, DatasetMetadata, ModelMetadata } from "./resources/card";
export type { CopySource } from "./resources/datasetVersion";
export type { Timeouts } from "./resources/registryInputs";
export type { CorsMethod, CorsRule } from "./s3/corsRule";

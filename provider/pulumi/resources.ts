/** The classes of all kinds. */
import { type BucketComputed, type BucketInputs, bucketDescription } from "../resources/bucket/description";
import {
    type BucketCorsComputed,
    type BucketCorsInputs,
    bucketCorsDescription,
} from "../resources/bucketCors/description";
import {
    type CredentialSecretComputed,
    type CredentialSecretInputs,
    credentialSecretDescription,
} from "../resources/credentialSecret/description";
import {
    type DatasetComputed,
    type DatasetInputs,
    datasetDescription,
} from "../resources/dataset/description";
import {
    type DatasetVersionComputed,
    type DatasetVersionInputs,
    datasetVersionDescription,
} from "../resources/datasetVersion/description";
import {
    type DefaultRegistryComputed,
    type DefaultRegistryInputs,
    defaultRegistryDescription,
} from "../resources/defaultRegistry/description";
import { type ModelComputed, type ModelInputs, modelDescription } from "../resources/model/description";
import {
    type RegistryObjectComputed,
    type RegistryObjectInputs,
    registryObjectDescription,
} from "../resources/registryObject/description";
import { type ArgsOf, type OutputsOf, resourceClass } from "./resourceClass";

/** Arguments of a {@link Bucket}. */
export interface BucketArgs extends ArgsOf<BucketInputs, typeof bucketDescription.fields> {}
export interface BucketOutputs extends OutputsOf<BucketInputs, BucketComputed> {}

/**
 * An S3 bucket: made by this stack, adopted (`adopt: true`), or used as it is (`existing: true`). It is kept on
 * delete unless it is empty or `forceDestroy` has been applied.
 */
export class Bucket extends resourceClass<BucketArgs, BucketOutputs>(bucketDescription) {}

/** Arguments of a {@link BucketCors}. */
export interface BucketCorsArgs extends ArgsOf<BucketCorsInputs, typeof bucketCorsDescription.fields> {}
export interface BucketCorsOutputs extends OutputsOf<BucketCorsInputs, BucketCorsComputed> {}

/**
 * The CORS rules of a bucket: the rule of the LLMOS guide for `allowedOrigins`, or `rules` of your own. After each write
 * they are read back, and proved by the question that a browser would ask.
 */
export class BucketCors extends resourceClass<BucketCorsArgs, BucketCorsOutputs>(bucketCorsDescription) {}

/** Arguments of a {@link CredentialSecret}. */
export interface CredentialSecretArgs
    extends ArgsOf<CredentialSecretInputs, typeof credentialSecretDescription.fields> {}
export interface CredentialSecretOutputs
    extends OutputsOf<CredentialSecretInputs, CredentialSecretComputed> {}
/**
 * The Opaque Secret from which the LLMOS operator reads the S3 keys (`accessKeyID`, `accessKeySecret`). Updated
 * in place under the same name; with a `target`, new keys are proved on S3 before the Secret is touched.
 */
export class CredentialSecret extends resourceClass<CredentialSecretArgs, CredentialSecretOutputs>(
    credentialSecretDescription,
) {}

/** Arguments of a {@link RegistryObject}. */
export interface RegistryObjectArgs
    extends ArgsOf<RegistryObjectInputs, typeof registryObjectDescription.fields> {}
export interface RegistryObjectOutputs extends OutputsOf<RegistryObjectInputs, RegistryObjectComputed> {}

/**
 * The `ml.llmos.ai/v1 Registry` object, and the LLMOS operator's verdict on it: done when the operator says that
 * the registry is accessible, or failed with its own message.
 */
export class RegistryObject extends resourceClass<RegistryObjectArgs, RegistryObjectOutputs>(
    registryObjectDescription,
) {}

/** Arguments of a {@link DefaultRegistry}. */
export interface DefaultRegistryArgs
    extends ArgsOf<DefaultRegistryInputs, typeof defaultRegistryDescription.fields> {}
export interface DefaultRegistryOutputs extends OutputsOf<DefaultRegistryInputs, DefaultRegistryComputed> {}

/**
 * The mark that makes one registry the cluster's default for new models and datasets. It is taken from the
 * previous one, with a warning that names it; deleting it leaves none.
 */
export class DefaultRegistry extends resourceClass<DefaultRegistryArgs, DefaultRegistryOutputs>(
    defaultRegistryDescription,
) {}

/** Arguments of a {@link Model}. */
export interface ModelArgs extends ArgsOf<ModelInputs, typeof modelDescription.fields> {}
export interface ModelOutputs extends OutputsOf<ModelInputs, ModelComputed> {}

/**
 * A model of LLMOS (`ml.llmos.ai/v1 Model`), with its card, and its files if `content` names them. Done when the LLMOS
 * operator says that it is ready and every file lies in the registry's bucket.
 *
 * @example
 * ```ts
 * new llmos.Model("llama", {
 *     registry: models.name,
 *     cardFile: "./llama/README.md",
 *     content: "./llama",
 * });
 * ```
 */
export class Model extends resourceClass<ModelArgs, ModelOutputs>(modelDescription) {}

/** Arguments of a {@link Dataset}. */
export interface DatasetArgs extends ArgsOf<DatasetInputs, typeof datasetDescription.fields> {}
export interface DatasetOutputs extends OutputsOf<DatasetInputs, DatasetComputed> {}

/**
 * A dataset of LLMOS (`ml.llmos.ai/v1 Dataset`), with its card. Its files lie in its versions ({@link DatasetVersion}).
 */
export class Dataset extends resourceClass<DatasetArgs, DatasetOutputs>(datasetDescription) {}

/** Arguments of a {@link DatasetVersion}. */
export interface DatasetVersionArgs
    extends ArgsOf<DatasetVersionInputs, typeof datasetVersionDescription.fields> {}
export interface DatasetVersionOutputs extends OutputsOf<DatasetVersionInputs, DatasetVersionComputed> {}

/**
 * A version of a dataset (`ml.llmos.ai/v1 DatasetVersion`): from files, copied from another version, or both. It is
 * published once its content is there.
 *
 * @example
 * ```ts
 * const first = new llmos.DatasetVersion("images-v1", { dataset: images.name, version: "v1", content: "./images" });
 * new llmos.DatasetVersion("images-v2", {
 *     dataset: images.name,
 *     version: "v2",
 *     copyFrom: { version: first.version },
 *     publish: true,
 * });
 * ```
 */
export class DatasetVersion extends resourceClass<DatasetVersionArgs, DatasetVersionOutputs>(
    datasetVersionDescription,
) {}

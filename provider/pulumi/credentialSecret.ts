import * as pulumi from "@pulumi/pulumi";
import type { CredentialSecretInputs, CredentialSecretState } from "../resources/credentialSecret";
import { type ArgsOf, keepSecret, prepare } from "./inputs";
import { shell } from "./shell";

/** Arguments of a {@link CredentialSecret}. */
export type CredentialSecretArgs = ArgsOf<CredentialSecretInputs>;

const provider = shell("CredentialSecret");

/**
 * The Opaque Secret from which the LLMOS operator reads the S3 keys (`accessKeyID`, `accessKeySecret`). Updated
 * in place under the same name; with a `target`, new keys are proved on S3 before the Secret is touched.
 */
export class CredentialSecret extends pulumi.dynamic.Resource {
    /** Name of the Secret. */
    declare readonly name: pulumi.Output<CredentialSecretState["name"]>;
    /** Namespace of the Secret. */
    declare readonly namespace: pulumi.Output<string>;
    /** Counts the keys that were declared: changes when they do, and is known at preview. */
    declare readonly keyRevision: pulumi.Output<number>;
    /** What was proved about the keys, and when. */
    declare readonly checks: pulumi.Output<CredentialSecretState["checks"]>;

    constructor(name: string, args: CredentialSecretArgs, options?: pulumi.CustomResourceOptions) {
        const outputs = {
            uid: undefined,
            salt: undefined,
            digest: undefined,
            checks: undefined,
            keyRevision: undefined,
        };
        super(
            provider,
            name,
            { ...outputs, ...prepare(name, args) },
            keepSecret(options),
            "llmos",
            "CredentialSecret",
        );
    }
}

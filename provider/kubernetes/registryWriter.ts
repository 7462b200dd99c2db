/** Writing a Registry: server-side apply, with the marks that make the operator look again. */
import type { Check } from "../proof";
import type { RegistryObjectInputs, RegistryObjectState } from "../resources/registryObject";
import type { Cluster } from "./cluster";
import {
    accessible,
    DESCRIPTION_ANNOTATION,
    OWNER_ANNOTATION,
    type RegistryResource,
    registryPath,
    stateOf,
} from "./objects";

/** Annotation that changes with the proved keys, which makes the operator look again. */
const CREDENTIALS_ANNOTATION = "pulumi-llmos/credentials";

/** What is known about store and keys at the time of a write. */
export interface Proof {
    readonly checks: Check[];
    readonly salt: string;
    readonly digest: string;
}

/** Applies the object; `found` is the one that is there. */
export function applyRegistry(
    cluster: Cluster,
    inputs: RegistryObjectInputs,
    proof: Proof,
    force: boolean,
    found?: RegistryResource,
): Promise<RegistryResource> {
    const { name, description, owner } = inputs;
    return cluster.apply<RegistryResource>(
        registryPath(name),
        {
            apiVersion: "ml.llmos.ai/v1",
            kind: "Registry",
            metadata: {
                name,
                annotations: {
                    ...(owner && { [OWNER_ANNOTATION]: owner }),
                    ...(description !== undefined && { [DESCRIPTION_ANNOTATION]: description }),
                    [CREDENTIALS_ANNOTATION]: credentialsMark(proof, found),
                },
            },
            spec: {
                backendType: "S3",
                s3Config: {
                    useSSL: true,
                    endpoint: inputs.endpoint,
                    bucket: inputs.bucket,
                    accessCredentialSecretName: inputs.secretName,
                },
            },
        },
        force,
    );
}

/**
 * The mark of the proved keys. On a registry that the operator has refused it always changes: an unchanged object
 * is not looked at again before the operator's next try, which may be minutes away.
 */
function credentialsMark({ digest }: Proof, found: RegistryResource | undefined): string {
    const [mark, other] = [digest.slice(0, 16), digest.slice(16, 32)];
    const refused = found && accessible(found)?.status !== "True";
    return refused && found.metadata.annotations?.[CREDENTIALS_ANNOTATION] === mark ? other : mark;
}

/** The object as it is now; as it was written, when it cannot be read. */
export async function latestRegistry(cluster: Cluster, written: RegistryResource): Promise<RegistryResource> {
    const reading = await cluster.read<RegistryResource>(registryPath(written.metadata.name));
    return reading.outcome === "present" ? reading.value : written;
}

/** What the state tells of the operator's verdict. */
export function statusOf(
    registry: RegistryResource,
): Pick<RegistryObjectState, "state" | "conditions" | "storageAddress"> {
    const storageAddress = registry.status?.storageAddress;
    return {
        state: stateOf(registry),
        conditions: registry.status?.conditions ?? [],
        ...(storageAddress && { storageAddress }),
    };
}

/** What is written of a Registry, with the marks that make the operator look again; and where it stores. */

import type { Cluster } from "../kubernetes/cluster";
import { marksOf } from "../kubernetes/marks";
import type { Desired } from "../kubernetes/ownedObject";
import {
    accessible,
    DESCRIPTION_ANNOTATION,
    REGISTRIES,
    type RegistryResource,
    registryPath,
    STORAGE_ANNOTATION,
} from "./objects";

/** Annotation that changes with the proved keys, which makes the operator look again. */
const CREDENTIALS_ANNOTATION = "pulumi-llmos/credentials";

/** What is to be written: the declaration, and the creation that the object comes from. */
interface Declared {
    readonly description?: string;
    readonly endpoint: string;
    readonly bucket: string;
    readonly secretName: string;
    readonly owner?: string;
    readonly instance: string;
}

/**
 * What is to be set on the Registry that is there. A description that is declared no more, and was before, is taken away;
 * one that somebody set where none was declared is theirs.
 */
export function desiredRegistry(
    inputs: Declared,
    provedDigest: string,
    formerDescription: string | undefined,
): (seen: RegistryResource | undefined) => Desired {
    const { description, owner, instance } = inputs;
    const described = description ?? (formerDescription === undefined ? undefined : null);
    return (seen) => ({
        annotations: {
            ...marksOf(owner, instance),
            ...(described !== undefined && { [DESCRIPTION_ANNOTATION]: described }),
            [CREDENTIALS_ANNOTATION]: credentialsMark(provedDigest, seen),
            [STORAGE_ANNOTATION]: placeOf(inputs),
        },
        content: {
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
    });
}

/**
 * The mark of the proved keys. On a registry that the operator has refused it always changes: an unchanged object
 * is not looked at again before the operator's next try, which may be minutes away.
 */
function credentialsMark(digest: string, found: RegistryResource | undefined): string {
    const [mark, other] = [digest.slice(0, 16), digest.slice(16, 32)];
    const refused = found && accessible(found)?.status !== "True";
    return refused && found.metadata.annotations?.[CREDENTIALS_ANNOTATION] === mark ? other : mark;
}

interface Place {
    readonly endpoint?: string;
    readonly bucket?: string;
}

function placeOf({ endpoint, bucket }: Place): string {
    return `${endpoint}/${bucket}`;
}

/**
 * Whether the declaration takes the registry away from where its models and datasets lie. That is where we last wrote
 * it to, whatever somebody has edited since: undoing such an edit moves nothing.
 */
export function movesAway(found: RegistryResource, inputs: Place): boolean {
    const now = found.metadata.annotations?.[STORAGE_ANNOTATION] ?? placeOf(found.spec?.s3Config ?? {});
    return now !== placeOf(inputs);
}

/** Whether the object itself names that place now, whoever wrote it. */
export function storesAt(found: RegistryResource, inputs: Place): boolean {
    return placeOf(found.spec?.s3Config ?? {}) === placeOf(inputs);
}

/**
 * Names of all registries of the cluster that store in this bucket at this endpoint, however its address is written. Throws
 * when it cannot be found out.
 */
export async function registriesAt(cluster: Cluster, place: Place): Promise<string[]> {
    const registries = (await cluster.list<RegistryResource>(REGISTRIES)) ?? [];
    const asked = addressOf(place);
    return registries
        .filter(({ spec }) => addressOf(spec?.s3Config ?? {}) === asked)
        .map(({ metadata }) => metadata.name);
}

/** All registries of the cluster whose keys are in this Secret. Throws when it cannot be found out. */
export async function registriesWith(cluster: Cluster, secretName: string): Promise<RegistryResource[]> {
    const registries = (await cluster.list<RegistryResource>(REGISTRIES)) ?? [];
    return registries.filter(({ spec }) => spec?.s3Config?.accessCredentialSecretName === secretName);
}

/** The place without what means nothing: the operator takes a slash at the end, capitals, and the port of HTTPS too. */
function addressOf({ endpoint = "", bucket }: Place): string {
    const host = endpoint.toLowerCase().replace(/\/$/, "").replace(/:443$/, "");
    return placeOf({ endpoint: host, ...(bucket !== undefined && { bucket }) });
}

/** Whether the object is as declared, so that adopting it writes nothing. */
export function isAsDeclared(found: RegistryResource, inputs: Omit<Declared, "instance">): boolean {
    const s3 = found.spec?.s3Config;
    const description = found.metadata.annotations?.[DESCRIPTION_ANNOTATION] ?? "";
    return (
        found.spec?.backendType === "S3" &&
        s3?.useSSL === true &&
        s3.endpoint === inputs.endpoint &&
        s3.bucket === inputs.bucket &&
        s3.accessCredentialSecretName === inputs.secretName &&
        // One that somebody set where none is declared is theirs.
        (inputs.description ?? description) === description
    );
}

/** The object as it is now; as it was written, when it cannot be read. */
export async function latestRegistry(cluster: Cluster, written: RegistryResource): Promise<RegistryResource> {
    const reading = await cluster.read<RegistryResource>(registryPath(written.metadata.name));
    return reading.outcome === "present" ? reading.value : written;
}

/** The marks on an object of the cluster: annotations that say whose it is. */
import type { Sighting } from "../lifecycle/ownership";
import type { KubernetesObject } from "./cluster";

/** Annotation that names the program resource an object belongs to. */
export const OWNER_ANNOTATION = "pulumi-llmos/owner";

/**
 * Annotation with the one creation that an object comes from: what a later creation under the same name has taken over
 * is no longer the former's to delete.
 */
export const INSTANCE_ANNOTATION = "pulumi-llmos/instance";

export function sightingOf({ metadata }: KubernetesObject): Sighting {
    return {
        uid: metadata.uid,
        marks: {
            owner: metadata.annotations?.[OWNER_ANNOTATION],
            instance: metadata.annotations?.[INSTANCE_ANNOTATION],
        },
        terminating: metadata.deletionTimestamp !== undefined,
    };
}

/** The annotations that mark an object as ours. */
export function marksOf(owner: string | undefined, instance: string): Record<string, string> {
    return { ...(owner !== undefined && { [OWNER_ANNOTATION]: owner }), [INSTANCE_ANNOTATION]: instance };
}

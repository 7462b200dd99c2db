/** What of a Registry in the cluster can be declared exactly as it is, so that adopting it changes nothing. */

import { objectName } from "../description/arguments";
import type { Refined } from "../description/decoding";
import { parseBucketName, parseEndpoint } from "../description/endpoint";
import { DESCRIPTION_ANNOTATION, isDefault, type RegistryResource } from "../llmos/objects";
import { rowOf } from "../llmos/registries";

/** A Registry in a program's terms. */
export interface Adoptable {
    readonly name: string;
    readonly description?: string;
    /** `host[:port]`. */
    readonly endpoint: string;
    readonly bucket: string;
    readonly secretName: string;
    readonly isDefault: boolean;
}

/** A Registry that stays out of the program. */
export interface LeftOut {
    readonly name: string;
    /** A clause that follows the name, without a full stop: `uses http (useSSL: false), and …`. */
    readonly reason: string;
}

/** The Registry as a program would declare it, or why none can. */
export function adoptable(registry: RegistryResource): Adoptable | LeftOut {
    const { name, annotations } = registry.metadata;
    const s3 = registry.spec?.s3Config;
    const { endpoint = "", bucket = "", accessCredentialSecretName: secretName = "" } = s3 ?? {};
    const reason =
        s3?.useSSL === false
            ? "uses http (useSSL: false), and LLMOS supports only HTTPS endpoints"
            : (obstacle("endpoint", endpoint, parseEndpoint) ??
              obstacle("bucket", bucket, parseBucketName) ??
              obstacle("Secret", secretName, objectName) ??
              inactivity(registry));
    if (reason) {
        return { name, reason: reason.replace(/\.$/, "") };
    }
    const description = annotations?.[DESCRIPTION_ANNOTATION];
    return {
        name,
        // An empty one too: a program without it would be another one.
        ...(description !== undefined && { description }),
        endpoint,
        bucket,
        secretName,
        isDefault: isDefault(registry),
    };
}

/** A registry that does not work cannot be adopted without writing to it: `pulumi up` would try to get it accepted. */
function inactivity(registry: RegistryResource): string | undefined {
    const { state, message } = rowOf(registry);
    const said = message || "nothing yet";
    return state === "Active"
        ? undefined
        : `is Inactive, and has to be repaired first. The LLMOS operator says: ${said}`;
}

/** What a program's argument of this value would be refused for, or would change. */
function obstacle(
    what: string,
    value: string,
    parse: (value: string) => Refined<string>,
): string | undefined {
    if (value === "") {
        return `names no ${what}`;
    }
    const refined = parse(value);
    if ("refused" in refined) {
        const named = refined.refused.startsWith('"') ? refined.refused : `"${value}" ${refined.refused}`;
        return `has a wrong ${what}: ${named}`;
    }
    return refined.value === value
        ? undefined
        : `has the ${what} "${value}", which a program would change to "${refined.value}"`;
}

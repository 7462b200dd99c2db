/** For which object the content of a model or a dataset version is looked at. */
import type { ContentOwner } from "../../content/manifest";
import type { ContentClaim } from "../../content/ownership";
import type { Context, KnownPart } from "../../lifecycle";
import type { StoredInputs, StoredState } from "./description";

/** Where the content of an object is, or will be. */
export interface ContentPlace {
    /** For messages, for example `Model "llama"`. */
    readonly what: string;
    readonly path: string;
    readonly registryName: string | undefined;
    /** Where LLMOS copies it from. */
    readonly copyOf?: string | undefined;
}

/** The object itself; without a UID before it is made. */
interface Made {
    readonly clusterId: string;
    readonly uid?: string;
}

type Claiming = KnownPart<Pick<StoredInputs, "owner" | "adopt">>;

export function claimOn(
    context: Context,
    inputs: Claiming,
    place: ContentPlace,
    made: Required<Made>,
): ContentClaim & { owner: ContentOwner };
export function claimOn(
    context: Context,
    inputs: Claiming,
    place: ContentPlace,
    made?: Made | undefined,
): ContentClaim;
export function claimOn(
    context: Context,
    { owner: resource, adopt = false }: Claiming,
    { what, path, copyOf }: ContentPlace,
    made?: Made,
): ContentClaim {
    const clusters = [made?.clusterId, context.history.formerCluster(resource)];
    return {
        what,
        path,
        copyOf,
        adopt,
        owner: made?.uid === undefined ? undefined : { cluster: made.clusterId, uid: made.uid, resource },
        resources: clusters.flatMap((cluster) => (cluster === undefined ? [] : [{ cluster, resource }])),
    };
}

/** The claim of an object that the stack has. */
export function claimOfState(context: Context, state: StoredState): ContentClaim {
    const { clusterId = "", uid, path, registryName, owner } = state;
    const claiming = owner === undefined ? {} : { owner };
    return claimOn(context, claiming, { what: state.name, path, registryName }, { clusterId, uid });
}

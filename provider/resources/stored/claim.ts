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

/** The object itself. */
interface Made {
    readonly clusterId: string;
    readonly uid: string;
}

type Claiming = KnownPart<Pick<StoredInputs, "owner" | "adopt">>;

export function claimOn(
    context: Context,
    inputs: Claiming,
    place: ContentPlace,
    made: Made,
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
    const cluster = context.history.formerCluster(resource);
    return {
        what,
        path,
        copyOf,
        adopt,
        owner: made && { cluster: made.clusterId, uid: made.uid, resource },
        former: cluster === undefined ? undefined : { cluster, resource },
    };
}

/** The claim of an object that the stack has. */
export function claimOfState(context: Context, state: StoredState): ContentClaim {
    const { clusterId = "", uid, path, registryName, owner } = state;
    const claiming = owner === undefined ? {} : { owner };
    return claimOn(context, claiming, { what: state.name, path, registryName }, { clusterId, uid });
}

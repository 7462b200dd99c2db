/** Content and registry of a model or a dataset version, from the arguments to the bucket. */

import {
    defaultRegistryName,
    noDefaultRegistry,
    noRegistry,
    registryStore,
    type ServerOptions,
} from "../../access/registryStore";
import { readContent, unknownObjects } from "../../content/content";
import type { ContentInputs, ContentState, Pending } from "../../content/description";
import { describePending, pendingContent } from "../../content/pending";
import { refuseTaken } from "../../content/plan";
import { countOf, someOf } from "../../content/progress";
import { keepUndeclared, storeContent } from "../../content/storing";
import type { Change } from "../../description/comparison";
import { describe, type Finding, failure, failureOf, findingOf } from "../../finding";
import type { Cluster, ClusterReader } from "../../kubernetes/cluster";
import type { Context, KnownPart } from "../../lifecycle";
import { isOutOfReach } from "../../lifecycle/unreachable";
import { registryNamed } from "../../llmos/registries";
import { type StoredKind, type StoredResource, storedPath } from "../../llmos/storedObjects";
import { askEndpoint } from "../../preflight/endpoint";
import { known } from "../../reading";
import type { ContentStore } from "../../s3/contentStore";
import { type ContentPlace, claimOfState, claimOn } from "./claim";
import type { InRegistry, StoredInputs, StoredState } from "./description";
import { rememberPlace } from "./removal";
import { storageUri, storeIfThere, storeOrNoRegistry } from "./stored";

/** Another registry is another object (LLMOS webhook); one that is named now, and was the default before, is the same. */
export function registryChanges(
    state: { registry?: string; registryName: string },
    { registry }: InRegistry,
    unknowns: ReadonlySet<string>,
): Change[] {
    if (unknowns.has("registry")) {
        return [{ name: "registry", effect: "write" }];
    }
    if ((registry ?? state.registryName) !== state.registryName) {
        return [{ name: "registry", effect: "replace" }];
    }
    return registry === state.registry ? [] : [{ name: "registry", effect: "store" }];
}

/** Files that changed show in what is to be done. */
export function contentChanges({ pending }: ContentInputs, unknowns: ReadonlySet<string>): Change[] {
    return pending || unknowns.has("content") ? [{ name: "content", effect: "write" }] : [];
}

/** The registry for `check`: the given one, the one chosen before, or the cluster's default if it can be asked now. */
export async function chooseRegistry(
    context: Context,
    inputs: KnownPart<InRegistry & StoredInputs>,
    prior: KnownPart<InRegistry> | undefined,
    unknowns: ReadonlySet<string>,
): Promise<{ registryName?: string }> {
    const chosen = inputs.registry ?? (unknowns.has("registry") ? undefined : prior?.registryName);
    if (chosen !== undefined || unknowns.has("registry") || inputs.reachability === "off") {
        return chosen === undefined ? {} : { registryName: chosen };
    }
    try {
        const name = await defaultRegistryName(await context.clusterReader(inputs.cluster));
        return name === undefined ? {} : { registryName: name };
    } catch (error) {
        findingOf(error);
        return {};
    }
}

/** The registry for a create. */
export async function registryFor(cluster: Cluster, inputs: InRegistry): Promise<string> {
    const name = inputs.registry ?? inputs.registryName ?? (await defaultRegistryName(cluster));
    if (name === undefined) {
        throw noDefaultRegistry(cluster);
    }
    return name;
}

/** Is the registry there? One that the program makes itself is not asked for. */
export async function askForRegistryOf(
    context: Context,
    inputs: KnownPart<InRegistry & StoredInputs>,
): Promise<Finding[]> {
    const cluster = await context.clusterReader(inputs.cluster);
    const { registryName, registry, awaits } = inputs;
    if (registryName === undefined) {
        return registry === undefined && !awaits?.includes("registry")
            ? [{ ...noDefaultRegistry(cluster).finding, severity: "warning" }]
            : [];
    }
    const found = await registryNamed(cluster, registryName);
    return found || awaits?.includes("registry") ? [] : [noRegistry(cluster, registryName).finding];
}

/**
 * What an update has to send, for `check`; of a new resource also whether what lies at its place is others'. It is how the
 * engine knows of changed files, so that with `content` it is asked whatever `reachability` says; what that decides is
 * whether a bucket which cannot be asked stops the preview.
 */
export async function fillPending(
    context: Context,
    kind: StoredKind,
    inputs: KnownPart<ContentInputs & StoredInputs>,
    prior: KnownPart<StoredInputs> | undefined,
    place: ContentPlace,
): Promise<{ pending?: Pending }> {
    const { content } = inputs;
    // Without content it is no more than a question of preflight, which `off` leaves to the create.
    if (content === undefined && (prior || inputs.reachability === "off")) {
        return {};
    }
    try {
        const { claim, store } = await placed(context, kind, inputs, prior, place);
        if (content === undefined) {
            if (store && claim.owner === undefined) {
                await refuseTaken(context, store, inputs, claim);
            }
            return {};
        }
        const pending = await pendingContent(context, { ...inputs, content }, claim, store);
        if (!pending) {
            return {};
        }
        await context.log.info(describePending(claim, pending, !store && inputs.prune === true));
        return { pending };
    } catch (error) {
        const finding = findingOf(error);
        const isLocal = finding.property === "content";
        if (isLocal || (inputs.reachability ?? "enforce") === "enforce") {
            throw error;
        }
        await context.log.warn(describe({ ...finding, severity: "warning" }));
        return {};
    }
}

/**
 * Whose content it is, and in which bucket. A resource that there is tells its registry by its object, where nothing else
 * does.
 */
async function placed(
    context: Context,
    kind: StoredKind,
    inputs: KnownPart<ContentInputs & StoredInputs>,
    prior: KnownPart<StoredInputs> | undefined,
    place: ContentPlace,
) {
    if (inputs.name === undefined || (place.registryName === undefined && !prior)) {
        return { claim: claimOn(context, inputs, place), store: undefined };
    }
    const { name, namespace = "default" } = inputs;
    const cluster = await context.clusterReader(inputs.cluster);
    const found = known(await cluster.read<StoredResource>(storedPath(kind, { namespace, name })));
    const registryName = place.registryName ?? found?.spec?.registry ?? found?.status?.registry;
    const claim = claimOn(context, inputs, place, await seenIn(cluster, found));
    if (registryName === undefined) {
        return { claim, store: undefined };
    }
    const store = await storeIfThere(context, cluster, registryName, inputs as ServerOptions);
    return { claim, store: await answering(context, store) };
}

async function seenIn(cluster: ClusterReader, found: StoredResource | undefined) {
    return { clusterId: await cluster.identity(), ...(found && { uid: found.metadata.uid ?? "" }) };
}

/** Before a create: is what lies at the place of its content ours? `found` is the object that is taken over. */
export async function refuseTakenContent(
    context: Context,
    cluster: Cluster,
    inputs: ContentInputs & StoredInputs,
    place: ContentPlace,
    found: StoredResource | undefined,
): Promise<void> {
    // An object that is taken over may have what was stored for it; a new one has nothing yet.
    if ((found && inputs.content === undefined) || place.registryName === undefined) {
        return;
    }
    const store = await storeIfThere(context, cluster, place.registryName, inputs);
    if (store) {
        const claim = claimOn(context, inputs, place, await seenIn(cluster, found));
        await refuseTaken(context, store, inputs, claim);
    }
}

/** A bucket for preview to list, which takes as long as it takes: only its server is asked in a limited time. */
async function answering(
    context: Context,
    store: ContentStore | undefined,
): Promise<ContentStore | undefined> {
    const findings = store ? await askEndpoint(context, store.connection) : [];
    const unreachable = findings.find(isOutOfReach);
    if (unreachable) {
        throw failureOf(unreachable);
    }
    return store;
}

/** Stores the declared content; where none is declared, says what lies there. `beforeChange` is called as in `storeContent`. */
export async function storeDeclared(
    context: Context,
    cluster: Cluster,
    inputs: ContentInputs & StoredInputs,
    place: ContentPlace,
    made: { readonly clusterId: string; readonly uid: string },
    beforeChange?: () => Promise<void>,
): Promise<ContentState & { storageUri: string }> {
    const store = await registryStore(context, cluster, place.registryName ?? "", inputs);
    const { content } = inputs;
    const claim = claimOn(context, inputs, place, made);
    const state =
        content === undefined
            ? await keepUndeclared(store, claim)
            : await storeContent(context, { ...inputs, content }, claim, store, beforeChange);
    rememberPlace(context, store, place.path);
    return { ...state, storageUri: storageUri(store, place.path) };
}

/** What refresh finds of the content. Without its registry it is out of reach, which is a drift and no failure. */
export async function readDeclared(
    context: Context,
    cluster: Cluster,
    state: StoredState & ContentState,
): Promise<ContentState & { storageUri: string }> {
    const { size, fileCount, contentDigest, contentDrift, storageUri: before } = state;
    if (state.path === "") {
        return { size, fileCount, contentDigest, contentDrift, storageUri: before };
    }
    const store = await storeIfThere(context, cluster, state.registryName, state);
    const claim = claimOfState(context, state);
    return store
        ? { ...(await readContent(store, claim, state)), storageUri: storageUri(store, state.path) }
        : {
              ...NOTHING_STORED,
              contentDigest,
              contentDrift: ["its registry is missing"],
              storageUri: before,
          };
}

/** Before anything has been stored, or when what was stored is not known. */
export const NOTHING_STORED: ContentState = {
    size: 0,
    fileCount: 0,
    contentDigest: "",
    contentDrift: ["the content was not stored to its end"],
};

/** What a replacement would delete: where it lies, and what of it this program could store again. */
export interface Leaving extends ContentPlace {
    readonly prior: KnownPart<StoredInputs>;
    readonly known: Parameters<typeof unknownObjects>[2];
}

/** Would a replacement delete content that this program cannot store again? */
export async function lossFindings(context: Context, leaving: Leaving): Promise<Finding[]> {
    const { prior, known, what, path, registryName } = leaving;
    if (registryName === undefined) {
        return [];
    }
    const cluster = await context.clusterReader(prior.cluster);
    const store = await answering(
        context,
        await storeOrNoRegistry(context, cluster, registryName, prior as ServerOptions),
    );
    const lost = store ? await unknownObjects(store, path, known) : [];
    if (!store || lost.length === 0) {
        return [];
    }
    return [
        failure("content-lost", {
            found: `${what} would be replaced, and ${countOf(lost.length, "object")} deleted that this program cannot store again (${someOf(lost)})`,
            where: storageUri(store, path),
            why: "LLMOS deletes the content with the object.",
            next: "Declare it (content), or copy it to another place and delete it here. Or leave the object in LLMOS with its content, and take it out of the stack with `pulumi state delete`.",
        }).finding,
    ];
}

/** Storing a content: what lies there becomes what is declared. */
import { failure, type LlmosError } from "../finding";
import type { Context } from "../lifecycle";
import type { ListedObject } from "../s3/bucketRequests";
import type { ContentStore } from "../s3/contentStore";
import { bytesOf, changesOf } from "./comparison";
import { contentState, readContent } from "./content";
import type { ContentInputs, ContentState } from "./description";
import type { LocalFile } from "./localFiles";
import { type Look, listedBelow, lookAt, lookIfThere, manifestOf, placeOf } from "./look";
import {
    type ContentOwner,
    type Manifest,
    manifestKey,
    NO_MANIFEST,
    type StoredFile,
    type StoredFiles,
    writeManifest,
} from "./manifest";
import { type ContentClaim, isOurs, taken } from "./ownership";
import { type Plan, planOf } from "./plan";
import { countOf, Progress, sizeOf, someOf } from "./progress";
import { Sessions } from "./sessions";
import { upload } from "./upload";

/** A claim of an object that is there. */
export type MadeClaim = ContentClaim & { readonly owner: ContentOwner };

/**
 * Makes what lies there the declared content, and says what it came to. `beforeChange` is called once, before anything of
 * it becomes another content than the one that was stored.
 */
export async function storeContent(
    context: Context,
    inputs: ContentInputs & { content: string },
    claim: MadeClaim,
    store: ContentStore,
    beforeChange: () => Promise<void> = async () => {},
): Promise<ContentState> {
    const { what, path } = claim;
    const seen = await lookAt(store, path);
    const plan = await planOf(context, inputs, claim, seen).catch((error: unknown) => {
        throw context.interruption.aborted ? interrupted(store, path, "comparing it") : error;
    });
    const { local, digests, copied, send, same, extra } = plan;
    if (changesOf(plan, inputs.prune === true) > 0) {
        await beforeChange();
    }
    if (!isOurs(seen.manifest.owner, claim)) {
        // Before the first object: a run that is killed leaves nothing that the next one would not know as its own.
        await saveManifest(store, path, { owner: claim.owner, files: same, copied });
    }
    const sessions = await Sessions.of(store, path);
    const files = await sendAll(context, claim, seen, sessions, plan);
    await sessions.sweep();
    await digests.save(local);
    if (inputs.prune) {
        await store.remove(extra.map((key) => seen.root + key));
    }
    await tellExtra(context, what, extra, inputs.prune === true);
    const manifest = { owner: claim.owner, files: inOrder(files), copied: beside(files, copied) };
    const changed = send.length > 0 || (inputs.prune && extra.length > 0);
    const listed = changed ? await listedBelow(store, seen.root, files) : seen.listed;
    if (writeManifest(manifest) !== writeManifest(seen.manifest)) {
        await refuseTakenOver(store, claim);
        await saveManifest(store, path, manifest);
    }
    refuseOverwritten(store, path, manifest, listed);
    return contentState(manifest, listed);
}

/**
 * The state of a content that is not declared. What LLMOS has copied, and what came along from another cluster, is noted as
 * the object's: otherwise nothing would tell that it has a new owner.
 */
export async function keepUndeclared(store: ContentStore, claim: MadeClaim): Promise<ContentState> {
    const isFilled = claim.copyOf !== undefined || claim.resources.length > 1;
    const seen = isFilled ? await lookIfThere(store, claim.path) : undefined;
    const { owner, files } = seen?.manifest ?? NO_MANIFEST;
    const isNoted = owner?.cluster === claim.owner.cluster && owner.uid === claim.owner.uid;
    if (seen && seen.listed.size > 0 && !isNoted && (owner === undefined || isOurs(owner, claim))) {
        const copied = new Map([...seen.listed].filter(([name]) => !files.has(name)));
        await saveManifest(store, claim.path, { owner: claim.owner, files, copied });
    }
    return await readContent(store, claim, { contentDigest: "" });
}

/** Sends, and remembers what has arrived if it does not come to its end: the next run need not read that again. */
async function sendAll(
    context: Context,
    claim: MadeClaim,
    { store, root }: Look,
    sessions: Sessions,
    { send, same, copied, digests }: Plan,
): Promise<Map<string, StoredFile>> {
    const { what, path, owner } = claim;
    const stored = new Map(same);
    if (send.length === 0) {
        return stored;
    }
    const bytes = bytesOf(send);
    const progress = new Progress(context, what, send.length, bytes);
    const { limiter, interruption: signal } = context;
    const onStored = (file: LocalFile, now: StoredFile) => {
        stored.set(file.path, now);
        digests.note(file, { sha256: now.sha256 });
    };
    await context.log.info(`${what}: sending ${countOf(send.length, "file")}, ${sizeOf(bytes)}, to ${path}.`);
    progress.start();
    try {
        await upload(send, { store, root, sessions, progress, limiter, signal, onStored });
    } catch (error) {
        await refuseTakenOver(store, claim)
            .then(() => saveManifest(store, path, { owner, files: stored, copied }))
            .catch(() => undefined);
        throw signal.aborted ? interrupted(store, path, progress.reached) : error;
    } finally {
        progress.stop();
    }
    await context.log.info(progress.summary);
    return stored;
}

/** In one order, whoever was first to arrive. */
function inOrder(files: StoredFiles): StoredFiles {
    return new Map([...files].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** What was copied there and not sent over. */
function beside(files: StoredFiles, copied: Manifest["copied"]): Manifest["copied"] {
    return new Map([...copied].filter(([name]) => !files.has(name)));
}

/** What the server has answered to us is what lies there: otherwise somebody else has written there meanwhile. */
function refuseOverwritten(
    store: ContentStore,
    path: string,
    { files }: Manifest,
    listed: ReadonlyMap<string, ListedObject>,
): void {
    const others = [...files].flatMap(([name, { size, etag }]) => {
        const there = listed.get(name);
        return there?.size === size && there.etag === etag ? [] : [name];
    });
    if (others.length > 0) {
        throw overwritten(store, path, others);
    }
}

/** Another object may have taken the place meanwhile: what it knows of it is not overwritten. */
async function refuseTakenOver(store: ContentStore, claim: ContentClaim): Promise<void> {
    const { owner, files } = await manifestOf(store, claim.path);
    if (owner && !isOurs(owner, claim)) {
        throw taken(store, claim, owner, [...files.keys()]);
    }
}

async function saveManifest(store: ContentStore, path: string, manifest: Manifest): Promise<void> {
    await store.putText(manifestKey(path), writeManifest(manifest));
}

async function tellExtra(
    context: Context,
    what: string,
    extra: readonly string[],
    removed: boolean,
): Promise<void> {
    if (extra.length === 0) {
        return;
    }
    const objects = `${countOf(extra.length, "object")} that the content does not have (${someOf(extra)})`;
    await (removed
        ? context.log.info(`${what}: removed ${objects}.`)
        : context.log.warn(`${what}: kept ${objects}. With prune: true they are removed.`));
}

function interrupted(store: ContentStore, path: string, reached: string): LlmosError {
    return failure("content-interrupted", {
        found: `The upload was interrupted after ${reached}`,
        where: placeOf(store, path),
        why: "The content is not whole yet.",
        next: "Run `pulumi up` again: what has arrived is not sent again.",
    });
}

function overwritten(store: ContentStore, path: string, others: readonly string[]): LlmosError {
    return failure("content-damaged", {
        found: `${countOf(others.length, "object")} that this run has stored or found ${others.length === 1 ? "is" : "are"} not there as it was answered (${someOf(others)})`,
        where: placeOf(store, path),
        why: "Somebody else has written there meanwhile: LLMOS would serve a mix of two contents.",
        next: "See who else writes there, then run `pulumi up` again; if it lasts, check the server.",
    });
}

/** What an update of a content has to do: how preview, and the engine, know of files that changed. */
import type { Context } from "../lifecycle";
import type { ContentStore } from "../s3/contentStore";
import { bytesOf, changesOf } from "./comparison";
import type { ContentInputs, Pending } from "./description";
import { localFiles } from "./localFiles";
import { lookIfThere } from "./look";
import { contentDigest } from "./manifest";
import { type ContentClaim, isOurs } from "./ownership";
import { planOf } from "./plan";
import { countOf, sizeOf } from "./progress";
import { refuseUnsendable } from "./sendable";

/** Undefined for nothing. `store` is undefined where there is none yet. Refuses what is others'. */
export async function pendingContent(
    context: Context,
    inputs: ContentInputs & { content: string },
    claim: ContentClaim,
    store: ContentStore | undefined,
): Promise<Pending | undefined> {
    const seen = store && (await lookIfThere(store, claim.path));
    if (!seen) {
        const local = await localFiles(inputs);
        await refuseUnsendable(local, `${claim.path}/`);
        return { files: local.length, bytes: bytesOf(local), removals: 0, changes: local.length };
    }
    const plan = await planOf(context, inputs, claim, seen);
    const { send, same, extra } = plan;
    const removals = inputs.prune ? extra.length : 0;
    const changes = changesOf(plan, inputs.prune === true);
    const { owner, files } = seen.manifest;
    const isKnown = isOurs(owner, claim) && contentDigest(same) === contentDigest(files);
    return send.length + removals === 0 && isKnown
        ? undefined
        : { files: send.length, bytes: bytesOf(send), removals, changes };
}

/** In words, for preview. `isUnseen`: what lies there, and would be pruned, cannot be known before there is a bucket. */
export function describePending(
    { what, path }: ContentClaim,
    { files, bytes, removals }: Pending,
    isUnseen = false,
): string {
    const sending = `${countOf(files, "file")} (${sizeOf(bytes)}) to send to ${path}`;
    const unseen = isUnseen ? ", and what prune removes is known only once its registry is there" : "";
    return `${what}: ${sending}${removals > 0 ? `, ${countOf(removals, "object")} to remove` : unseen}.`;
}

/** What is to be done to a content: the files here, compared with what lies there, as far as that is ours. */
import type { Context } from "../lifecycle";
import type { ContentStore } from "../s3/contentStore";
import { type Comparison, compare } from "./comparison";
import type { ContentInputs } from "./description";
import { Digests } from "./digests";
import { type LocalFile, localFiles } from "./localFiles";
import { type Look, lookIfThere } from "./look";
import type { Manifest } from "./manifest";
import { type ContentClaim, copiedOf, isOurs, refuseOthers } from "./ownership";
import { refuseUnsendable } from "./sendable";

export interface Plan extends Comparison {
    readonly local: readonly LocalFile[];
    readonly digests: Digests;
    readonly copied: Manifest["copied"];
}

/** What a plan needs of its context. */
type Planning = Pick<Context, "cacheFolder" | "interruption">;

/** Refuses what is others', and what cannot be sent. */
export async function planOf(
    { cacheFolder, interruption }: Planning,
    inputs: ContentInputs & { content: string },
    claim: ContentClaim,
    seen: Look,
): Promise<Plan> {
    const local = await localFiles(inputs);
    const digests = await Digests.open(cacheFolder, inputs);
    const copied = await copiedOf(seen, claim);
    const { files } = seen.manifest;
    const comparison = await compare(local, files, seen.listed, digests, interruption, copied);
    await digests.save(local);
    refuseOthers(seen, claim, copied, comparison.same);
    await refuseUnsendable(comparison.send, seen.root);
    return { ...comparison, local, digests, copied };
}

/**
 * Before the object is made: a refusal that came only afterwards would leave an object in LLMOS whose deletion takes along
 * what is others'.
 */
export async function refuseTaken(
    context: Planning,
    store: ContentStore,
    { content, ...inputs }: ContentInputs,
    claim: ContentClaim,
): Promise<void> {
    const seen = claim.adopt ? undefined : await lookIfThere(store, claim.path);
    if (!seen || seen.listed.size === 0 || isOurs(seen.manifest.owner, claim)) {
        return;
    }
    if (content === undefined) {
        refuseOthers(seen, claim, new Map(), new Map());
    } else {
        await planOf(context, { ...inputs, content }, claim, seen);
    }
}

/** What `check` asks of the publication of a DatasetVersion: is it as declared, and may its content change? */
import type { ContentInputs } from "../../content/description";
import { type Finding, failure } from "../../finding";
import type { ClusterReader } from "../../kubernetes/cluster";
import type { Context, KnownPart } from "../../lifecycle";
import { publicationOf } from "../../llmos/publication";
import { type StoredKind, type StoredResource, storedPath } from "../../llmos/storedObjects";
import { known, type Reading } from "../../reading";
import type { StoredInputs } from "../stored/description";
import type { PublicationInputs } from "./description";

type Asked = KnownPart<StoredInputs & ContentInputs & PublicationInputs>;

/** For `check`: what LLMOS says of a publication that is declared, and that was not or has not come to its end. */
export async function fillUnpublished(
    context: Context,
    kind: StoredKind,
    inputs: Asked,
    what: string,
): Promise<{ unpublished?: string }> {
    if (!inputs.publish || inputs.name === undefined || inputs.reachability === "off") {
        return {};
    }
    const { reading } = await ask(context, kind, inputs, inputs.name);
    if (reading.outcome === "unknown") {
        // Preflight says so; here the stack's own state decides.
        return {};
    }
    const said = reading.outcome === "absent" ? "it does not exist" : unpublishedOf(reading.value);
    if (said === undefined) {
        return {};
    }
    await context.log.warn(`${what} is declared published, and is not: ${said}`);
    return { unpublished: said };
}

function unpublishedOf(found: StoredResource): string | undefined {
    const { state, said } = publicationOf(found);
    if (found.spec?.publish !== true) {
        return "its publication has been taken back";
    }
    return state === "ready" ? undefined : said;
}

/** Would the content of a published version change? */
export async function askForPublished(
    context: Context,
    kind: StoredKind,
    inputs: Asked,
    what: string,
): Promise<Finding[]> {
    const { name, publish: isDeclared, republish, pending } = inputs;
    if (name === undefined || isDeclared === false || !pending?.changes) {
        return [];
    }
    const { reading, cluster } = await ask(context, kind, inputs, name);
    const found = known(reading);
    if (!found || !isMounted(found)) {
        return [];
    }
    if (!republish) {
        return [contentPublished(cluster, found, what)];
    }
    await context.log.info(
        `${what} is published. Its publication is taken back before its content changes, and made again afterwards.`,
    );
    return [];
}

/** Whether notebooks may mount what was published of it, now or soon. */
export function isMounted(found: StoredResource): boolean {
    return found.spec?.publish === true && publicationOf(found).state !== "failed";
}

/** Why the content of a published version does not change. */
export function contentPublished(
    cluster: ClusterReader,
    { metadata }: StoredResource,
    what: string,
): Finding {
    return failure("content-published", {
        found: `${what} is published, and its content would change`,
        where: `${cluster.server}, DatasetVersion ${metadata.namespace}/${metadata.name}`,
        why: "LLMOS takes no new snapshot: notebooks and trainings would go on with the former content.",
        next: "Declare a new version with the new content (copyFrom takes over the rest). Or set publish: true and republish: true: the publication is then taken back, and made again with the new content.",
        property: "content",
    }).finding;
}

async function ask(
    context: Context,
    kind: StoredKind,
    inputs: Asked,
    name: string,
): Promise<{ reading: Reading<StoredResource>; cluster: ClusterReader }> {
    const { namespace = "default" } = inputs;
    const cluster = await context.clusterReader(inputs.cluster);
    return { reading: await cluster.read(storedPath(kind, { namespace, name })), cluster };
}

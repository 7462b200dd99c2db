import type { ObjectClient } from "../kubernetes/cluster";
import type { ObjectCache } from "../kubernetes/objectCache";
import { isTrue, withCondition, within } from "./condition";
import { type Dataset, notFound, type Version } from "./objects";

/** The Datasets as their versions need them: to be found, and to be told of versions. */
export class Datasets {
    constructor(
        private readonly cache: Pick<ObjectCache<Dataset>, "get">,
        private readonly client: Pick<ObjectClient<Dataset>, "writeStatus">,
        private readonly signal: AbortSignal,
    ) {}

    get(namespace: string, name: string): Dataset | undefined {
        return this.cache.get(`${namespace}/${name}`);
    }

    /** The Dataset, or what hinders a version of it. */
    ready(namespace: string, name: string): Dataset {
        const dataset = this.get(namespace, name);
        if (!dataset) throw notFound("datasets", name);
        if (!isTrue(dataset.status, "ready")) throw new Error(`dataset ${namespace}/${name} is not ready`);
        return dataset;
    }

    async addVersion(dataset: Dataset, added: Version): Promise<void> {
        const versions = versionsOf(dataset);
        if (hasVersion(dataset, added.version)) return;
        await this.writeVersions(dataset, [...versions, added]);
    }

    async removeVersion(dataset: Dataset, removed: string): Promise<void> {
        if (!hasVersion(dataset, removed)) return;
        await this.writeVersions(
            dataset,
            versionsOf(dataset).filter(({ version }) => version !== removed),
        );
    }

    private async writeVersions(dataset: Dataset, versions: Version[]): Promise<void> {
        this.signal.throwIfAborted();
        const { versions: _versions, ...rest } = dataset.status ?? {};
        // The operator calls the Dataset ready here whether it is or not; its own check soon says what holds.
        const status = withCondition({ ...rest, ...(versions.length > 0 && { versions }) }, "ready", {});
        await within("update dataset status failed", () => this.client.writeStatus({ ...dataset, status }));
    }
}

export function hasVersion(dataset: Dataset, wanted: string): boolean {
    return versionsOf(dataset).some(({ version }) => version === wanted);
}

function versionsOf({ status }: Dataset): Version[] {
    return status?.versions ?? [];
}

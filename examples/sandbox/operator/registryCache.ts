import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./cluster";
import type { Registry } from "./registry";

/** The Registries as last seen; keeps itself up to date until stopped, over restarts of the API server too. */
export class RegistryCache {
    private readonly known = new Map<string, Registry>();

    constructor(
        private readonly cluster: Cluster,
        private readonly onChange: (name: string) => void,
        private readonly log: (line: string) => void,
        private readonly signal: AbortSignal,
    ) {}

    get(name: string): Registry | undefined {
        return this.known.get(name);
    }

    /** Lists and watches in turn. Ends only with the signal. */
    async follow(): Promise<void> {
        let failures = 0;
        while (!this.signal.aborted) {
            try {
                const resourceVersion = await this.list();
                failures = 0;
                await this.cluster.watch(resourceVersion, (type, one) => this.take(type, one), this.signal);
            } catch (error) {
                failures += 1;
                this.log(`list of registries failed: ${(error as Error).message.split("\n")[0]}`);
            }
            // A short pause even after a watch that ended well: an API server that goes down ends each new one at once.
            const pause = Math.min(100 * 2 ** failures, 3000);
            await sleep(pause, undefined, { signal: this.signal }).catch(() => {});
        }
    }

    private async list(): Promise<string> {
        const { registries, resourceVersion } = await this.cluster.list();
        const names = new Set(registries.map(({ metadata }) => metadata.name));
        for (const name of this.known.keys()) if (!names.has(name)) this.known.delete(name);
        for (const registry of registries) this.take("MODIFIED", registry);
        return resourceVersion;
    }

    private take(type: string, registry: Registry): void {
        // Anything else is no Registry: an ERROR event carries a Status, and the watch ends after it.
        if (type === "DELETED") this.known.delete(registry.metadata.name);
        if (type !== "ADDED" && type !== "MODIFIED") return;
        const { name, uid, resourceVersion } = registry.metadata;
        const old = this.known.get(name)?.metadata;
        this.known.set(name, registry);
        if (old?.uid !== uid || old?.resourceVersion !== resourceVersion) this.onChange(name);
    }
}

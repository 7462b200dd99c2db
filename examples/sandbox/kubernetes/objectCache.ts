import { setTimeout as sleep } from "node:timers/promises";
import type { ObjectClient } from "./cluster";
import { type KubernetesObject, keyOf } from "./objects";

/** The objects of one kind as last seen; keeps itself up to date until stopped, over restarts of the API server too. */
export class ObjectCache<T extends KubernetesObject> {
    private readonly known = new Map<string, T>();
    private tellSynced = () => {};

    /** Settles when all objects were listed once. */
    readonly synced = new Promise<void>((resolve) => {
        this.tellSynced = resolve;
    });

    constructor(
        private readonly client: Pick<ObjectClient<T>, "plural" | "list" | "watch">,
        private readonly onChange: (key: string) => void,
        private readonly log: (line: string) => void,
        private readonly signal: AbortSignal,
        /** By how many milliseconds a change of the object is seen too late. */
        private readonly lateness: (object: T) => number = () => 0,
    ) {}

    get(key: string): T | undefined {
        return this.known.get(key);
    }

    values(): T[] {
        return [...this.known.values()];
    }

    /** Lists and watches in turn. Ends only with the signal. */
    async follow(): Promise<void> {
        let failures = 0;
        while (!this.signal.aborted) {
            try {
                const resourceVersion = await this.list();
                failures = 0;
                await this.client.watch(
                    resourceVersion,
                    (type, one) => this.takeLate(type, one),
                    this.signal,
                );
            } catch (error) {
                failures += 1;
                const reason = (error as Error).message.split("\n")[0];
                this.log(`list of ${this.client.plural} failed: ${reason}`);
            }
            // A short pause even after a watch that ended well: an API server that goes down ends each new one at once.
            const pause = Math.min(100 * 2 ** failures, 3000);
            await sleep(pause, undefined, { signal: this.signal }).catch(() => {});
        }
    }

    private async list(): Promise<string> {
        const { items, resourceVersion } = await this.client.list();
        const keys = new Set(items.map(keyOf));
        for (const key of this.known.keys()) if (!keys.has(key)) this.known.delete(key);
        for (const object of items) this.take("MODIFIED", object);
        this.tellSynced();
        return resourceVersion;
    }

    private takeLate(type: string, object: T): void {
        const late = this.lateness(object);
        if (late === 0) this.take(type, object);
        else setTimeout(() => this.take(type, object), late).unref();
    }

    private take(type: string, object: T): void {
        // Anything else is no object of the kind: an ERROR event carries a Status, and the watch ends after it.
        if (type === "DELETED") this.known.delete(keyOf(object));
        if (type !== "ADDED" && type !== "MODIFIED") return;
        const key = keyOf(object);
        const { uid, resourceVersion } = object.metadata;
        const old = this.known.get(key)?.metadata;
        this.known.set(key, object);
        if (old?.uid !== uid || old?.resourceVersion !== resourceVersion) this.onChange(key);
    }
}

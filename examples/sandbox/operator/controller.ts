import { isDeepStrictEqual } from "node:util";
import type { ObjectClient } from "./cluster";
import type { Outcome } from "./condition";
import { ObjectCache } from "./objectCache";
import type { LlmosObject } from "./objects";
import { WorkQueue } from "./workQueue";

/** What the operator does with the objects of one kind. */
export interface Handler<T extends LlmosObject> {
    onChange(object: T): Promise<Outcome<NonNullable<T["status"]>>>;
    /** Only of a kind whose objects leave something behind. Throws as long as that cannot be cleared away. */
    readonly removal?: { readonly finalizer: string; onRemove(object: T): Promise<void> };
    /** The object with the fields that Go's types write although nobody has set them. */
    asGoWrites?(object: T): T;
}

/**
 * One kind's watch, queue and writing, with the conduct of rancher/wrangler v3 and lasso v0.2.2: an object is looked
 * at when it changes and, after a failure, again and again; its status is written before its finalizer, which is added
 * whenever it is missing; an object that is being deleted is only cleared away.
 */
export class Controller<T extends LlmosObject> {
    readonly cache: ObjectCache<T>;
    private readonly queue: WorkQueue;
    private filled: Promise<unknown> = Promise.resolve();

    constructor(
        private readonly client: ObjectClient<T>,
        private readonly handler: Handler<T>,
        private readonly log: (line: string) => void,
        private readonly signal: AbortSignal,
    ) {
        this.queue = new WorkQueue((key) => this.reconcile(key), 5);
        this.cache = new ObjectCache(client, (key) => this.queue.add(key), log, signal);
        signal.addEventListener("abort", () => this.queue.stop(), { once: true });
    }

    /** Works as soon as every cache that its handler looks into is filled. Ends only with the signal. */
    async run(filled: Promise<unknown>): Promise<void> {
        this.filled = filled;
        await this.cache.follow();
    }

    private async reconcile(key: string): Promise<boolean> {
        await this.filled;
        const object = this.cache.get(key);
        if (!object) return true;
        try {
            const failure = object.metadata.deletionTimestamp
                ? await this.clearAway(object)
                : await this.takeCare(object, key);
            return failure === undefined;
        } catch (error) {
            this.log(`${this.client.plural} ${key}: ${(error as Error).message}`);
            return false;
        }
    }

    private async takeCare(object: T, key: string): Promise<string | undefined> {
        const { status, failure } = await this.handler.onChange(object);
        const changed = !isDeepStrictEqual(status, object.status ?? {});
        if (changed) this.log(`${this.client.plural} ${key}: ${failure ?? "good"}`);
        const current = changed ? await this.unlessStopped("writeStatus", { ...object, status }) : object;
        const finalizer = this.handler.removal?.finalizer;
        const finalizers = current.metadata.finalizers ?? [];
        if (finalizer && !finalizers.includes(finalizer)) {
            await this.writeFinalizers(current, [...finalizers, finalizer]);
        }
        return failure;
    }

    private async clearAway(object: T): Promise<undefined> {
        const { removal } = this.handler;
        const finalizers = object.metadata.finalizers ?? [];
        if (!removal || !finalizers.includes(removal.finalizer)) return;
        await removal.onRemove(object);
        await this.writeFinalizers(
            object,
            finalizers.filter((one) => one !== removal.finalizer),
        );
    }

    private async writeFinalizers(object: T, finalizers: string[]): Promise<void> {
        const whole = this.handler.asGoWrites?.(object) ?? object;
        await this.unlessStopped("write", { ...whole, metadata: { ...object.metadata, finalizers } });
    }

    private async unlessStopped(write: "write" | "writeStatus", object: T): Promise<T> {
        this.signal.throwIfAborted();
        return this.client[write](object);
    }
}

import type { ObjectClient } from "./cluster";
import { ObjectCache } from "./objectCache";
import type { KubernetesObject } from "./objects";
import { WorkQueue } from "./workQueue";

/** What a controller is given by the process that it runs in. */
export interface Surroundings {
    readonly log: (line: string) => void;
    /** Ends the controller. */
    readonly signal: AbortSignal;
}

/** One kind's watch and queue: an object is worked on when it changes and, after a failure, again and again. */
export class Controller<T extends KubernetesObject> {
    readonly cache: ObjectCache<T>;
    private readonly queue: WorkQueue;
    private filled: Promise<unknown> = Promise.resolve();

    /**
     * @param work Is given each object that there is. What it throws, or gives as a failure, is why the object is worked
     * on again.
     */
    constructor(
        private readonly client: Pick<ObjectClient<T>, "plural" | "list" | "watch">,
        private readonly work: (object: T) => Promise<string | undefined>,
        private readonly surroundings: Surroundings,
    ) {
        const { log, signal } = surroundings;
        this.queue = new WorkQueue((key) => this.workOn(key), 5);
        this.cache = new ObjectCache(client, (key) => this.queue.add(key), log, signal);
        signal.addEventListener("abort", () => this.queue.stop(), { once: true });
    }

    /** Works as soon as every cache that the work looks into is filled. Ends only with the signal. */
    async run(filled: Promise<unknown>): Promise<void> {
        this.filled = filled;
        await this.cache.follow();
    }

    private async workOn(key: string): Promise<boolean> {
        await this.filled;
        const object = this.cache.get(key);
        if (!object) return true;
        try {
            return (await this.work(object)) === undefined;
        } catch (error) {
            this.surroundings.log(`${this.client.plural} ${key}: ${(error as Error).message}`);
            return false;
        }
    }
}

/** Runs controllers that look into each other's caches. Ends only with their signal. */
export async function runAll(
    controllers: readonly {
        readonly cache: { readonly synced: Promise<void> };
        run(filled: Promise<unknown>): Promise<void>;
    }[],
): Promise<void> {
    const filled = Promise.all(controllers.map(({ cache }) => cache.synced));
    await Promise.all(controllers.map((controller) => controller.run(filled)));
}

import { isDeepStrictEqual } from "node:util";
import { allOrNone } from "../cleanUp";
import type { ObjectClient } from "../kubernetes/cluster";
import { Controller, type Surroundings } from "../kubernetes/controller";
import { keyOf } from "../kubernetes/objects";
import type { Outcome } from "./condition";
import type { LlmosObject } from "./objects";

/** What the operator does with the objects of one kind. */
export interface Handler<T extends LlmosObject> {
    onChange(object: T): Promise<Outcome<NonNullable<T["status"]>>>;
    /** Only of a kind whose objects leave something behind. Throws as long as that cannot be cleared away. */
    readonly removal?: { readonly finalizer: string; onRemove(object: T): Promise<void> };
    /** The object with the fields that Go's types write although nobody has set them. */
    asGoWrites?(object: T): T;
}

/** A controller of one kind of LLMOS, with the conduct of rancher/wrangler v3 and lasso v0.2.2. */
export function reconciling<T extends LlmosObject>(
    client: ObjectClient<T>,
    handler: Handler<T>,
    surroundings: Surroundings,
): Controller<T> {
    const reconciler = new Reconciler(client, handler, surroundings);
    return new Controller(client, (object) => reconciler.reconcile(object), surroundings);
}

/**
 * The status of an object is written before its finalizer, which is added whenever it is missing; an object that is
 * being deleted is only cleared away.
 */
class Reconciler<T extends LlmosObject> {
    constructor(
        private readonly client: Pick<ObjectClient<T>, "plural" | "write" | "writeStatus">,
        private readonly handler: Handler<T>,
        private readonly surroundings: Surroundings,
    ) {}

    async reconcile(object: T): Promise<string | undefined> {
        return object.metadata.deletionTimestamp ? this.clearAway(object) : this.takeCare(object);
    }

    private async takeCare(object: T): Promise<string | undefined> {
        // An object that was found good before is not looked at first: Go's calls of S3 take a few milliseconds, Node's
        // take so long that the finalizer would be back later than the real one.
        const finalized = isKnownGood(object) ? this.withFinalizer(object) : undefined;
        // Whatever becomes of one, the other is not left behind.
        const [{ status, failure }, current = object] = await allOrNone([
            this.handler.onChange(object),
            finalized,
        ]);
        const changed = !isDeepStrictEqual(status, object.status ?? {});
        if (changed) this.surroundings.log(`${this.client.plural} ${keyOf(object)}: ${failure ?? "good"}`);
        const written = changed ? await this.unlessStopped("writeStatus", { ...current, status }) : current;
        if (!finalized) await this.withFinalizer(written);
        return failure;
    }

    /** The object with its finalizer, which is put on it if it is not there. */
    private async withFinalizer(object: T): Promise<T> {
        const finalizer = this.handler.removal?.finalizer;
        const { finalizers = [] } = object.metadata;
        if (!finalizer || finalizers.includes(finalizer)) return object;
        return this.writeFinalizers(object, [...finalizers, finalizer]);
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

    private async writeFinalizers(object: T, finalizers: string[]): Promise<T> {
        const whole = this.handler.asGoWrites?.(object) ?? object;
        return this.unlessStopped("write", { ...whole, metadata: { ...object.metadata, finalizers } });
    }

    private async unlessStopped(write: "write" | "writeStatus", object: T): Promise<T> {
        this.surroundings.signal.throwIfAborted();
        return this.client[write](object);
    }
}

function isKnownGood({ status }: LlmosObject): boolean {
    return status?.conditions?.some(({ status }) => status === "True") === true;
}

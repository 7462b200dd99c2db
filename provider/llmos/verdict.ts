/**
 * Waiting for the operator's verdict on an object: a condition of it. A status cannot simply be read: one that was True keeps its
 * old True until a re-check, and a re-check with the same result leaves no trace.
 */

import { type Finding, failure, failureOf, type LlmosError } from "../finding";
import type { Cluster, ClusterReader, WatchEvent } from "../kubernetes/cluster";
import { type Ended, lengthOf, type Waited, type Waiting, waitFor } from "../lifecycle/waiting";
import { known } from "../reading";
import {
    accessible,
    type Condition,
    type Conditioned,
    conditionOf,
    REGISTRIES,
    type RegistryResource,
} from "./objects";

/** How long to wait, in milliseconds. */
export interface Patience {
    /** For a verdict at all. */
    readonly verdictMs: number;
    /** For a False to turn True, because the operator tries again. */
    readonly graceMs: number;
    /** For a True from before the write to turn False. */
    readonly settleMs: number;
}

/** Which evidence there is: a verdict given after the write, or one from before that was not taken back. */
export type Evidence = "fresh" | "unchanged";

export interface Verdict<T> {
    readonly object: T;
    readonly evidence: Evidence;
}

/** What the verdict is on, and how its bad ends are told. */
export interface Subject<T extends Conditioned> {
    /** Path of the collection that holds the object. */
    readonly collection: string;
    readonly name: string;
    /** Type of the condition that is the verdict. */
    readonly condition: string;
    /** What is waited for, for the lines of progress. */
    readonly awaited: string;
    /** Why a wait that has ended did not bring the verdict that was hoped for. */
    refused(object: T, ended: Ended): LlmosError;
    vanished(): LlmosError;
}

/** A True that is False at the next look. */
const TAKEN_BACK: Ended = { outcome: "over", seconds: 0 };

/** The last state seen on a watch that is opened before the write, so that nothing falls between. */
export class VerdictWatch<T extends Conditioned> {
    private latest: T | undefined;
    private deleted = false;
    private stopped = false;
    private wake: () => void = () => {};
    private handle: { stop(): void } | undefined;

    private constructor(
        private readonly cluster: Cluster,
        private readonly subject: Subject<T>,
        private readonly waiting: Waiting,
    ) {}

    static async open<T extends Conditioned>(
        cluster: Cluster,
        subject: Subject<T>,
        waiting: Waiting,
    ): Promise<VerdictWatch<T>> {
        const watch = new VerdictWatch(cluster, subject, waiting);
        await watch.listen();
        return watch;
    }

    /** Ends the watch. */
    stop(): void {
        this.stopped = true;
        this.handle?.stop();
    }

    /**
     * The verdict on what was `written`, where `before` is the condition that stood at the time. Fails with
     * the operator's own message.
     */
    async verdict(written: T, before: Condition | undefined, patience: Patience): Promise<Verdict<T>> {
        this.observe(written);
        return before?.status === "True"
            ? await this.stillTrue(before, patience)
            : await this.becomesTrue(patience);
    }

    private async stillTrue(before: Condition, patience: Patience): Promise<Verdict<T>> {
        const turned = await this.until((condition) => condition?.status !== "True", patience.settleMs);
        const object = turned.outcome === "found" ? turned.value : await this.asked();
        if (this.condition(object)?.status !== "True") {
            return await this.becomesTrue(patience);
        }
        if (turned.outcome === "interrupted") {
            throw this.subject.refused(object, turned);
        }
        const moved = this.condition(object)?.lastUpdateTime !== before.lastUpdateTime;
        return { object, evidence: moved ? "fresh" : "unchanged" };
    }

    private async becomesTrue(patience: Patience): Promise<Verdict<T>> {
        const isTrue = (condition: Condition | undefined) => condition?.status === "True";
        const judged = await this.until((condition) => condition !== undefined, patience.verdictMs);
        const turned =
            judged.outcome === "found" && !isTrue(this.condition(judged.value))
                ? await this.until(isTrue, patience.graceMs)
                : judged;
        const object = await this.asked();
        if (!isTrue(this.condition(object))) {
            throw this.subject.refused(object, turned.outcome === "found" ? TAKEN_BACK : turned);
        }
        return { object, evidence: "fresh" };
    }

    /** Asked once more when time is up: the last event may have been on its way. */
    private async asked(): Promise<T> {
        const { collection, name } = this.subject;
        const object = known(await this.cluster.read<T>(`${collection}/${name}`));
        if (!object) {
            throw this.subject.vanished();
        }
        this.observe(object);
        return object;
    }

    private condition(object: T): Condition | undefined {
        return conditionOf(object, this.subject.condition);
    }

    /** Waits until the condition of the object satisfies. */
    private until(
        satisfies: (condition: Condition | undefined) => boolean,
        mostMs: number,
    ): Promise<Waited<T>> {
        return waitFor(this.waiting, {
            what: this.subject.awaited,
            mostMs,
            look: () => {
                if (this.deleted) {
                    throw this.subject.vanished();
                }
                return this.latest && satisfies(this.condition(this.latest)) ? this.latest : undefined;
            },
            state: () => this.state(),
            news: () => this.nextEvent(),
        });
    }

    private state(): string {
        const condition = this.latest && this.condition(this.latest);
        return condition
            ? `${condition.type}=${condition.status}, ${condition.message || "no message"}`
            : "no verdict yet";
    }

    private nextEvent(): Promise<void> {
        return new Promise((resolve) => {
            this.wake = resolve;
        });
    }

    private async listen(): Promise<void> {
        this.handle = await this.cluster.watch<T>(
            this.subject.collection,
            this.subject.name,
            (event) => this.receive(event),
            () => this.ended(),
        );
    }

    private receive({ type, object }: WatchEvent<T>): void {
        if (type === "DELETED") {
            this.deleted = object.metadata.uid === this.latest?.metadata.uid;
        } else if (type === "ADDED" || type === "MODIFIED") {
            this.observe(object);
        }
        this.wake();
    }

    /** Takes the newer of what is known and what is seen. */
    private observe(object: T): void {
        if (
            !this.latest ||
            Number(object.metadata.resourceVersion) >= Number(this.latest.metadata.resourceVersion)
        ) {
            this.latest = object;
        }
    }

    /** The API server ends every watch after a while; a new one begins with the present state. */
    private ended(): void {
        if (!this.stopped) {
            this.waiting.clock.sleep(500).then(() => {
                if (!this.stopped) {
                    this.listen().catch(() => this.ended());
                }
            });
        }
    }
}

/** The verdict on a Registry. */
export function registrySubject(cluster: Cluster, name: string): Subject<RegistryResource> {
    return {
        collection: REGISTRIES,
        name,
        condition: "accessible",
        awaited: `Registry "${name}": waiting until the LLMOS operator finds it accessible`,
        refused: (registry, ended) => refused(cluster, registry, ended),
        vanished: () => vanished(cluster, name),
    };
}

function refused(cluster: Cluster, registry: RegistryResource, ended: Ended): LlmosError {
    const condition = accessible(registry);
    const where = `${cluster.server}, Registry ${registry.metadata.name}`;
    if (condition?.status !== "False") {
        return failure("verdict-missing", {
            found: `The LLMOS operator gave no verdict within ${lengthOf(ended)}`,
            where,
            why: "Until it says that the registry is accessible, models and datasets cannot be stored.",
            next: RUN_AGAIN_OR[ended.outcome]("timeouts.verdictSeconds"),
        });
    }
    return failureOf(inactive(cluster, registry));
}

/** What to do when the operator has said nothing. */
export const RUN_AGAIN_OR: Record<Ended["outcome"], (timeout: string) => string> = {
    over: (timeout) =>
        `Check that the LLMOS operator runs (namespace llmos-system) and sees this cluster; raise ${timeout} if it is slow.`,
    interrupted: () => "Run `pulumi up` again; the object is kept.",
};

/** Why a registry is not Active; none when it is. */
export function verdictFindings(cluster: ClusterReader, registry: RegistryResource): Finding[] {
    return accessible(registry)?.status === "True" ? [] : [inactive(cluster, registry)];
}

function inactive(cluster: ClusterReader, registry: RegistryResource): Finding {
    const condition = accessible(registry);
    const where = `${cluster.server}, Registry ${registry.metadata.name}`;
    return failure("registry-inactive", {
        found: `The LLMOS operator cannot use the registry. It says: ${condition?.message ?? "(nothing yet)"}`,
        where: `${where}, condition accessible=${condition?.status ?? "(none)"}${condition?.lastUpdateTime ? ` since ${condition.lastUpdateTime}` : ""}`,
        why: "As long as that lasts, models and datasets cannot be stored or read.",
        next: "Correct what it names and run `pulumi up` again; the registry is kept. A private authority must be trusted by the operator's pod as well.",
    }).finding;
}

function vanished(cluster: Cluster, name: string): LlmosError {
    return failure("registry-missing", {
        found: `The Registry "${name}" was deleted by someone else while its verdict was awaited`,
        where: cluster.server,
        why: "There is nothing left that LLMOS could use.",
        next: "Find out who deletes it, then run `pulumi up` again.",
    });
}

/**
 * Waiting for the operator's verdict on a Registry. A status cannot simply be read: one that was True keeps its
 * old True until a re-check, and a re-check with the same result leaves no trace (`llmos/observed.md`).
 */
import { type Finding, failure, failureOf, type LlmosError } from "../errors";
import type { Clock } from "../lifecycle";
import { known } from "../lifecycle";
import type { Cluster, WatchEvent } from "./cluster";
import { accessible, type Condition, REGISTRIES, type RegistryResource, registryPath } from "./objects";

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

export interface Verdict {
    readonly registry: RegistryResource;
    readonly evidence: Evidence;
}

/** The last state seen on a watch that is opened before the write, so that nothing falls between. */
export class VerdictWatch {
    private latest: RegistryResource | undefined;
    private deleted = false;
    private stopped = false;
    private wake: () => void = () => {};
    private handle: { stop(): void } | undefined;

    private constructor(
        private readonly cluster: Cluster,
        private readonly name: string,
        private readonly clock: Clock,
    ) {}

    static async open(cluster: Cluster, name: string, clock: Clock): Promise<VerdictWatch> {
        const watch = new VerdictWatch(cluster, name, clock);
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
    async verdict(
        written: RegistryResource,
        before: Condition | undefined,
        patience: Patience,
    ): Promise<Verdict> {
        this.observe(written);
        return before?.status === "True"
            ? await this.stillTrue(before, patience)
            : await this.becomesTrue(patience);
    }

    private async stillTrue(before: Condition, patience: Patience): Promise<Verdict> {
        const turned = await this.until((condition) => condition?.status !== "True", patience.settleMs);
        const registry = turned ?? (await this.asked());
        if (accessible(registry)?.status !== "True") {
            return await this.becomesTrue(patience);
        }
        const moved = accessible(registry)?.lastUpdateTime !== before.lastUpdateTime;
        return { registry, evidence: moved ? "fresh" : "unchanged" };
    }

    private async becomesTrue(patience: Patience): Promise<Verdict> {
        const isTrue = (condition: Condition | undefined) => condition?.status === "True";
        const judged = await this.until((condition) => condition !== undefined, patience.verdictMs);
        if (judged && !isTrue(accessible(judged))) {
            await this.until(isTrue, patience.graceMs);
        }
        const registry = await this.asked();
        if (!isTrue(accessible(registry))) {
            throw refused(this.cluster, registry, patience);
        }
        return { registry, evidence: "fresh" };
    }

    /** Asked once more when time is up: the last event may have been on its way. */
    private async asked(): Promise<RegistryResource> {
        const registry = known(await this.cluster.read<RegistryResource>(registryPath(this.name)));
        if (!registry) {
            throw vanished(this.cluster, this.name);
        }
        this.observe(registry);
        return registry;
    }

    /** The object once its condition satisfies; undefined when time is up. */
    private async until(
        satisfies: (condition: Condition | undefined) => boolean,
        milliseconds: number,
    ): Promise<RegistryResource | undefined> {
        const end = this.clock.now() + milliseconds;
        for (;;) {
            if (this.deleted) {
                throw vanished(this.cluster, this.name);
            }
            if (this.latest && satisfies(accessible(this.latest))) {
                return this.latest;
            }
            const left = end - this.clock.now();
            if (left <= 0) {
                return undefined;
            }
            await Promise.race([this.clock.sleep(left), this.nextEvent()]);
        }
    }

    private nextEvent(): Promise<void> {
        return new Promise((resolve) => {
            this.wake = resolve;
        });
    }

    private async listen(): Promise<void> {
        this.handle = await this.cluster.watch<RegistryResource>(
            REGISTRIES,
            this.name,
            (event) => this.receive(event),
            () => this.ended(),
        );
    }

    private receive({ type, object }: WatchEvent<RegistryResource>): void {
        if (type === "DELETED") {
            this.deleted = object.metadata.uid === this.latest?.metadata.uid;
        } else if (type === "ADDED" || type === "MODIFIED") {
            this.observe(object);
        }
        this.wake();
    }

    /** Takes the newer of what is known and what is seen. */
    private observe(object: RegistryResource): void {
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
            this.clock.sleep(500).then(() => {
                if (!this.stopped) {
                    this.listen().catch(() => this.ended());
                }
            });
        }
    }
}

function refused(cluster: Cluster, registry: RegistryResource, patience: Patience): LlmosError {
    const condition = accessible(registry);
    const where = `${cluster.server}, Registry ${registry.metadata.name}`;
    if (!condition) {
        return failure("verdict-missing", {
            found: `The LLMOS operator gave no verdict within ${patience.verdictMs / 1000} s`,
            where,
            why: "Until it says that the registry is accessible, models and datasets cannot be stored.",
            next: "Check that the LLMOS operator runs (namespace llmos-system) and sees this cluster; raise timeouts.verdictSeconds if it is slow.",
        });
    }
    return failureOf(inactive(cluster, registry));
}

/** Why a registry is not Active; none when it is. */
export function verdictFindings(cluster: Cluster, registry: RegistryResource): Finding[] {
    return accessible(registry)?.status === "True" ? [] : [inactive(cluster, registry)];
}

function inactive(cluster: Cluster, registry: RegistryResource): Finding {
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

import type { ObjectClient } from "../kubernetes/cluster";
import { goTime } from "../kubernetes/objects";
import type { Job, JobStatus } from "../operator/publicationObjects";
import type { Claim } from "./storage";
import type { Waiting } from "./waiting";
import type { Wish, Wishes } from "./wishes";

/**
 * A STAND-IN for the Job controller, the kubelets and the TTL controller: no Pod is made and nothing runs. A Job with
 * its claim bound ends a moment after it has begun, as is wished; one that is to be tried again counts its failure
 * before that.
 */
export class StandInJobs {
    /** What has begun to fail goes on as it was wished then. */
    private readonly failing = new Map<string, Wish>();

    constructor(
        private readonly client: ObjectClient<Job>,
        private readonly claims: () => Claim[],
        private readonly wishes: Wishes,
        private readonly waiting: Waiting,
    ) {}

    /** Takes a Job one step further, if it is time to. */
    async look(job: Job): Promise<void> {
        const { status = {}, metadata } = job;
        if (metadata.deletionTimestamp) return;
        if (status.startTime === undefined) return this.write(job, { startTime: now(), active: 1 });
        if (isFinished(job)) return this.expire(job);
        if (!this.isMounted(job) || !this.waiting.isOver(job, `after ${status.failed ?? 0} failures`)) return;
        const wish = this.failing.get(metadata.uid ?? "") ?? (await this.wishes.of("job", job));
        const { outcome } = wish;
        const failures = status.failed ?? 0;
        const retries = job.spec.backoffLimit ?? 6;
        if (outcome === "succeed" || (outcome === "failOnce" && failures > 0)) {
            await this.write(job, succeeded(status));
        } else if (outcome !== "hang") {
            this.failing.set(metadata.uid ?? "", wish);
            await this.write(job, failures < retries ? tryAgain(status) : failed(status));
        }
    }

    /** A Pod starts once all its claims are bound. */
    private isMounted(job: Job): boolean {
        const { namespace } = job.metadata;
        return claimsOf(job).every((name) =>
            this.claims().some(
                ({ metadata, status }) =>
                    metadata.namespace === namespace &&
                    metadata.name === name &&
                    !metadata.deletionTimestamp &&
                    status?.phase === "Bound",
            ),
        );
    }

    /** Longer lives than none at all end after any test. */
    private async expire({ metadata: { name, namespace, uid }, spec }: Job): Promise<void> {
        if (spec.ttlSecondsAfterFinished !== 0) return;
        await this.client.delete(name, namespace, {
            preconditions: { uid },
            propagationPolicy: "Background",
        });
    }

    private async write(job: Job, status: JobStatus): Promise<void> {
        await this.client.writeStatus({
            ...job,
            status: { ready: 0, uncountedTerminatedPods: {}, ...status },
        });
    }
}

/** Names of the claims that a Job mounts. */
export function claimsOf({ spec }: Job): string[] {
    const { template } = spec as {
        template?: { spec?: { volumes?: { persistentVolumeClaim?: { claimName: string } }[] } };
    };
    const volumes = template?.spec?.volumes ?? [];
    return volumes.flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []));
}

/** Whether a Job has succeeded or failed for good. */
export function isFinished({ status }: Job): boolean {
    return (status?.conditions ?? []).some(({ type }) => type === "Complete" || type === "Failed");
}

function succeeded(status: JobStatus): JobStatus {
    const said = { reason: "CompletionsReached", message: "Reached expected number of succeeded pods" };
    return {
        ...status,
        active: 0,
        succeeded: 1,
        completionTime: now(),
        conditions: [condition("SuccessCriteriaMet", said), condition("Complete", said)],
    };
}

function tryAgain(status: JobStatus): JobStatus {
    return { ...status, active: 1, failed: (status.failed ?? 0) + 1 };
}

function failed(status: JobStatus): JobStatus {
    const said = {
        reason: "BackoffLimitExceeded",
        message: "Job has reached the specified backoff limit",
    };
    return {
        ...status,
        active: 0,
        failed: (status.failed ?? 0) + 1,
        conditions: [condition("FailureTarget", said), condition("Failed", said)],
    };
}

function condition(type: string, said: { reason: string; message: string }) {
    return { type, status: "True", lastProbeTime: now(), lastTransitionTime: now(), ...said };
}

function now(): string {
    return goTime(new Date());
}

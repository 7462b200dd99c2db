import { isFailure } from "../kubernetes/apiClient";
import { type Cluster, type ObjectClient, resources } from "../kubernetes/cluster";
import { Controller, type Surroundings } from "../kubernetes/controller";
import { goTime, type KubernetesObject, keyOf } from "../kubernetes/objects";
import { within } from "./condition";
import { type DatasetVersion, notFound, type PublishStatus } from "./objects";
import {
    claimOf,
    downloaderAccount,
    downloaderBinding,
    isPublicationOf,
    type Job,
    jobOf,
    snapshotOf,
    type VolumeSnapshot,
} from "./publicationObjects";

/** How long a Job may take, in milliseconds. */
const JOB_LIMIT = 3_600_000;
/** How long a failed Job stays, in seconds. */
const FAILED_JOB_STAYS = 86_400;

/**
 * How a DatasetVersion is published, step by step: a claim for a volume, a Job that downloads the content to it, a
 * snapshot of it. A failure is written to the message, the phase stays, and the names of the objects are gone from the
 * status; no phase tells of it. Source: llmos-ai/llmos-operator @ f29d5b9, pkg/controller/master/common/snapshotting,
 * manager.go and controller.go.
 */
export class Publication {
    /** To be run beside those of the other kinds. */
    readonly controllers: readonly [
        Controller<KubernetesObject>,
        Controller<Job>,
        Controller<VolumeSnapshot>,
    ];
    private readonly clients: Record<"claims" | "accounts" | "bindings", ObjectClient<KubernetesObject>> & {
        jobs: ObjectClient<Job>;
        snapshots: ObjectClient<VolumeSnapshot>;
    };

    /** @param versions The DatasetVersions as the operator last saw them, and how it writes of them. */
    constructor(
        cluster: Cluster,
        private readonly versions: {
            get(key: string): DatasetVersion | undefined;
            writeStatus: ObjectClient<DatasetVersion>["writeStatus"];
        },
        private readonly surroundings: Surroundings,
    ) {
        this.clients = {
            claims: cluster.objects(resources.persistentVolumeClaims),
            accounts: cluster.objects(resources.serviceAccounts),
            bindings: cluster.objects(resources.clusterRoleBindings),
            jobs: cluster.objects(resources.jobs),
            snapshots: cluster.objects(resources.volumeSnapshots),
        };
        this.controllers = [
            // Looked up only.
            new Controller(this.clients.claims, async () => undefined, surroundings),
            new Controller(this.clients.jobs, (job) => this.followJob(job), surroundings),
            new Controller(this.clients.snapshots, (snapshot) => this.followSnapshot(snapshot), surroundings),
        ];
    }

    /** Does the step that the phase asks for; gives the status to be written. */
    async advance(version: DatasetVersion, status: PublishStatus, size: number): Promise<PublishStatus> {
        const { name } = version.metadata;
        switch (status.phase) {
            case undefined:
            case "PreparePVC":
                return this.step(status.phase ?? "PreparePVC", "Failed to create PVC", async () => {
                    await this.createClaim(version, size);
                    return published("PVCReady", "PVC created successfully", { pvcName: name });
                });
            case "PVCReady":
                return this.createJob(version);
            case "Downloaded":
                return this.step("Downloaded", "Failed to create VolumeSnapshot", async () => {
                    await this.createSnapshot(version);
                    const message = "VolumeSnapshot created successfully, snapshotting in progress";
                    const names = { pvcName: name, jobName: name, snapshotName: name };
                    return published("Snapshotting", message, names);
                });
            default:
                // Downloading and Snapshotting end with the Job and the snapshot; the rest is final.
                return status;
        }
    }

    /** Takes a publication back: deletes what the status names, and nothing else. */
    async cancel({ metadata: { namespace } }: DatasetVersion, status: PublishStatus): Promise<PublishStatus> {
        const { phase, snapshotName, jobName, pvcName } = status;
        if (!phase) return status;
        const { snapshots, jobs, claims } = this.clients;
        const named = [
            [snapshots, snapshotName],
            [jobs, jobName],
            [claims, pvcName],
        ] as const;
        for (const [client, name] of named) {
            if (name) await client.delete(name, namespace).catch((error) => this.warn(client.plural, error));
        }
        return {};
    }

    private async createClaim(version: DatasetVersion, size: number): Promise<void> {
        const key = keyOf(version);
        if (this.controllers[0].cache.get(key)) return;
        const claim = await within("calculate pvc size", async () => claimOf(version, size));
        await within(`failed to create pvc ${key}`, () => this.clients.claims.create(claim));
    }

    private async createJob(version: DatasetVersion): Promise<PublishStatus> {
        const { namespace = "", name } = version.metadata;
        const failed = "Failed to ensure ServiceAccount and ClusterRoleBinding";
        return this.step("PVCReady", failed, async () => {
            await this.ensureDownloader(namespace);
            return this.step("PVCReady", "Failed to create Job", async () => {
                if (!this.controllers[1].cache.get(keyOf(version))) {
                    const create = () => this.clients.jobs.create(jobOf(version));
                    await within("failed to create job", () => unlessThere(create()));
                }
                const message = "Job created successfully, downloading in progress";
                return published("Downloading", message, { pvcName: name, jobName: name });
            });
        });
    }

    private async ensureDownloader(namespace: string): Promise<void> {
        const account = downloaderAccount(namespace);
        const binding = downloaderBinding(namespace);
        const { accounts, bindings } = this.clients;
        if (!(await accounts.get(account.metadata.name, namespace))) {
            await within(`failed to create service account ${keyOf(account)}`, () =>
                unlessThere(accounts.create(account)),
            );
        }
        if (!(await bindings.get(binding.metadata.name))) {
            await within(`failed to create cluster role binding ${keyOf(binding)}`, () =>
                unlessThere(bindings.create(binding)),
            );
        }
    }

    private async createSnapshot(version: DatasetVersion): Promise<void> {
        const key = keyOf(version);
        if (this.controllers[2].cache.get(key)) return;
        await within(`failed to create volume snapshot ${key}`, () =>
            this.clients.snapshots.create(snapshotOf(version)),
        );
    }

    private async followJob(job: Job): Promise<undefined> {
        if (job.metadata.deletionTimestamp || !isPublicationOf(job)) return;
        const { succeeded = 0, failed = 0, startTime } = job.status ?? {};
        const { name } = job.metadata;
        const late = startTime !== undefined && Date.now() - Date.parse(startTime) > JOB_LIMIT;
        if (succeeded > 0) {
            const names = { pvcName: name, jobName: name };
            await within(`failed to update status for job ${keyOf(job)}`, () =>
                this.write(job, published("Downloaded", "Job completed successfully", names)),
            );
        } else if (failed > 0 || late) {
            await within(`failed to update status for failed job ${keyOf(job)}`, () =>
                this.write(job, published("Downloading", "Job failed or timed out")),
            );
            await this.keepFailed(job).catch((error) => this.warn(`job ${keyOf(job)}`, error));
        }
    }

    private async keepFailed(job: Job): Promise<void> {
        const { spec } = job;
        if (spec.ttlSecondsAfterFinished === FAILED_JOB_STAYS) return;
        const kept = { ...spec, ttlSecondsAfterFinished: FAILED_JOB_STAYS };
        await this.clients.jobs.write({ ...job, spec: kept });
    }

    private async followSnapshot(snapshot: VolumeSnapshot): Promise<undefined> {
        if (snapshot.metadata.deletionTimestamp || !isPublicationOf(snapshot)) return;
        const { namespace, name } = snapshot.metadata;
        const { error, readyToUse } = snapshot.status ?? {};
        if (error) {
            const message = `VolumeSnapshot failed: ${error.message ?? ""}`;
            await within(`failed to update status for failed snapshot ${keyOf(snapshot)}`, () =>
                this.write(snapshot, published("Snapshotting", message)),
            );
        } else if (readyToUse) {
            const names = { pvcName: name, jobName: name, snapshotName: name };
            await within(`failed to update status for ready snapshot ${keyOf(snapshot)}`, () =>
                this.write(snapshot, published("SnapshotReady", "VolumeSnapshot is ready", names)),
            );
            const { claims } = this.clients;
            await claims.delete(name, namespace).catch((error) => this.warn(claims.plural, error));
        }
    }

    /** Writes how far the publication is to the DatasetVersion of the same name. */
    private async write(about: KubernetesObject, publishStatus: PublishStatus): Promise<void> {
        const version = this.versions.get(keyOf(about));
        if (!version) throw notFound("datasetversions", about.metadata.name);
        const noStatus = { registry: "", rootPath: "" };
        this.surroundings.signal.throwIfAborted();
        await this.versions.writeStatus({
            ...version,
            status: { ...noStatus, ...version.status, publishStatus },
        });
    }

    private async step(
        phase: string,
        failed: string,
        run: () => Promise<PublishStatus>,
    ): Promise<PublishStatus> {
        this.surroundings.signal.throwIfAborted();
        try {
            return await run();
        } catch (error) {
            return published(phase, `${failed}: ${(error as Error).message}`);
        }
    }

    private warn(what: string, error: unknown): void {
        this.surroundings.log(`${what}: ${(error as Error).message}`);
    }
}

function published(
    phase: string,
    message: string,
    names: Pick<PublishStatus, "pvcName" | "jobName" | "snapshotName"> = {},
): PublishStatus {
    return { phase, message, lastTransitionTime: goTime(new Date()), ...names };
}

/** Makes an object; no failure when there is one of that name already. */
async function unlessThere(made: Promise<unknown>): Promise<void> {
    await made.catch((error) => {
        if (!isFailure(error, 409)) throw error;
    });
}

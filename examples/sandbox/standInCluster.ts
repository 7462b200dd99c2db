/**
 * A STAND-IN for what a whole Kubernetes cluster has beside its API server, as far as the publication of a DatasetVersion
 * needs it: kubelets and the Job controller, a CSI driver with its snapshot controller, and the garbage collector. None
 * of them runs anything; what they write of it is what is wished (standInCluster/wishes.ts).
 */
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isFailure } from "./kubernetes/apiClient";
import { type Cluster, connectCluster, type Resource, resources } from "./kubernetes/cluster";
import { ObjectCache } from "./kubernetes/objectCache";
import { type KubernetesObject, keyOf } from "./kubernetes/objects";
import type { Job, VolumeSnapshot } from "./operator/publicationObjects";
import { startStandInAgainstCreation } from "./standInCluster/creation";
import { type CollectedKind, StandInGarbageCollector } from "./standInCluster/garbage";
import { StandInJobs } from "./standInCluster/jobs";
import { type Claim, StandInStorage } from "./standInCluster/storage";
import { Waiting } from "./standInCluster/waiting";
import { Wishes } from "./standInCluster/wishes";
import { settingsReader } from "./standInSettings";

const MOMENT = 150;
const LOOK_EVERY = 50;

/** Starts the stand-in in this process. */
export async function startStandInCluster(options: {
    kubeconfigFile: string;
    log: (line: string) => void;
}): Promise<{ stop(): Promise<void> }> {
    const { kubeconfigFile, log } = options;
    const cluster = await connectCluster(kubeconfigFile);
    const ending = new AbortController();
    const { signal } = ending;
    // Every watch listens.
    setMaxListeners(0, signal);
    const kinds = followedKinds(cluster, log, signal);
    const following = Promise.all(Object.values(kinds).map(({ cache }) => cache.follow()));
    const wishes = new Wishes(settingsReader(cluster));
    const working = lookAgainAndAgain(controllersOf(kinds, wishes), log, signal);
    const end = async () => {
        ending.abort();
        await Promise.all([following, working]);
    };
    try {
        const webhook = await startStandInAgainstCreation(cluster, wishes, signal);
        return {
            async stop() {
                await end();
                await webhook.stop();
            },
        };
    } catch (error) {
        await end();
        throw error;
    }
}

function followedKinds(cluster: Cluster, log: (line: string) => void, signal: AbortSignal) {
    const follow = <T extends KubernetesObject>(kind: string, resource: Resource) => {
        const client = cluster.objects<T>(resource);
        return { kind, client, cache: new ObjectCache(client, () => {}, log, signal) };
    };
    return {
        datasets: follow("Dataset", resources.datasets),
        versions: follow("DatasetVersion", resources.datasetVersions),
        claims: follow<Claim>("PersistentVolumeClaim", resources.persistentVolumeClaims),
        jobs: follow<Job>("Job", resources.jobs),
        snapshots: follow<VolumeSnapshot>("VolumeSnapshot", resources.volumeSnapshots),
    };
}

/** What there is to look at now. */
type Looks = () => { about: string; look: () => Promise<void> }[];

function controllersOf(kinds: ReturnType<typeof followedKinds>, wishes: Wishes): Looks {
    const waiting = new Waiting(MOMENT);
    const { claims, jobs, snapshots } = kinds;
    const seen = {
        claims: () => claims.cache.values(),
        jobs: () => jobs.cache.values(),
        snapshots: () => snapshots.cache.values(),
    };
    const runner = new StandInJobs(jobs.client, seen.claims, wishes, waiting);
    const storage = new StandInStorage(
        { claims: claims.client, snapshots: snapshots.client },
        seen,
        wishes,
        waiting,
    );
    const collected = Object.values(kinds) as unknown as CollectedKind[];
    const collector = new StandInGarbageCollector(collected);
    const each = <T extends KubernetesObject>(objects: T[], look: (object: T) => Promise<void>) =>
        objects.map((object) => ({ about: keyOf(object), look: () => look(object) }));
    return () => [
        ...collected.flatMap((kind) => each(kind.cache.values(), (object) => collector.look(kind, object))),
        ...each(seen.claims(), (claim) => storage.lookAtClaim(claim)),
        ...each(seen.jobs(), (job) => runner.look(job)),
        ...each(seen.snapshots(), (snapshot) => storage.lookAtSnapshot(snapshot)),
    ];
}

async function lookAgainAndAgain(looks: Looks, log: (line: string) => void, signal: AbortSignal) {
    let lastFailure = "";
    while (!signal.aborted) {
        for (const { about, look } of looks()) {
            if (signal.aborted) return;
            // What was seen may have changed meanwhile: the next look sees that.
            await look().catch((error) => {
                const failure = `${about}: ${(error as Error).message}`;
                if (isFailure(error, 409) || failure === lastFailure) return;
                lastFailure = failure;
                log(failure);
            });
        }
        await sleep(LOOK_EVERY, undefined, { signal }).catch(() => {});
    }
}

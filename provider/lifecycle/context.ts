/** The context of a provider's process: one for all resources, because questions are asked once a process. */

import type { ClusterReference } from "../description/arguments";
import { Cluster } from "../kubernetes/cluster";
import { QuestionedCluster } from "../kubernetes/questionedCluster";
import { Limiter } from "../network/limiter";
import type { S3Connection } from "../s3/client";
import { ContentStore } from "../s3/contentStore";
import { ObjectStore } from "../s3/objectStore";
import type { Context, Log } from ".";
import { cacheFolder } from "./cacheFolder";
import { History } from "./history";
import { Questions } from "./questions";
import type { Settings } from "./settings";

/** A context over the real cluster, the real S3 servers and the real clock. */
export function realContext(
    settings: Settings,
    log: Log,
    interruption: AbortSignal = NEVER,
    cache = cacheFolder(),
): Context {
    const clusters = memoised((name: string) => Cluster.connect(JSON.parse(name) ?? undefined, settings));
    const clusterOf = (reference: ClusterReference | undefined) => clusters(clusterName(reference));
    const questions = new Questions();
    const stores = memoised((connection: string) => ObjectStore.open(JSON.parse(connection)));
    const storeOf = (connection: S3Connection) => stores(JSON.stringify(connection));
    const contents = memoised(async (place: string) => {
        const { connection, bucket } = JSON.parse(place);
        return await ContentStore.open(await storeOf(connection), bucket);
    });
    return {
        settings,
        log,
        clock: { now: Date.now, sleep },
        questions,
        history: new History(),
        interruption,
        cacheFolder: cache,
        limiter: new Limiter(MOST_REQUESTS, MOST_BYTES),
        cluster: clusterOf,
        clusterReader: async (reference) =>
            new QuestionedCluster(await clusterOf(reference), clusterName(reference), questions),
        objectStore: storeOf,
        contentStore: (connection, bucket) => contents(JSON.stringify({ connection, bucket })),
    };
}

/**
 * Requests of all uploads of a process at once, and bytes of their buffers. The engine's own library, the two clients
 * and the TLS records take some 150 MiB beside them, which together stays below 256 MiB (`npm run bench:upload`).
 */
const MOST_REQUESTS = 16;
const MOST_BYTES = 64 * 1024 * 1024;

/** Under which a cluster is kept, and its answers remembered. */
function clusterName(reference: ClusterReference | undefined): string {
    return JSON.stringify(reference ?? null);
}

const NEVER = new AbortController().signal;

/** Keeps what was opened, but not a failure to open. */
function memoised<T>(open: (key: string) => Promise<T>): (key: string) => Promise<T> {
    const opened = new Map<string, Promise<T>>();
    return (key) => {
        const known = opened.get(key);
        if (known) {
            return known;
        }
        const opening = open(key);
        opened.set(key, opening);
        opening.catch(() => opened.delete(key));
        return opening;
    };
}

function sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
        setTimeout(resolve, milliseconds);
    });
}

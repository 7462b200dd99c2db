/** The context of a provider's process: one for all resources, because questions are asked once a process. */

import { Cluster } from "./kubernetes/cluster";
import type { Context, Log, Settings } from "./lifecycle";
import { askOnce } from "./questions";
import { ObjectStore } from "./s3/objectStore";

/** A context over the real cluster, the real S3 servers and the real clock. */
export function realContext(settings: Settings, log: Log): Context {
    const clusters = memoised((reference: string) =>
        Cluster.connect(JSON.parse(reference) ?? undefined, settings),
    );
    const stores = memoised((connection: string) => ObjectStore.open(JSON.parse(connection)));
    return {
        settings,
        log,
        clock: { now: Date.now, sleep },
        questions: askOnce(),
        history: { created: new Set(), declared: new Set(), defaultClaims: new Map() },
        cluster: (reference) => clusters(JSON.stringify(reference ?? null)),
        objectStore: (connection) => stores(JSON.stringify(connection)),
    };
}

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

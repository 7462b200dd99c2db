/** The process of the stand-in operator: it works as long as it holds the lease. */
import { setMaxListeners } from "node:events";
import { resources } from "../kubernetes/cluster";
import { numberOf, settingsReader } from "../standInSettings";
import { type ChildOptions, readyLine, runChild } from "./childProcess";
import { runControllers, trustOf } from "./controllers";
import { Election, type Lease } from "./election";

/** How long another's lease is waited for, in seconds. Source: rancher/wrangler v3, pkg/leader, RunOrDie. */
const LEASE_SECONDS = 45;

runChild<ChildOptions>(async ({ cluster, s3CaBundle, log, signal }) => {
    const settings = settingsReader(cluster);
    const seconds = async () => numberOf(await settings(), ["lease-seconds"], LEASE_SECONDS);
    // Each process is another pod.
    const identity = `llmos-operator-${process.pid}`;
    const election = new Election(cluster.objects<Lease>(resources.leases), identity, seconds);
    const trust = trustOf(s3CaBundle);
    while (!signal.aborted) {
        await election.win(signal).catch(() => {});
        if (signal.aborted) return;
        log(readyLine(process.pid));
        const leading = new AbortController();
        const either = AbortSignal.any([signal, leading.signal]);
        setMaxListeners(0, either);
        const working = runControllers(cluster, trust, { log, signal: either });
        // The real process ends when it has lost the lease, and is started anew as the same pod.
        log(`the lease was ${await election.hold(signal)}`);
        leading.abort();
        await working;
    }
});

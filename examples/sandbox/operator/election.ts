import { setTimeout as sleep } from "node:timers/promises";
import { isFailure } from "../kubernetes/apiClient";
import type { ObjectClient } from "../kubernetes/cluster";
import type { KubernetesObject } from "../kubernetes/objects";

/** A Lease of coordination.k8s.io. */
export interface Lease extends KubernetesObject {
    spec: {
        holderIdentity?: string;
        leaseDurationSeconds?: number;
        acquireTime?: string;
        renewTime?: string;
        leaseTransitions?: number;
    };
}

/** As in the real cluster, where the operator names no namespace. */
const LEASE = { namespace: "kube-system", name: "llmos-operator-leader" };
// Of a lease of 45 s, two thirds and two seconds. Source: rancher/wrangler v3, pkg/leader, RunOrDie.
const RENEW_WITHIN = 30 / 45;
const RETRY_AFTER = 2 / 45;

/**
 * The election of the one operator that works, with the conduct of client-go's leaderelection: another's lease is
 * waited for as long as it says, counted from when it was first seen and again from each time that it is renewed.
 */
export class Election {
    private observed: { renewTime: string | undefined; at: number } | undefined;

    /** @param leaseSeconds How long a lease is to hold; asked for again each time that it is renewed. */
    constructor(
        private readonly leases: Pick<ObjectClient<Lease>, "get" | "create" | "write">,
        private readonly identity: string,
        private readonly leaseSeconds: () => Promise<number>,
    ) {}

    /** Waits for the lease. Gives up only with the signal, by throwing. */
    async win(signal: AbortSignal): Promise<void> {
        while (!(await this.tryToHold().catch(() => false))) await this.pause(signal);
    }

    /** Keeps the lease; settles when it was lost, or when the signal came, and the lease has been given back then. */
    async hold(signal: AbortSignal): Promise<"lost" | "given back"> {
        let renewed = Date.now();
        try {
            for (;;) {
                await this.pause(signal);
                if (await this.tryToHold().catch(() => false)) renewed = Date.now();
                const within = (await this.seconds()) * RENEW_WITHIN * 1000;
                if (Date.now() - renewed > within) return "lost";
            }
        } catch (error) {
            if (!signal.aborted) throw error;
            await this.giveBack().catch(() => {});
            return "given back";
        }
    }

    private async tryToHold(): Promise<boolean> {
        const now = new Date();
        const seconds = await this.leaseSeconds();
        const lease = await this.leases.get(LEASE.name, LEASE.namespace);
        const mine = {
            holderIdentity: this.identity,
            leaseDurationSeconds: Math.ceil(seconds),
            renewTime: microTime(now),
        };
        if (!lease) {
            const spec = { ...mine, acquireTime: microTime(now), leaseTransitions: 0 };
            return this.written(() => this.leases.create({ metadata: LEASE, spec }));
        }
        const { spec } = lease;
        if (spec.holderIdentity === this.identity) {
            return this.written(() => this.leases.write({ ...lease, spec: { ...spec, ...mine } }));
        }
        if (this.observed?.renewTime !== spec.renewTime || !this.observed) {
            this.observed = { renewTime: spec.renewTime, at: Date.now() };
        }
        const end = this.observed.at + (spec.leaseDurationSeconds ?? 0) * 1000;
        if (spec.holderIdentity && Date.now() < end) return false;
        const taken = {
            ...mine,
            acquireTime: microTime(now),
            leaseTransitions: (spec.leaseTransitions ?? 0) + 1,
        };
        return this.written(() => this.leases.write({ ...lease, spec: taken }));
    }

    private async giveBack(): Promise<void> {
        const lease = await this.leases.get(LEASE.name, LEASE.namespace);
        if (lease?.spec.holderIdentity !== this.identity) return;
        const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 };
        await this.leases.write({ ...lease, spec });
    }

    /** Somebody else may have been faster. */
    private async written(write: () => Promise<unknown>): Promise<boolean> {
        try {
            await write();
            return true;
        } catch (error) {
            if (isFailure(error, 409)) return false;
            throw error;
        }
    }

    private async pause(signal: AbortSignal): Promise<void> {
        // Between once and 2.2 times the period, as client-go does it.
        const period = (await this.seconds()) * RETRY_AFTER * 1000;
        await sleep(period * (1 + 1.2 * Math.random()), undefined, { signal });
    }

    private async seconds(): Promise<number> {
        return this.leaseSeconds().catch(() => 45);
    }
}

function microTime(time: Date): string {
    return time.toISOString().replace("Z", "000Z");
}

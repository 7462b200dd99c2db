/** The parts of a Registry of ml.llmos.ai/v1 that the operator's check reads and writes. */
export interface Registry {
    metadata: { name: string; uid?: string; resourceVersion?: string; deletionTimestamp?: string };
    spec?: {
        s3Config?: {
            endpoint: string;
            bucket: string;
            useSSL: boolean;
            accessCredentialSecretName: string;
        };
    };
    status?: { storageAddress?: string; conditions?: Condition[] };
}

export interface Condition {
    type: string;
    status: string;
    message?: string;
    lastUpdateTime?: string;
}

/** What one check found; `storageAddress` only when the bucket is accessible. */
export interface Verdict {
    storageAddress?: string;
    message: string;
}

/**
 * The Registry with the verdict written into its status, or undefined when that changes nothing. The time moves only
 * with status or message, as in rancher/wrangler v3, pkg/condition, setValue.
 */
export function withVerdict(registry: Registry, verdict: Verdict, now = new Date()): Registry | undefined {
    const { storageAddress: oldAddress, conditions = [], ...rest } = registry.status ?? {};
    const old = conditions.find(({ type }) => type === "accessible");
    const status = verdict.storageAddress === undefined ? "False" : "True";
    const sameCondition = old?.status === status && old.message === verdict.message;
    if (sameCondition && oldAddress === verdict.storageAddress) return undefined;

    const lastUpdateTime = now.toISOString().replace(/\.\d+/, "");
    const changed = { ...old, type: "accessible", status, message: verdict.message, lastUpdateTime };
    const condition = sameCondition ? old : changed;
    return {
        ...registry,
        status: {
            ...rest,
            conditions: old
                ? conditions.map((one) => (one === old ? condition : one))
                : [...conditions, condition],
            ...(verdict.storageAddress !== undefined && { storageAddress: verdict.storageAddress }),
        },
    };
}

import { setTimeout as sleep } from "node:timers/promises";

// How minio-go tries a request again. Source: minio-go v7.0.89, retry.go, and api.go, executeMethod.
const TRIES = 10;
const UNIT = 200;
const CAP = 1000;
const passingCodes = new Set([
    "RequestError",
    "RequestTimeout",
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "InternalError",
    "ExpiredToken",
    "ExpiredTokenException",
    "SlowDown",
]);
const passingStatuses = new Set([408, 429, 499, 500, 502, 503, 504, 520]);
const lastingFailures = /certificate signed by unknown authority|server gave HTTP response to HTTPS client/;

/** Whether minio-go takes an S3 error code, or the HTTP status that came with it, for one that passes. */
export function isPassing(code: string, status?: number): boolean {
    return passingCodes.has(code) || (status !== undefined && passingStatuses.has(status));
}

/** Whether minio-go takes a failure of the network for one that passes: all but two are. */
export function isPassingFailure(error: Error): boolean {
    return !lastingFailures.test(error.message);
}

/** Makes up to ten attempts, about 4 s in all, as long as they fail with what passes; then gives up with the last. */
export async function inTries<T>(
    attempt: () => Promise<T>,
    passes: (error: unknown) => boolean,
    signal: AbortSignal,
): Promise<T> {
    let last: unknown;
    for (let number = 0; number < TRIES; number += 1) {
        try {
            return await attempt();
        } catch (error) {
            if (signal.aborted || !passes(error)) throw error;
            last = error;
        }
        // After the last attempt too.
        await sleep(Math.random() * Math.min(CAP, UNIT * 2 ** number), undefined, { signal });
    }
    throw last;
}

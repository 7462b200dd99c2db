/** Which refusals of an S3 server pass by themselves: the request is sent again. */
import { isBusy } from "../network/retry";

/**
 * Codes that mean "again" whatever their status (S3 API reference, "Error responses"): overload, another change that is under
 * way, and a body that came damaged or not in time.
 */
const PASSING = new Set([
    "SlowDown",
    "OperationAborted",
    "RequestTimeout",
    "BadDigest",
    "XAmzContentSHA256Mismatch",
    "IncompleteBody",
]);

export function passes(code: string, status: number): boolean {
    return isBusy(status) || PASSING.has(code);
}

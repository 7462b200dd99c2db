/** What each server does otherwise than a case asks for, and why that is as it should be. */
import { type Case, WORKS } from "./cases";

const ANY_KEY = { "wrong key": "not checked", "wrong secret": "not checked" };
const ANY_REGION = { "wrong region": "not checked" };
const NO_VERSIONS = { "emptied with versions and uploads": "no versions" };
/** No rules of buckets, so that nothing can drift; the page is let in by the server's settings. */
const BY_SETTING = {
    "CORS written, read, asked by a browser": "server's setting",
    "CORS drift seen and put right": "server's setting",
    "browser without rules is refused": "let in",
};

/** The settings refuse the page too: what stands in the way is told, with the switch of the servers that have one. */
const NO_CORS = {
    "CORS written, read, asked by a browser": "cors-not-implemented",
    "CORS drift seen and put right": "cors-not-implemented",
    "browser without rules is refused": "cors-not-implemented",
};

const OTHERWISE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "Ceph RGW": ANY_REGION,
    MinIO: {
        ...ANY_REGION,
        ...BY_SETTING,
        // By default every page is let in, which its owner is told.
        "CORS written, read, asked by a browser": "server's setting, cors-open",
    },
    "MinIO, origins set": { ...ANY_REGION, ...BY_SETTING },
    Garage: {
        ...NO_VERSIONS,
        // It answers both with AccessDenied, and says no more.
        "wrong key": "access-denied",
        "wrong secret": "access-denied",
        "CORS written, read, asked by a browser": "cors-open",
        "browser without rules is refused": "let in",
    },
    "Garage, global alias": {
        ...NO_VERSIONS,
        "wrong key": "access-denied",
        "wrong secret": "access-denied",
    },
    S3Proxy: { ...ANY_REGION, ...NO_VERSIONS, ...NO_CORS },
    "S3Proxy, origins set": { ...ANY_REGION, ...NO_VERSIONS, ...BY_SETTING },
    moto: { ...ANY_KEY, ...ANY_REGION, "browser without rules is refused": "let in" },
    // It ignores ?cors, and of what a browser asks it refuses only POST to an object.
    S3Mock: { ...ANY_KEY, ...ANY_REGION, ...NO_CORS },
    "s3s-fs": {
        ...ANY_REGION,
        // An open upload that it does not list goes with the bucket.
        "emptied with versions and uploads": "no versions, uploads not listed",
        ...NO_CORS,
    },
};

/** The outcome that a case has on a server. */
export function expectedOf(server: string, { name, usual = WORKS }: Case): string {
    return OTHERWISE[server]?.[name] ?? usual;
}

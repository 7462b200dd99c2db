/** What each server does otherwise than a case asks for, and why that is as it should be. */
import { type Case, WORKS } from "./cases";

const ANY_KEY = { "wrong key": "not checked", "wrong secret": "not checked" };
const ANY_REGION = { "wrong region": "not checked" };
const NO_VERSIONS = { "emptied with versions and uploads": "no versions" };
/** No rules of buckets: nothing can drift, and nothing is to be deleted. */
const NO_BUCKET_CORS = {
    "CORS drift seen and put right": "server's setting",
    "CORS deleted, bucket kept": "server's setting",
};
/** By default every page is let in, which a Registry works with, and which its owner is told. */
const OPEN = {
    "CORS written, read, asked by a browser": "server's setting, cors-open",
    "browser without rules is refused": "any page",
};

/** The settings refuse the page too: what stands in the way is told, with the switch of the servers that have one. */
const NO_CORS = {
    "CORS written, read, asked by a browser": "cors-not-implemented",
    "CORS drift seen and put right": "cors-not-implemented",
    "CORS deleted, bucket kept": "server's setting",
};

const OTHERWISE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "Ceph RGW": ANY_REGION,
    MinIO: { ...ANY_REGION, ...NO_BUCKET_CORS, ...OPEN },
    Garage: {
        ...NO_VERSIONS,
        // It answers both with AccessDenied, and says no more.
        "wrong key": "access-denied",
        "wrong secret": "access-denied",
        "CORS written, read, asked by a browser": "cors-open",
        "browser without rules is refused": "any page",
    },
    "Garage, global alias": {
        ...NO_VERSIONS,
        "wrong key": "access-denied",
        "wrong secret": "access-denied",
    },
    S3Proxy: {
        ...ANY_REGION,
        ...NO_VERSIONS,
        ...NO_CORS,
        "browser without rules is refused": "cors-not-implemented",
    },
    "S3Proxy, origins set": {
        ...ANY_REGION,
        ...NO_VERSIONS,
        ...NO_BUCKET_CORS,
        "CORS written, read, asked by a browser": "server's setting",
        "browser without rules is refused": "any page",
    },
    moto: { ...ANY_KEY, ...ANY_REGION, "browser without rules is refused": "any page" },
    // It takes ?cors for something else, and of what a browser asks it refuses only POST to an object.
    S3Mock: {
        ...ANY_KEY,
        ...ANY_REGION,
        ...NO_CORS,
    },
    "s3s-fs": {
        ...ANY_REGION,
        ...NO_VERSIONS,
        ...NO_CORS,
        "browser without rules is refused": "cors-not-implemented",
    },
};

/** The outcome that a case has on a server. */
export function expectedOf(server: string, { name, usual = WORKS }: Case): string {
    return OTHERWISE[server]?.[name] ?? usual;
}

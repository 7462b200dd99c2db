import type { MatrixServer } from "../server";
import { garage, garageGlobal } from "./garage";
import { minio, minioSet } from "./minio";
import { moto } from "./moto";
import { radosgw } from "./radosgw";
import { s3mock } from "./s3mock";
import { s3proxy, s3proxySet } from "./s3proxy";
import { s3sFs } from "./s3sFs";
import { versitygw } from "./versitygw";

/** All servers of the matrix, those that matter most first. */
export const SERVERS: readonly MatrixServer[] = [
    versitygw,
    radosgw,
    minio,
    minioSet,
    garage,
    garageGlobal,
    s3proxy,
    s3proxySet,
    moto,
    s3mock,
    s3sFs,
];

/** Those that Java and Python run, which are downloaded, not built. */
export const QUICK_SERVERS: readonly MatrixServer[] = [s3proxy, s3proxySet, moto, s3mock];

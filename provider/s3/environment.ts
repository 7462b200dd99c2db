/**
 * What the SDK would take from the environment and from `~/.aws/config` (its `environmentVariableSelector`s): settings for
 * AWS that an S3 server of one's own has no part in. Each is set here, so that nothing of them is read: with FIPS or dual-stack
 * endpoints switched on, the SDK refuses an endpoint that is given, and a bearer token would take the place of the keys.
 */
import type { S3ClientConfig } from "@aws-sdk/client-s3";

/** Retries, region, endpoint, credentials and checksums are the client's own arguments (`openClient`). */
export const PINNED: S3ClientConfig = {
    authSchemePreference: [],
    defaultsMode: "legacy",
    defaultUserAgentProvider: async () => [["pulumi-llmos"]],
    disableClockSkewCorrection: false,
    disableMultiregionAccessPoints: false,
    disableS3ExpressSessionAuth: true,
    ignoreConfiguredEndpointUrls: true,
    retryMode: "standard",
    sigv4aSigningRegionSet: async () => undefined,
    useArnRegion: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    userAgentAppId: async () => undefined,
};

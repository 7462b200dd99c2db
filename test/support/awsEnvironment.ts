/** Everything that AWS tools take from their surroundings, each with a value that would do harm if it were taken. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:9";

/** Variables of the AWS CLI and of the SDKs (AWS SDKs and Tools Reference Guide, "Settings reference"). */
const VARIABLES = {
    AWS_ACCESS_KEY_ID: "SURROUNDINGSKEY",
    AWS_SECRET_ACCESS_KEY: "surroundings-secret",
    AWS_SESSION_TOKEN: "surroundings-token",
    AWS_BEARER_TOKEN_S3: "surroundings-bearer",
    AWS_PROFILE: "other",
    AWS_DEFAULT_PROFILE: "other",
    AWS_ENDPOINT_URL: NOWHERE,
    AWS_ENDPOINT_URL_S3: NOWHERE,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "odd",
    AWS_REGION: "eu-west-9",
    AWS_DEFAULT_REGION: "eu-west-9",
    AWS_CA_BUNDLE: "/nowhere/ca.pem",
    AWS_MAX_ATTEMPTS: "odd",
    AWS_RETRY_MODE: "adaptive",
    AWS_DEFAULTS_MODE: "odd",
    AWS_USE_FIPS_ENDPOINT: "true",
    AWS_USE_DUALSTACK_ENDPOINT: "true",
    AWS_REQUEST_CHECKSUM_CALCULATION: "odd",
    AWS_RESPONSE_CHECKSUM_VALIDATION: "odd",
    AWS_S3_DISABLE_EXPRESS_SESSION_AUTH: "odd",
    AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS: "odd",
    AWS_S3_USE_ARN_REGION: "odd",
    AWS_S3_US_EAST_1_REGIONAL_ENDPOINT: "odd",
    AWS_AUTH_SCHEME_PREFERENCE: "httpBearerAuth,sigv4a",
    AWS_SIGV4A_SIGNING_REGION_SET: "eu-west-9",
    AWS_SDK_UA_APP_ID: "x".repeat(100),
    AWS_DISABLE_CLOCK_SKEW_CORRECTION: "odd",
    AWS_ACCOUNT_ID_ENDPOINT_MODE: "odd",
    AWS_EXECUTION_ENV: "line\nof é",
    AWS_LAMBDA_FUNCTION_NAME: "function",
    _X_AMZN_TRACE_ID: "line\nof é",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: "odd",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: NOWHERE,
    AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere/token",
    AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/other",
};

/** The same in a configuration file, with the settings that have no variable. */
const SETTINGS = `
region = eu-west-9
endpoint_url = ${NOWHERE}
ignore_configured_endpoint_urls = odd
ca_bundle = /nowhere/ca.pem
max_attempts = odd
retry_mode = adaptive
defaults_mode = odd
use_fips_endpoint = true
use_dualstack_endpoint = true
request_checksum_calculation = odd
response_checksum_validation = odd
s3_disable_express_session_auth = odd
s3_disable_multiregion_access_points = odd
s3_use_arn_region = odd
auth_scheme_preference = sigv4a
sigv4a_signing_region_set = eu-west-9
sdk_ua_app_id = other
disable_clock_skew_correction = odd
account_id_endpoint_mode = odd
services = nowhere
s3 =
  addressing_style = virtual
  use_accelerate_endpoint = true
  payload_signing_enabled = true
`;

/** Sets all of it with `set`; gives what removes the file again. */
export async function surroundWithAws(
    set: (name: string, value: string) => void,
): Promise<() => Promise<void>> {
    const folder = await mkdtemp(join(tmpdir(), "pulumi-llmos-aws-"));
    const file = join(folder, "config");
    await writeFile(file, `[default]${SETTINGS}\n[profile other]${SETTINGS}\n[other]${SETTINGS}`);
    const files = { AWS_CONFIG_FILE: file, AWS_SHARED_CREDENTIALS_FILE: file };
    for (const [name, value] of Object.entries({ ...VARIABLES, ...files })) {
        set(name, value);
    }
    return () => rm(folder, { recursive: true });
}
